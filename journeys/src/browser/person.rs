//! A person before a browser: goes by what is written on the page, in her language.

use std::path::Path;

use fantoccini::Locator;
use fantoccini::elements::Element;
use inrou_words::{Form, Language, text};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::driver::{Browser, Look};
use super::gallery::Gallery;
use super::judge;
use super::keyboard::{self, Key};
use super::waiting::{PATIENCE, WITHOUT_READINGS, reference};
use crate::guides::TABLE;

/// How a person goes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What she reads.
    pub language: Language,
    /// Whether she has a keyboard alone, and no mouse.
    pub keyboard: bool,
    /// Whether her browser runs scripts.
    pub scripts: bool,
}

impl Way {
    /// In Japanese.
    pub const JAPANESE: Self = Self { language: Language::Ja, keyboard: false, scripts: true };
    /// In easy Japanese, by keyboard alone.
    pub const EASY_BY_KEYBOARD: Self =
        Self { language: Language::JaEasy, keyboard: true, scripts: true };
    /// In English.
    pub const ENGLISH: Self = Self { language: Language::En, keyboard: false, scripts: true };
    /// Where no scripts run. What the pages look like is judged in the other ways.
    pub const WITHOUT_SCRIPTS: Self =
        Self { language: Language::Ja, keyboard: false, scripts: false };
}

/// A person who reads one language.
pub struct Person {
    /// Her browser.
    pub browser: Browser,
    /// How she goes about.
    pub way: Way,
    gallery: Option<Gallery>,
}

impl Person {
    /// A person before a new browser. The pages of her `journey` go to the gallery if one is made.
    ///
    /// # Panics
    /// The browser does not start.
    pub async fn new(journey: &'static str, way: Way) -> Self {
        let browser = Browser::start().await;
        Self::before(browser, journey, way).await
    }

