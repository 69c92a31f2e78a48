//! End-to-end journeys: one test file a journey from the guides.
