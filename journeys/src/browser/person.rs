//! A person before a browser: goes by what is written on the page, in her language.

use fantoccini::Locator;
use fantoccini::elements::Element;
use inrou_words::{Form, Language, text};
use serde_json::{Value, json};

use super::driver::{Browser, Look};
use super::gallery::Gallery;
use super::judge;

/// A person who reads one language.
pub struct Person {
    /// Her browser.
    pub browser: Browser,
    /// What she reads.
    pub language: Language,
    look: Look,
    gallery: Option<Gallery>,
}

impl Person {
    /// A person before a new browser. The pages of her `journey` go to the gallery if one is made.
    ///
    /// # Panics
    /// The browser does not start.
    pub async fn new(journey: &'static str, language: Language, look: Look) -> Self {
        let gallery = Gallery::of(journey, language, look);
        Self { browser: Browser::start(look).await, language, look, gallery }
    }

    /// Goes to an address, in her language.
    ///
    /// # Panics
    /// The page does not come.
    pub async fn goes_to(&self, address: &str) {
        let mark = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{mark}lang={}", self.language.code());
        self.browser.client.goto(&address).await.expect("the page comes");
    }

    /// What a text says to her, without readings.
    pub fn words(&self, code: &str) -> String {
        let said = text(code);
        assert!(said.exists(), "{code} has no text");
        said.in_language(self.language).render(Form::Plain)
    }

    /// Looks at the page, which must have this heading, and judges it. `step` is the guide's, such as
    /// `S0 2-C 4`.
    ///
    /// # Panics
    /// It is another page, or something is wrong with it.
    pub async fn sees(&mut self, step: &str, heading: &str) {
        self.waits_for(heading).await;
        self.looks_around(step).await;
    }

    /// Looks at a page that tells this trouble (an error code), and judges it.
    ///
    /// # Panics
    /// It is not told, or something is wrong with the page.
    pub async fn is_told(&mut self, step: &str, code: &str) {
        let selector = format!(".trouble[data-code=\"{code}\"]");
        for _ in 0..PATIENCE {
            if self.counts(&selector).await > 0 {
                return self.looks_around(step).await;
            }
            tokio::task::yield_now().await;
        }
        panic!("{code} is not told; there is “{}”", self.heading().await);
    }

    /// Judges the page, whatever it is.
    ///
    /// # Panics
    /// Something is wrong with it.
    pub async fn looks_around(&mut self, step: &str) {
        let address = self.address().await;
        let wrong = judge::page(&self.browser, self.language, self.look).await;
        if let Some(gallery) = &mut self.gallery {
            let picture = self.browser.client.screenshot().await.expect("a picture");
            gallery.add(step, &address, &picture);
        }
        assert!(wrong.is_empty(), "{step}, {} at {address}:\n{}", self.language, wrong.join("\n"));
    }

    /// Presses the button or link with these words (the code of a text).
    ///
    /// # Panics
    /// There is none.
    pub async fn presses(&self, code: &str) {
        self.presses_words(&self.words(code)).await;
    }

    /// Presses the button or link with these words.
    ///
    /// # Panics
    /// There is none.
    pub async fn presses_words(&self, words: &str) {
        let element = self.with_words("button, a, summary", words).await;
        let element = element.unwrap_or_else(|| panic!("nothing to press says “{words}”"));
        element.click().await.unwrap_or_else(|error| panic!("“{words}”: {error}"));
    }

    /// Types into the field with this label (the code of a text).
    ///
    /// # Panics
    /// There is none.
    pub async fn types(&self, label: &str, typed: &str) {
        let field = self.labelled(&self.words(label)).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(typed).await.expect("it takes what is typed");
    }

    /// Ticks the box with this label (the code of a text).
    ///
    /// # Panics
    /// There is none.
    pub async fn ticks(&self, label: &str) {
        self.ticks_words(&self.words(label)).await;
    }

    /// Ticks the box with this label, or takes the one of several.
    ///
    /// # Panics
    /// There is none.
    pub async fn ticks_words(&self, label: &str) {
        self.labelled(label).await.click().await.expect("it can be ticked");
    }

    /// Chooses an option in the list with this label (the code of a text).
    ///
    /// # Panics
    /// There is none.
    pub async fn chooses(&self, label: &str, option: &str) {
        let list = self.labelled(&self.words(label)).await;
        list.select_by_label(option).await.expect("the option is there");
    }

