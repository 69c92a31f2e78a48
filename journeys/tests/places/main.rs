//! The example sites, in a real browser: each with its business, its back office, and a refusal. Every page
//! on the way is judged (`inrou_journeys::browser::judge`).

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

/// Tests of journeys, which take the way to go: each in every language, and where no scripts run.
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

mod bank;
mod clinic;
#[path = "../screens/house.rs"]
#[allow(dead_code, reason = "the screens' journeys use more of it")]
mod house;
mod kiosk;
mod mobile;
mod pay;

use inrou_journeys::browser::Person;

/// Looks at the page with this heading, and judges it.
async fn looks_at(person: &mut Person, heading: &str) {
    person.waits_for(heading).await;
    person.looks_around(heading).await;
}

/// Waits until the provider's page is there, which is another host's, and has it in the person's language.
async fn is_asked(person: &Person) {
    person.waits_for_some("[data-renews]").await;
    let page = person.address().await;
    person.goes_to(&page).await;
    person.waits_for("site-log-in.title").await;
}

/// Has a persona answer in place of a phone, at the provider's page.
async fn answers_as(person: &Person, persona: &str) {
    is_asked(person).await;
    person.presses("personas.title").await;
    person.ticks_words(persona).await;
    person.presses("personas.answer").await;
}
