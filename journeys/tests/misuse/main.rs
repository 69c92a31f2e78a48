//! What goes wrong, or is made to go wrong, between a browser and the screens. Each is tried on every host
//! that it can be tried on, and each ends in a clear page: what happened, what to do now.
//!
//! | Tried | phone | portal | office | sandbox home | In |
//! |---|---|---|---|---|---|
//! | a form of another origin's page, told by its headers | ✓ | ✓ | ✓ | ✓ | `forged` |
//! | the same from a real page: form, `fetch` | ✓ | ✓ | ✓ | ✓ | `foreign` |
//! | a page in another's frame | ✓ | ✓ | ✓ | ✓ | `foreign` |
//! | headers of every address: policy, frames, caches, referrers, cookies | ✓ | ✓ | ✓ | ✓ | `forged` |
//! | forms too large, of another kind, sent to no form | ✓ | ✓ | ✓ | ✓ | `forged` |
//! | addresses that lead elsewhere or bring headers or markup along | ✓ | ✓ | ✓ | ✓ | `forged` |
//! | markup typed into each field | ✓ | ✓ | ✓ | – | `typed` |
//! | a planted session | – | ✓ | ✓ | – | `tabs`; crate `portal` |
//! | what belongs to somebody else | – | ✓ | ✓ | – | crate `portal` |
//! | a second tab, back, reload, a second press | ✓ | ✓ | ✓ | – | `tabs` |
//! | a session that ends while a form is filled in | – | ✓ | ✓ | – | `time`; crate `portal` |
//! | a log-in and a signature that nobody answers | ✓ | ✓ | – | – | `time` |
//!
//! The phone's screens have no session, and neither has the sandbox's home: whoever sits before the machine
//! holds the phone. The addresses are read from where the routers are made ([`routes`]).

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod foreign;
mod forged;
mod hana;
#[allow(dead_code, reason = "the journeys through the screens need more of it")]
#[path = "../screens/house.rs"]
mod house;
mod http;
mod routes;
mod tabs;
mod time;
mod typed;
