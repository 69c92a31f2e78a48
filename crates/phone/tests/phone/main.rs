//! Phones over HTTP, against an authority and a site that can be told to fail.
#![allow(clippy::unwrap_used, clippy::panic)]

mod authority;
mod house;
mod portal;
mod world;

mod api;
mod apply;
mod cards;
mod failures;
mod moving;
mod pins;
mod restart;
mod revoke;
mod screens;
mod told;
mod transactions;
mod visitor;