    /// The page's heading, without readings.
    ///
    /// # Panics
    /// There is none, or more than one.
    pub async fn heading(&self) -> String {
        let script = format!(
            "{WITHOUT_READINGS}
            const all = document.querySelectorAll('h1');
            return all.length === 1 ? words(all[0]) : `${{all.length}} headings`;"
        );
        // Without scripts on the page, the driver's own still run.
        let told = self.browser.client.execute(&script, vec![]).await.expect("the page tells");
        told.as_str().unwrap_or_default().to_owned()
    }

    /// Whether the page says these words anywhere, readings aside.
    ///
    /// # Panics
    /// The page does not tell.
    pub async fn page_says(&self, words: &str) -> bool {
        let script = format!("{WITHOUT_READINGS} return words(document.body);");
        let told = self.browser.client.execute(&script, vec![]).await.expect("the page tells");
        told.as_str().unwrap_or_default().contains(words)
    }

    /// Where she is.
    ///
    /// # Panics
    /// The browser does not tell.
    pub async fn address(&self) -> String {
        self.browser.client.current_url().await.expect("an address").to_string()
    }

    /// Waits until the page has this heading (the code of a text).
    ///
    /// # Panics
    /// It does not come.
    pub async fn waits_for(&self, heading: &str) {
        let expected = self.words(heading);
        let script = format!(
            "{WITHOUT_READINGS}
            const heading = document.querySelector('h1');
            return heading !== null && words(heading) === arguments[0];"
        );
        let wanted = vec![json!(expected)];
        for _ in 0..PATIENCE {
            let there = self.browser.client.execute(&script, wanted.clone()).await;
            if there.is_ok_and(|there| there == Value::Bool(true)) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("“{expected}” does not come; there is “{}”", self.heading().await);
    }

    /// The element that a label is for.
    async fn labelled(&self, words: &str) -> Element {
        let script = format!(
            "{WITHOUT_READINGS}
            for (const label of document.querySelectorAll('label')) {{
                const field = label.control;
                const first = label.cloneNode(true);
                first.querySelectorAll('.required').forEach((part) => part.remove());
                if (field && words(first) === arguments[0]) return field;
            }}
            return null;"
        );
        let found = self.browser.client.execute(&script, vec![json!(words)]).await;
        self.element(found.expect("the page tells"))
            .unwrap_or_else(|| panic!("no field is labelled “{words}”"))
    }

    async fn with_words(&self, selector: &str, words: &str) -> Option<Element> {
        let script = format!(
            "{WITHOUT_READINGS}
            for (const one of document.querySelectorAll(arguments[0])) {{
                if (words(one) === arguments[1]) return one;
            }}
            return null;"
        );
        let found = self.browser.client.execute(&script, vec![json!(selector), json!(words)]).await;
        self.element(found.expect("the page tells"))
    }

    fn element(&self, found: Value) -> Option<Element> {
        let reference = found.as_object()?.values().next()?.as_str()?.to_owned();
        Some(Element::from_element_id(self.browser.client.clone(), reference.into()))
    }

    /// Presses Tab until the thing with these words has the focus, then Enter.
    ///
    /// # Panics
    /// It cannot be reached by keyboard.
    pub async fn reaches_and_presses(&self, code: &str) {
        let words = self.words(code);
        let script =
            format!("{WITHOUT_READINGS} return words(document.activeElement) === arguments[0];");
        for _ in 0..TABS {
            let body = self.browser.client.active_element().await.expect("something has the focus");
            let there = self.browser.client.execute(&script, vec![json!(words)]).await;
            if there.is_ok_and(|there| there == Value::Bool(true)) {
                return body.send_keys("\u{e007}").await.expect("Enter is pressed");
            }
            body.send_keys("\u{e004}").await.expect("Tab is pressed");
        }
        panic!("“{words}” cannot be reached by keyboard");
    }

    /// How many things of a kind are on the page.
    ///
    /// # Panics
    /// The page does not tell.
    pub async fn counts(&self, selector: &str) -> usize {
        self.browser.client.find_all(Locator::Css(selector)).await.expect("the page tells").len()
    }
}

/// How often it is looked whether something is there; each look is a call to the browser.
const PATIENCE: usize = 2_000;

/// No page has more to step through.
const TABS: usize = 100;

/// A function for scripts: an element's words without the readings of kanji, white space made one.
const WITHOUT_READINGS: &str = "
    const words = (element) => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll('rt, rp, .hidden').forEach((part) => part.remove());
        return copy.textContent.replace(/\\s+/g, ' ').trim();
    };";