    /// A person with a browser at a desk and another on a phone; each is a journey of its own.
    ///
    /// # Panics
    /// A browser does not start.
    pub async fn with_two(journeys: [&'static str; 2], way: Way) -> [Self; 2] {
        let [desk, phone] = Browser::start_several().await;
        [Self::before(desk, journeys[0], way).await, Self::before(phone, journeys[1], way).await]
    }

    async fn before(browser: Browser, journey: &'static str, way: Way) -> Self {
        browser.scripts(way.scripts).await;
        let gallery = Gallery::of(journey, way.language).filter(|_| way.scripts);
        Self { browser, way, gallery }
    }

    /// Goes to an address, in her language.
    ///
    /// # Panics
    /// The page does not come.
    pub async fn goes_to(&self, address: &str) {
        let mark = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{mark}lang={}", self.way.language.code());
        self.browser.client.goto(&address).await.expect("the page comes");
    }

    /// Turns to the tab that was opened as that one, the first being 0, once it is there.
    ///
    /// # Panics
    /// It is not opened.
    pub async fn turns_to_tab(&self, number: usize) {
        let opens = async {
            loop {
                let tabs = self.browser.client.windows().await.expect("the browser tells");
                if let Some(tab) = tabs.into_iter().nth(number) {
                    return tab;
                }
            }
        };
        let tab = timeout(PATIENCE, opens).await.expect("the tab is opened");
        self.browser.client.switch_to_window(tab).await.expect("it is there");
        self.browser.devtools("Page.bringToFront", json!({})).await;
        self.browser.look(Look::DESK).await;
    }

    /// Lets her device have an authenticator of its own that knows her finger.
    ///
    /// # Panics
    /// The browser has none.
    pub async fn has_a_fingerprint_reader(&self) {
        self.browser.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({ "options": {
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal",
            "hasResidentKey": true, "hasUserVerification": true, "hasPrf": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        } });
        self.browser.devtools("WebAuthn.addVirtualAuthenticator", options).await;
    }

    /// Loads the page again.
    ///
    /// # Panics
    /// The page does not come.
    pub async fn reloads(&self) {
        self.browser.client.refresh().await.expect("the page comes");
    }

    /// What a text says to her, without readings.
    pub fn words(&self, code: &str) -> String {
        let said = text(code);
        assert!(said.exists(), "{code} has no text");
        said.in_language(self.way.language).render(Form::Plain)
    }

    /// Looks at the page, which must have this heading (the code of a text) and be where the table of
    /// screens has it, and judges it. `step` is the guide's, such as `S0 2-C 4`, or a rule.
    ///
    /// # Panics
    /// It is another page, or something is wrong with it.
    pub async fn sees(&mut self, step: &str, heading: &str) {
        self.waits_for(heading).await;
        let address = self.browser.client.current_url().await.expect("an address");
        assert!(
            TABLE.has(step, heading, &address),
            "guides.toml has no {step} with {heading} at {address}"
        );
        self.looks_around(step).await;
    }

    /// Looks at a page that tells this trouble (an error code), and judges it.
    ///
    /// # Panics
    /// It is not told, or something is wrong with the page.
    pub async fn is_told(&mut self, step: &str, code: &str) {
        self.waits_for_some(&format!(".trouble[data-code=\"{code}\"]")).await;
        self.looks_around(step).await;
    }

    /// Judges the page, whatever it is.
    ///
    /// # Panics
    /// Something is wrong with it.
    pub async fn looks_around(&mut self, step: &str) {
        if !self.way.scripts {
            return;
        }
        let mut wrong = Vec::new();
        if self.way.keyboard {
            wrong.extend(keyboard::walk(&self.browser).await);
        }
        let found = judge::page(&self.browser, self.way.language).await;
        wrong.extend(found.wrong);
        if self.gallery.is_some() {
            let heading = self.heading().await;
            if let Some(gallery) = &mut self.gallery {
                gallery.hang(&self.browser, step, &heading, found.bytes).await;
            }
        }
        let (address, way) = (self.address().await, self.way);
        assert!(wrong.is_empty(), "{step} at {address}, {way:?}:\n{}", wrong.join("\n"));
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
        self.presses_at("body", words).await;
    }

    /// Presses the button or link with these words (the code of a text) in a part of the page, where
    /// several say the same.
    ///
    /// # Panics
    /// There is none.
    pub async fn presses_in(&self, part: &str, code: &str) {
        self.presses_at(part, &self.words(code)).await;
    }

    async fn presses_at(&self, part: &str, words: &str) {
        let wanted = vec![json!(words), json!(part)];
        if self.way.keyboard {
            let there = format!(
                "{WITHOUT_READINGS} return words(one) === arguments[0] && one.closest(arguments[1]) !== null;"
            );
            keyboard::reach(&self.browser, &there, &wanted, words).await;
            return keyboard::press(&self.browser, Key::ENTER).await;
        }
        let script = format!(
            "{WITHOUT_READINGS}
            const all = [...document.querySelectorAll('button, a, summary')];
            return all.find((one) => words(one) === arguments[0] && one.closest(arguments[1])) ?? null;"
        );
        let element = self.found(&script, wanted, words).await;
        element.click().await.unwrap_or_else(|error| panic!("“{words}”: {error}"));
    }

    /// Types into the field with this label (the code of a text), in place of what is there.
    ///
    /// # Panics
    /// There is none.
    pub async fn types(&self, label: &str, typed: &str) {
        let label = self.words(label);
        let field = if self.way.keyboard {
            self.reaches(&label).await;
            self.browser.client.active_element().await.expect("it has the focus")
        } else {
            self.find_in("body", &label).await
        };
        let date = field.attr("type").await.is_ok_and(|kind| kind.as_deref() == Some("date"));
        if !date {
            field.clear().await.expect("it can be emptied");
        }
        field.send_keys(typed).await.expect("it takes what is typed");
    }

    /// Types a day, year, month and day of the month.
    ///
    /// # Panics
    /// There is no such field.
    pub async fn types_day(&self, label: &str, [year, month, day]: [&str; 3]) {
        // The field's parts stand in the order of the browser's own language.
        let order = "return new Intl.DateTimeFormat(undefined, { dateStyle: 'short' })
            .formatToParts().map(({ type }) => type).filter((type) => type !== 'literal').join(' ');";
        let order = self.browser.client.execute(order, vec![]).await.expect("the page tells");
        let parts = order.as_str().unwrap_or_default().split(' ').map(|part| match part {
            // It takes six digits.
            "year" => format!("{year}{RIGHT}"),
            "month" => month.to_owned(),
            _ => day.to_owned(),
        });
        self.types(label, &parts.collect::<String>()).await;
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
        self.ticks_labelled("body", label).await;
    }

    /// Ticks the box with this label (the code of a text) in a part of the page, where several are
    /// labelled alike.
    ///
    /// # Panics
    /// There is none.
    pub async fn ticks_in(&self, part: &str, label: &str) {
        self.ticks_labelled(part, &self.words(label)).await;
    }

    async fn ticks_labelled(&self, part: &str, label: &str) {
        if !self.way.keyboard {
            let field = self.find_in(part, label).await;
            return field.click().await.expect("it can be ticked");
        }
        // Tab leads to one of several; arrows lead on among them.
        let group = format!(
            "{LABELLED} const wanted = labelled(arguments[0], arguments[1]);
            return one === wanted || (one.type === 'radio' && one.name === wanted?.name);"
        );
        keyboard::reach(&self.browser, &group, &[json!(label), json!(part)], label).await;
        let there = format!(
            "{LABELLED} const one = document.activeElement;
            return one === labelled(arguments[0], arguments[1]) ? one.type : '';"
        );
        for _ in 0..OPTIONS {
            let kind = self.browser.client.execute(&there, vec![json!(label), json!(part)]).await;
            match kind.expect("the page tells").as_str() {
                Some("radio") => return keyboard::press(&self.browser, Key::SPACE).await,
                Some("checkbox") => return keyboard::press(&self.browser, Key::SPACE).await,
                _ => keyboard::press(&self.browser, Key::DOWN).await,
            }
        }
    }

    /// Chooses an option in the list with this label (the codes of texts).
    ///
    /// # Panics
    /// There is none.
    pub async fn chooses(&self, label: &str, option: &str) {
        let (label, option) = (self.words(label), text(option));
        let option = option.in_language(self.way.language).render(Form::Kana);
        if !self.way.keyboard {
            let list = self.find_in("body", &label).await;
            return list.select_by_label(&option).await.expect("the option is there");
        }
        self.reaches(&label).await;
        let chosen = "return document.activeElement.selectedOptions[0].label === arguments[0];";
        for _ in 0..OPTIONS {
            let there = self.browser.client.execute(chosen, vec![json!(option)]).await;
            if there.is_ok_and(|there| there == true) {
                return;
            }
            keyboard::press(&self.browser, Key::DOWN).await;
        }
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
        let told = self.browser.client.execute(&script, vec![]).await.expect("the page tells");
        told.as_str().unwrap_or_default().to_owned()
    }

    /// The words of the first element that a selector finds, without readings.
    ///
    /// # Panics
    /// The page does not tell.
    pub async fn reads(&self, selector: &str) -> String {
        let script = format!(
            "{WITHOUT_READINGS}
            const one = document.querySelector(arguments[0]);
            return one ? words(one) : '';"
        );
        let told = self.browser.client.execute(&script, vec![json!(selector)]).await;
        told.expect("the page tells").as_str().unwrap_or_default().to_owned()
    }

    /// What the first element that a selector finds has as this property, or else nothing.
    ///
    /// # Panics
    /// The page does not tell.
    pub async fn attribute(&self, selector: &str, name: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.[arguments[1]] ?? '';";
        let wanted = vec![json!(selector), json!(name)];
        let told = self.browser.client.execute(script, wanted).await.expect("the page tells");
        told.as_str().unwrap_or_default().to_owned()
    }

    /// What an address of the same site answers to her browser.
    ///
    /// # Panics
    /// It does not.
    pub async fn fetches(&self, address: &str) -> String {
        let fetch = format!("fetch({}).then((answer) => answer.text())", json!(address));
        let told =
            self.browser.at_rest(async || self.browser.world().await.evaluate(&fetch).await).await;
        told.as_str().unwrap_or_default().to_owned()
    }

    /// The PDF file that her browser is given when a form without fields is sent to an address of the same
    /// site; nothing if it is given something else.
    ///
    /// # Panics
    /// There is no answer.
    pub async fn takes_pdf(&self, address: &str) -> Vec<u8> {
        let take = format!(
            "fetch({}).then(async (answer) =>
            answer.headers.get('content-type') === 'application/pdf'
                ? [...new Uint8Array(await answer.arrayBuffer())] : [])",
            json!(address)
        );
        let told = self.browser.world().await.evaluate(&take).await.expect("the page stands still");
        let bytes = told.as_array().into_iter().flatten().filter_map(Value::as_u64);
        bytes.filter_map(|byte| u8::try_from(byte).ok()).collect()
    }

