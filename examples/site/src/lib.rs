//! What the example sites in Rust stand on: a site registers itself with the provider, has its visitors log
//! in or sign, and keeps a book of what it did.
//!
//! - [`Ground`]: where a site stands
//! - [`RelyingParty`]: registration, log-in ([`RelyingParty::ask`], [`RelyingParty::learn`]), signing
//!   ([`RelyingParty::order`], [`RelyingParty::result`]); no crate of Inrou's is used for it
//! - [`Visitors`]: who is at the site, by cookie; [`Book`]: a file with what is kept
//! - [`not_logged_in`]: the page for whoever did not get in

mod book;
mod ground;
mod keys;
mod pages;
mod relying_party;
mod signing;
mod visitors;

pub use book::Book;
pub use ground::Ground;
pub use pages::not_logged_in;
pub use relying_party::{
    Asks, Back, Begun, Failed, Known, Medium, NotLoggedIn, Person, REGISTRATION, RelyingParty,
};
pub use signing::SignResult;
pub use visitors::Visitors;
