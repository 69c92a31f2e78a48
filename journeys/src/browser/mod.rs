//! A browser, as a person holds it: Debian's Chromium, driven over WebDriver.
//!
//! [`Browser`] starts it; [`Person`] looks at pages and presses what stands on them, by the words that
//! stand there. Each page that a person looks at is judged in every look ([`judge`]), also by ear.

mod driver;
mod ear;
pub mod gallery;
pub mod judge;
mod keyboard;
mod person;
mod waiting;

pub use driver::{Browser, Look};
pub use person::{Person, Way};
pub use waiting::PATIENCE;
