//! What the guides show, step by step, and the screen that serves each step: `guides.toml`, which says
//! what its fields mean. `docs/screens.md` is made from it.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::LazyLock;

use inrou_words::{Form, Language, text};
use serde::Deserialize;
use url::Url;

/// The table, as it is built in.
pub static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../guides.toml")).expect("guides.toml is a table of steps")
});

/// Guide step → screen → rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Why a step has no screen, by the name of the reason.
    pub without: BTreeMap<String, String>,
    /// The steps, in the order of the guides.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// Screens that no guide shows.
    pub own: Vec<Own>,
}

/// A step of a guide.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Guide, section, number: `S0 2-C 4`.
    pub id: String,
    /// The same step elsewhere in the guides.
    #[serde(default)]
    pub also: Vec<String>,
    /// What the guide says to do, in its words.
    pub guide: String,
    /// The screen that serves it.
    pub screen: Option<Screen>,
    /// Why there is none.
    pub without: Option<String>,
    /// Words that the guide quotes.
    #[serde(default)]
    pub says: Vec<Quote>,
    /// The step on whose page it is, too.
    pub with: Option<String>,
    /// The rules that it serves.
    pub rules: Vec<String>,
}

/// A screen that no guide shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The screen.
    pub screen: Screen,
    /// Why it is there.
    pub why: String,
    /// The rules that it serves.
    pub rules: Vec<String>,
}

/// Where a screen is.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// Whose it is.
    pub place: Place,
    /// Its path, with names for what differs: `/phones/{phone}`.
    pub path: String,
    /// The code of its heading.
    pub heading: String,
}

/// Whose a screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A phone's, at `phone.localhost`.
    Phone,
    /// The portal's.
    Portal,
    /// The receiving office's, at `office.localhost`.
    Office,
    /// The hotline's, at `hotline.localhost`.
    Hotline,
    /// A municipality's counter's, at `desk.localhost`.
    Desk,
    /// The provider's, which sites send people to.
    Provider,
    /// The sandbox's.
    Sandbox,
    /// A clinic's reception, at `clinic.localhost`.
    Clinic,
    /// A convenience store's kiosk, at `kiosk.localhost`.
    Kiosk,
}

/// Words that a guide quotes from a screen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The guide's words.
    pub words: String,
    /// The code of the text that says them.
    pub code: String,
    /// Why the text says something else.
    pub because: Option<String>,
}

impl Table {
    /// The step of this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.ids().any(|own| own == id))
    }

    /// All screens.
    pub fn screens(&self) -> impl Iterator<Item = &Screen> {
        let steps = self.steps.iter().filter_map(|step| step.screen.as_ref());
        steps.chain(self.own.iter().map(|own| &own.screen))
    }

    /// Whether a page with this heading (the code of a text) at this address is the screen of the step;
    /// under any other name, such as a rule's, whether there is such a screen.
    pub fn has(&self, step: &str, heading: &str, address: &Url) -> bool {
        let is_it = |screen: &Screen| screen.heading == heading && screen.is_at(address);
        match self.step(step) {
            Some(step) => step.screen.as_ref().is_some_and(is_it),
            None => self.screens().any(is_it),
        }
    }
}

impl Screen {
    /// Whether an address is this screen's.
    pub fn is_at(&self, address: &Url) -> bool {
        let parts = || self.path.split('/');
        let found = || address.path().split('/');
        let is_same = |part: &str, found: &str| part == found || part.starts_with('{');
        address.host_str() == Some(self.place.host())
            && parts().count() == found().count()
            && parts().zip(found()).all(|(part, found)| is_same(part, found))
    }
}

impl Place {
    /// The name of its host.
    pub const fn host(self) -> &'static str {
        match self {
            Place::Phone => "phone.localhost",
            Place::Portal | Place::Provider | Place::Sandbox => "localhost",
            Place::Office => "office.localhost",
            Place::Hotline => "hotline.localhost",
            Place::Desk => "desk.localhost",
            Place::Clinic => "clinic.localhost",
            Place::Kiosk => "kiosk.localhost",
        }
    }
}

impl Step {
    /// Its id, and those of the same step elsewhere.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.id).chain(&self.also).map(String::as_str)
    }

    /// The guide's section that it stands in: `S0 2-C`; the guide itself, where its steps have none.
    fn section(&self) -> &str {
        let to = |end: usize| self.id.get(..end).unwrap_or(&self.id);
        // Two sections are called 2-E: brackets tell them apart.
        if let Some(end) = self.id.find(')') {
            return to(end + 1);
        }
        let mut ends = self.id.match_indices(' ').map(|(end, _)| end);
        let (guide, section) = (ends.next(), ends.next());
        let section = to(section.unwrap_or(self.id.len()));
        if section.contains('-') { section } else { to(guide.unwrap_or(self.id.len())) }
    }
}

