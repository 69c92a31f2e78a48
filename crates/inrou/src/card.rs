//! `inrou card`: the chips of the sandbox's cards and phones, and cards in readers.
//!
//! - [`list`], [`show`]: what there is, from the chips' files
//! - [`read`]: what a client reads; [`attach`]: a chip in a virtual reader
//! - `places`: where chips lie and what they are called; `loan`: a chip for this process's own use
//! - [`pin`]: PINs as they are typed; `fault`: what can go wrong with a chip

pub mod attach;
mod fault;
pub mod list;
mod loan;
pub mod pin;
mod places;
pub mod read;
pub mod show;
