//! The gallery's pages: one that lists every journey, and one for each step, with both pictures, what the
//! guide says there, and links to the steps before and after. They need no script; where scripts run, the
//! arrow keys follow the links.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use inrou_words::Language;

use super::{Journey, Picture};
use crate::guides::{Step, TABLE, japanese};

/// The rulebook, for what no guide shows.
const RULEBOOK: &str = include_str!("../../../../docs/rulebook.md");

const STYLE: &str = include_str!("pages.css");

const KEYS: &str = "
addEventListener('keydown', ({ key }) => {
  const rel = { ArrowRight: 'next', ArrowLeft: 'prev' }[key];
  if (rel) document.querySelector(`a[rel=${rel}]`)?.click();
});";

/// Writes the pages of what hangs in a folder; gives the number of pictures.
///
/// # Errors
/// The folder cannot be read or written.
pub fn write(folder: &Path) -> io::Result<usize> {
    let mut journeys = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "json") {
            let journey: Journey = serde_json::from_slice(&fs::read(&path)?)?;
            journeys.push(journey);
        }
    }
    // In the order of the guides, then of the languages.
    journeys.sort_by_key(|journey| {
        let languages = Language::ALL.iter().position(|one| one.code() == journey.language);
        (journey.place(), journey.name.clone(), languages)
    });
    fs::write(folder.join("index.html"), index(&journeys))?;
    let mut count = 0;
    for journey in &journeys {
        for at in 0..journey.pictures.len() {
            fs::write(folder.join(journey.page(at)), step(&journeys, journey, at))?;
            count += 1;
        }
    }
    Ok(count)
}

impl Journey {
    /// The file of the page of a step.
    fn page(&self, at: usize) -> String {
        format!("{}-{}-{:02}.html", self.name, self.language, at + 1)
    }

    /// Where it stands in the guides, by its first step.
    fn place(&self) -> usize {
        let of = |picture: &Picture| TABLE.steps.iter().position(|step| step.is(&picture.step));
        self.pictures.iter().find_map(of).unwrap_or(TABLE.steps.len())
    }
}

impl Step {
    fn is(&self, id: &str) -> bool {
        self.ids().any(|one| one == id)
    }
}

fn index(journeys: &[Journey]) -> String {
    let mut main = String::from("<h1>The screens, journey by journey</h1>\n");
    let pictures = || journeys.iter().flat_map(|journey| &journey.pictures);
    if let Some(heaviest) = pictures().max_by_key(|picture| picture.bytes) {
        let (count, path) = (pictures().count(), escape(&heaviest.path));
        let bytes = heaviest.bytes;
        let _ = writeln!(
            main,
            "<p>{count} pages; the heaviest has {bytes} bytes: <code>{path}</code></p>"
        );
    }
    main.push_str("<ul class=\"journeys\">\n");
    let mut names: Vec<&str> = journeys.iter().map(|journey| journey.name.as_str()).collect();
    names.dedup();
    for name in names {
        let of: Vec<_> = journeys.iter().filter(|journey| journey.name == name).collect();
        let first = of.first().and_then(|journey| journey.pictures.first());
        let step = first.map_or("", |picture| picture.step.as_str());
        let _ = write!(main, "<li>{name} ({})", escape(step));
        for journey in of {
            let (page, language, count) =
                (journey.page(0), &journey.language, journey.pictures.len());
            let _ = write!(main, " <a href=\"{page}\">{name}, {language}: {count} pages</a>");
        }
        main.push_str("</li>\n");
    }
    main.push_str("</ul>\n");
    page("The screens, journey by journey", "", &main)
}

fn step(journeys: &[Journey], journey: &Journey, at: usize) -> String {
    let Some(picture) = journey.pictures.get(at) else { return String::new() };
    let lang = if journey.language == "en" { "en" } else { "ja" };
    let (name, heading) = (&journey.name, escape(&picture.heading));
    let mut ways = String::new();
    let link = |to: Option<usize>, rel: &str, key: &str, words: &str| match to {
        Some(to) => format!(
            "<li><a rel=\"{rel}\" accesskey=\"{key}\" href=\"{}\">{words}</a></li>",
            journey.page(to)
        ),
        None => String::new(),
    };
    ways.push_str("<li><a accesskey=\"i\" href=\"index.html\">All journeys</a></li>");
    ways.push_str(&link(at.checked_sub(1), "prev", "p", "← Previous step"));
    let next = Some(at + 1).filter(|&next| next < journey.pictures.len());
    ways.push_str(&link(next, "next", "n", "Next step →"));
    for other in
        journeys.iter().filter(|one| one.name == journey.name && one.language != journey.language)
    {
        if at < other.pictures.len() {
            let _ =
                write!(ways, "<li><a href=\"{}\">In {}</a></li>", other.page(at), other.language);
        }
    }
    let nav = format!("<nav aria-label=\"Steps\"><ul>{ways}</ul></nav>");
    let mut main = format!(
        "<h1>{name}, step {} of {}: <span lang=\"{lang}\">{heading}</span></h1>\n<dl>",
        at + 1,
        journey.pictures.len()
    );
    let _ = write!(main, "<dt>Step</dt><dd>{}</dd>", escape(&picture.step));
    match TABLE.steps.iter().find(|step| step.is(&picture.step)) {
        Some(step) => {
            let _ = write!(main, "<dt>The guide</dt><dd lang=\"ja\">{}</dd>", escape(&step.guide));
            for quote in &step.says {
                let same = if quote.is_said() {
                    String::new()
                } else {
                    format!("; the screen: 「{}」", japanese(&quote.code))
                };
                let words = format!("「{}」{same}", quote.words);
                let _ = write!(
                    main,
                    "<dt>The guide’s words</dt><dd lang=\"ja\">{}</dd>",
                    escape(&words)
                );
            }
        }
        None => {
            let rule = rule(&picture.step).unwrap_or_default();
            let _ = write!(
                main,
                "<dt>No guide shows this page. The rule</dt><dd>{}</dd>",
                escape(rule)
            );
        }
    }
    let _ = write!(main, "<dt>Address</dt><dd><code>{}</code></dd>", escape(&picture.path));
    let _ = write!(main, "<dt>Bytes</dt><dd>{}</dd></dl>\n<div class=\"pictures\">", picture.bytes);
    for (file, width) in [(&picture.desk, 1024), (&picture.narrow, 320)] {
        let _ = write!(
            main,
            "<figure><img src=\"{file}\" alt=\"The page at {width} px: {heading}\"><figcaption>{width} px</figcaption></figure>"
        );
    }
    main.push_str("</div>\n");
    page(&format!("{name} {}, {}", at + 1, journey.language), &nav, &main)
}

fn page(title: &str, nav: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<script>{KEYS}</script>\n</head>\n<body>\n\
         <header>{nav}</header>\n<main>\n{main}</main>\n\
         <footer><p>Made by <code>cargo xtask gallery</code>.</p></footer>\n</body>\n</html>\n"
    )
}

/// What the rulebook says under an id.
fn rule(id: &str) -> Option<&'static str> {
    let row = |line: &'static str| line.strip_prefix("| ")?.strip_prefix(id)?.strip_prefix(" | ");
    RULEBOOK.lines().find_map(row)?.split(" | ").next()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
