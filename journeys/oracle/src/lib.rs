//! The oracle of the model test: what the guides say must come of a resident's acts.
//!
//! It is written from the public guides (S0 to S4), the rulebook made from them and the written
//! assumptions, by an author who has not read the service's code of the rules. It models the world
//! itself: residents, cards, phones, certificates, applications. It does no input or output, has
//! no clock and no chance: the time is an argument.
//!
//! Where to look what up:
//!
//! | module | subject |
//! |---|---|
//! | [`acts`] | everything a person can do |
//! | [`world`] | residents, cards, phones, certificates, applications; `act` |
//! | [`expected`] | what must be answered: done, refused by which rules, or either |
//! | [`questions`] | where guides and assumptions are silent, and what is allowed there |
//! | [`japan`] | days, birthdays, business hours, the hotline's hours |
//! | [`validity`] | how long cards and certificates are valid |
//! | [`pins`] | forms of PINs, wrong tries |
//! | [`causes`] | why a certificate ends: reason codes and rules, in one table |
//! | [`counter`], [`attributes`], [`found`] | the municipality's counter |
//! | [`hotline`] | holds and revocations by telephone |
//! | [`apply`], [`issue`], [`register`] | a phone's application, its issue, its registration |
//! | [`keys`] | a key is asked for a signature, and its PIN for leave |
//! | [`using`], [`phone_pins`] | log-in, signature, PINs |
//! | [`ending`], [`resume`] | end of use, another phone's end, use after a hold |
//! | [`passing`] | what time alone brings |
//! | [`standing`] | how certificates end and are held, and what follows from it |
//! | [`look`] | what must be seen |

#![allow(missing_docs, reason = "its names are the guides'; each module tells its subject")]

pub mod acts;
pub mod apply;
pub mod attributes;
pub mod causes;
pub mod counter;
pub mod ending;
pub mod expected;
pub mod found;
pub mod hotline;
pub mod issue;
pub mod japan;
pub mod keys;
pub mod look;
pub mod passing;
pub mod phone_pins;
pub mod pins;
pub mod questions;
pub mod register;
pub mod resume;
pub mod standing;
pub mod using;
pub mod validity;
pub mod world;

#[cfg(test)]
mod tests;

pub use acts::*;
pub use expected::*;
pub use look::*;
pub use questions::Question;
pub use world::*;
