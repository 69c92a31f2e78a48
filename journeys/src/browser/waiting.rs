//! A person who waits for what has to come.

use std::time::Duration;

use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::person::Person;

/// How long she waits for what has to come, on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What leads on from the pages of work under way.
const LOOKS_AGAIN: [&str; 2] = ["progress.look-again", "doing.look-again"];

/// A function for scripts: an element's words without the readings of kanji, white space made one.
pub(super) const WITHOUT_READINGS: &str = "
    const words = (element) => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll('rt, rp, .hidden').forEach((part) => part.remove());
        return copy.textContent.replace(/\\s+/g, ' ').trim();
    };";

impl Person {
    /// Waits until the page has this heading (the code of a text).
    ///
    /// # Panics
    /// It does not come.
    pub async fn waits_for(&self, heading: &str) {
        let script = format!(
            "{WITHOUT_READINGS}
            const heading = document.querySelector('h1');
            return heading !== null && words(heading) === arguments[0];"
        );
        let expected = self.words(heading);
        self.waits_until(&script, &[json!(expected)], &expected).await;
    }

    /// Waits until the page says these words.
    ///
    /// # Panics
    /// It does not.
    pub async fn waits_for_words(&self, expected: &str) {
        let script =
            format!("{WITHOUT_READINGS} return words(document.body).includes(arguments[0]);");
        self.waits_until(&script, &[json!(expected)], expected).await;
    }

    /// Waits until a selector finds something.
    ///
    /// # Panics
    /// It does not.
    pub async fn waits_for_some(&self, selector: &str) {
        let script = "return document.querySelector(arguments[0]) !== null;";
        self.waits_until(script, &[json!(selector)], selector).await;
    }

    async fn waits_until(&self, script: &str, wanted: &[Value], what: &str) {
        let comes = async {
            loop {
                let there = self.browser.client.execute(script, wanted.to_vec()).await;
                if there.is_ok_and(|there| there == true) {
                    return;
                }
                if !self.way.scripts {
                    self.looks_again().await;
                }
                tokio::task::yield_now().await;
            }
        };
        if timeout(PATIENCE, comes).await.is_ok() {
            return;
        }
        let (heading, address) = (self.heading().await, self.address().await);
        let told = self.reads(".trouble .code").await;
        panic!("“{what}” does not come; there is “{heading}” {told} at {address}");
    }

    /// Presses what shows how far the work under way is, if the page tells of any: where no scripts run, it
    /// does not go on by itself.
    async fn looks_again(&self) {
        let script = format!(
            "{WITHOUT_READINGS}
            const all = [...document.querySelectorAll('main:has(progress) a')];
            return all.find((one) => [...arguments].includes(words(one))) ?? null;"
        );
        let wanted = LOOKS_AGAIN.map(|code| json!(self.words(code))).to_vec();
        let found = self.browser.client.execute(&script, wanted).await;
        if let Some(link) = found.ok().as_ref().and_then(reference) {
            // The page may be gone by now.
            let _ = Element::from_element_id(self.browser.client.clone(), link).click().await;
        }
    }
}

/// An element that a script gave.
pub(super) fn reference(found: &Value) -> Option<ElementRef> {
    let id = found.as_object()?.values().next()?.as_str()?;
    Some(id.to_owned().into())
}