    /// Has what is downloaded from now on put into a folder.
    ///
    /// # Panics
    /// The browser refuses.
    pub async fn keeps_downloads_in(&self, folder: &Path) {
        let behaviour = json!({ "behavior": "allow", "downloadPath": folder });
        self.browser.devtools("Browser.setDownloadBehavior", behaviour).await;
    }

    /// Waits until a file of that name has been downloaded into a folder.
    ///
    /// # Panics
    /// It does not come.
    pub async fn has_downloaded(&self, file: &Path) {
        // The browser gives a file its name once it is whole.
        let comes = async {
            while !file.is_file() {
                self.browser.client.windows().await.expect("the browser is there");
            }
        };
        timeout(PATIENCE, comes).await.unwrap_or_else(|_| panic!("{file:?} does not come"));
    }

    /// Whether the page says these words anywhere, readings aside.
    ///
    /// # Panics
    /// The page does not tell.
    pub async fn page_says(&self, words: &str) -> bool {
        self.reads("body").await.contains(words)
    }

    /// Where she is.
    ///
    /// # Panics
    /// The browser does not tell.
    pub async fn address(&self) -> String {
        self.browser.client.current_url().await.expect("an address").to_string()
    }

    /// How many things of a kind are on the page.
    ///
    /// # Panics
    /// The page does not tell.
    pub async fn counts(&self, selector: &str) -> usize {
        self.browser.client.find_all(Locator::Css(selector)).await.expect("the page tells").len()
    }

