//! words

mod places;

pub use places::{Place, PlaceName, place, places};
