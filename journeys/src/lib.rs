//! End-to-end journeys: one test file a journey from the guides. What several of them need is here.

pub mod specimen;
pub mod vpcd;