    /// Is done.
    ///
    /// # Panics
    /// Her browser had ended by itself.
    pub async fn leaves(self) {
        self.browser.close().await.expect("the browser is there");
    }

    /// Steps to the field with this label.
    async fn reaches(&self, label: &str) {
        let there = format!("{LABELLED} return one === labelled(arguments[0]);");
        keyboard::reach(&self.browser, &there, &[json!(label)], label).await;
    }

    /// The field with this label.
    async fn find_in(&self, part: &str, label: &str) -> Element {
        let script = format!("{LABELLED} return labelled(arguments[0], arguments[1]);");
        self.found(&script, vec![json!(label), json!(part)], label).await
    }

    async fn found(&self, script: &str, wanted: Vec<Value>, words: &str) -> Element {
        let found = self.browser.client.execute(script, wanted).await;
        let found = found.expect("the page tells");
        let found = reference(&found).unwrap_or_else(|| panic!("there is nothing like “{words}”"));
        Element::from_element_id(self.browser.client.clone(), found)
    }
}

/// No list is longer.
const OPTIONS: usize = 100;

/// WebDriver's name of the arrow to the right.
const RIGHT: char = '\u{e014}';

/// A function for scripts: the field that a label is for.
const LABELLED: &str = "
    const labelled = (wanted, part = 'body') => {
        for (const label of document.querySelectorAll(`${part} label`)) {
            const copy = label.cloneNode(true);
            copy.querySelectorAll('rt, rp, .hidden, .required').forEach((part) => part.remove());
            if (label.control && copy.textContent.replace(/\\s+/g, ' ').trim() === wanted) return label.control;
        }
        return null;
    };";