impl Quote {
    /// Whether the text of the code says the guide's words: brackets, dashes, spaces and the last full
    /// stop aside, which the guides themselves write now so, now so.
    pub fn is_said(&self) -> bool {
        letters(&self.words) == letters(&japanese(&self.code))
    }
}

/// The Japanese of a text.
pub fn japanese(code: &str) -> String {
    text(code).in_language(Language::Ja).render(Form::Plain)
}

fn letters(words: &str) -> String {
    let same = |c| match c {
        '(' => '（',
        ')' => '）',
        '~' => '～',
        c => c,
    };
    let words = words.trim_start_matches('※').trim_end_matches('。');
    words.chars().filter(|c| !c.is_whitespace()).map(same).collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Phone => "phone",
            Place::Portal => "portal",
            Place::Office => "office",
            Place::Hotline => "hotline",
            Place::Desk => "desk",
            Place::Provider => "provider",
            Place::Sandbox => "sandbox",
            Place::Clinic => "clinic",
            Place::Kiosk => "kiosk",
        })
    }
}

const OPENING: &str = "\
# Guide step → screen → rule

For each step that the guides show or speak of: what they say, the screen that serves it, its words as the
guides quote them, and the rules of the [rulebook](rulebook.md) (which names the guides S0 to S4). Headings
and buttons say the very words of the guides, the newer one's where they differ; where ours are not the
same, the reason stands beside them. Places: `phone` is `http://phone.localhost:PORT`, `office` is
`http://office.localhost:PORT`, `clinic`, `kiosk`, `hotline` and `desk` likewise, `portal`, `provider` and `sandbox` are `http://localhost:PORT`.

This file is made from `journeys/guides.toml` by `cargo xtask docs`; tests hold that file to the texts, to
the routes that are served, to the rulebook, and to the journeys in the browser.
";

const OWN: &str = "
## Screens that no guide shows

| screen | heading | why | rules |
|---|---|---|---|
";

/// The table as Markdown: the content of `docs/screens.md`.
pub fn markdown() -> String {
    let mut out = String::from(OPENING);
    // Writing to a string cannot fail.
    let _ = write_steps(&mut out).and_then(|()| write_own(&mut out));
    out
}

fn write_steps(out: &mut String) -> fmt::Result {
    let mut sections: Vec<&str> = Vec::new();
    for section in TABLE.steps.iter().map(Step::section) {
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    sections.into_iter().try_for_each(|section| write_section(out, section))
}

fn write_section(out: &mut String, section: &str) -> fmt::Result {
    write!(out, "\n## {section}\n\n| step | the guide | screen | words | rules |\n")?;
    out.push_str("|---|---|---|---|---|\n");
    for step in TABLE.steps.iter().filter(|step| step.section() == section) {
        let ids = step.ids().collect::<Vec<_>>().join(" · ");
        write!(out, "| {ids} | {} | ", step.guide)?;
        match (&step.screen, &step.without) {
            (Some(screen), _) => write_screen(out, screen)?,
            (None, Some(reason)) => {
                out.push_str(TABLE.without.get(reason).map_or("", String::as_str));
            }
            (None, None) => {}
        }
        out.push_str(" | ");
        write_quotes(out, &step.says)?;
        writeln!(out, " | {} |", step.rules.join(", "))?;
    }
    Ok(())
}

fn write_screen(out: &mut String, screen: &Screen) -> fmt::Result {
    write!(out, "{} `{}`: 「{}」", screen.place, screen.path, japanese(&screen.heading))
}

fn write_quotes(out: &mut String, quotes: &[Quote]) -> fmt::Result {
    for (index, Quote { words, code, because }) in quotes.iter().enumerate() {
        if index > 0 {
            out.push_str("<br>");
        }
        match because {
            None => write!(out, "「{words}」 `{code}`")?,
            Some(why) => write!(out, "「{words}」 `{code}`: 「{}」, for {why}", japanese(code))?,
        }
    }
    Ok(())
}

fn write_own(out: &mut String) -> fmt::Result {
    out.push_str(OWN);
    TABLE.own.iter().try_for_each(|Own { screen, why, rules }| {
        let heading = japanese(&screen.heading);
        let rules = rules.join(", ");
        writeln!(out, "| {} `{}` | {heading} | {why} | {rules} |", screen.place, screen.path)
    })
}
