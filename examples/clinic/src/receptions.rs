//! Who came to the clinic.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::insurers::{Eligibility, Insurers};

/// What the site keeps: the insurers' side and the clinic's, which in the service are two.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Clinic {
    /// The insurers' side.
    pub insurers: Insurers,
    /// The clinic's: oldest first.
    pub receptions: Vec<Reception>,
}

/// Somebody who came.
#[derive(Clone, Serialize, Deserialize)]
pub struct Reception {
    /// When.
    pub at: Timestamp,
    /// What the provider calls the person here.
    pub subject: String,
    /// The name.
    pub name: String,
    /// What the insurers told.
    pub eligibility: Eligibility,
}
