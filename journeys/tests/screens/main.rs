//! The screens, as the guides walk through them, in a real browser: one file a section of the guides.
//!
//! Each journey is gone in Japanese, in easy Japanese by keyboard alone, in English, and where no scripts
//! run. Every page on the way is judged (`inrou_journeys::browser::judge`).

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

/// Tests of journeys, which take the way to go: each in every way.
macro_rules! in_every_way {
    ($($journey:ident),+ $(,)?) => { $(mod $journey {
        use inrou_journeys::browser::Way;

        #[tokio::test(flavor = "multi_thread")]
        async fn in_japanese() {
            super::$journey(Way::JAPANESE).await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn in_easy_japanese_by_keyboard() {
            super::$journey(Way::EASY_BY_KEYBOARD).await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn in_english() {
            super::$journey(Way::ENGLISH).await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn without_scripts() {
            super::$journey(Way::WITHOUT_SCRIPTS).await;
        }
    })+ };
}

mod applications;
mod apply;
mod bank;
mod biometrics;
mod cards;
mod change_phone;
mod chip;
mod consents;
mod console;
mod counter;
#[allow(dead_code, reason = "the sites of the foreign stacks need more of it")]
#[path = "../relying/site.rs"]
mod foreign;
mod found;
mod help;
mod home;
mod hotline;
mod house;
#[allow(dead_code, reason = "the attacks on the screens need more of it")]
#[path = "../misuse/http.rs"]
mod http;
mod portal;
mod prepare;
mod records;
mod register;
mod revoke;
mod sites;
