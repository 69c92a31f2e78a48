//! The model test: the lives of residents, drawn at random, are lived at the service over HTTP and in
//! the oracle, and the service is held against what the guides say.
//!
//! `INROU_MODEL_SEED` lives one town again; `INROU_MODEL_LIVES` has so many residents live, after the towns
//! that are always lived in, in random ones.

#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod chance;
mod counter;
mod decided;
mod doing;
mod drawing;
mod faults;
mod gate;
mod judge;
mod keys;
mod life;
mod outcome;
mod phoning;
mod running;
mod script;
mod seen;
mod status;
mod things;
mod town;

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_one_resident_from_the_card_to_the_end_of_use() {
    running::first_life().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn card_11_a_hold_that_is_not_published_is_noticed() {
    faults::unpublished_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn card_12_a_signature_certificate_that_returns_is_noticed() {
    faults::returned_signature().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_life_differs_from_what_the_guides_say() {
    running::lives().await;
}
