//! What must hold for every page that a person looks at, in every look of it.

use std::sync::{LazyLock, Mutex};

use inrou_words::{Form, Language, text};
use serde_json::{Value, json};

use super::driver::{Browser, Look, WentOn, World};
use super::ear;

/// No page may be heavier than this before pictures, bytes, with all it loads.
pub const HEAVIEST: u64 = 100_000;

/// axe-core.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(file).expect("axe-core is installed (cargo xtask setup)");
    format!("{axe};0")
});

/// Everything that axe-core judges by WCAG 2.2 A and AA, and what it holds to be good practice.
const WHOLE: &str =
    "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }";

/// Of that, what colours change.
const COLOURS: &str =
    "{ runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }";

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// What is wrong, a line each.
    pub wrong: Vec<String>,
    /// Bytes of the page itself.
    pub bytes: u64,
}

/// Judges the page before the browser. The look is a desk's again at the end.
///
/// # Panics
/// The browser does not tell, or the page never comes to rest.
pub async fn page(browser: &Browser, language: Language) -> Found {
    // What is told of the console is told once, also of a page that went on meanwhile.
    let told = Mutex::new(Vec::new());
    let mut found = browser
        .at_rest(async || {
            let said = console(browser).await;
            told.lock().expect("nobody panicked with it").extend(said);
            standing(browser, language).await
        })
        .await;
    browser.look(Look::DESK).await;
    found.wrong.extend(told.into_inner().expect("nobody panicked with it"));
    found
}

/// Judges the page that stands before the browser, for as long as it does.
async fn standing(browser: &Browser, language: Language) -> Result<Found, WentOn> {
    browser.look(Look::DESK).await;
    let mut wrong = Vec::new();
    // Where scripts are off, the judges' own need them.
    let world = browser.world().await;
    world.evaluate(&AXE).await?;
    world.evaluate(include_str!("judge.js")).await?;
    let desk = "[...judge.layout(), ...judge.cut(), ...judge.order()]";
    wrong.extend(ask(&world, "at a desk", desk).await?);
    let marked = format!("judge.language({})", json!(language.bcp47()));
    wrong.extend(ask(&world, "language", &marked).await?);
    let word = text("page.trouble").in_language(language).render(Form::Kana);
    wrong.extend(ask(&world, "errors", &format!("judge.errors({})", json!(word))).await?);
    if language == Language::JaEasy {
        wrong.extend(ask(&world, "HELP-2", "judge.bareKanji()").await?);
    }
    wrong.extend(ear::page(browser, &world).await?);
    wrong.extend(axe(&world, "by day", WHOLE).await?);
    let weight = world.evaluate("judge.weight()").await?;
    let (bytes, all) = (number(&weight["page"]), number(&weight["all"]));
    if all > HEAVIEST {
        wrong.push(format!("{all} bytes are too heavy"));
    }
    browser.look(Look { dark: true, ..Look::DESK }).await;
    wrong.extend(axe(&world, "by night", COLOURS).await?);
    browser.look(Look { forced_colours: true, ..Look::DESK }).await;
    wrong.extend(ask(&world, "forced colours", "judge.forced()").await?);
    browser.look(Look::DESK.in_large_text()).await;
    wrong.extend(ask(&world, "large text", "[...judge.layout(), ...judge.cut()]").await?);
    browser.look(Look::NARROW.in_large_text()).await;
    wrong.extend(ask(&world, "large text, narrow", "[...judge.layout(), ...judge.cut()]").await?);
    browser.look(Look::NARROW).await;
    let narrow = "[...judge.layout(), ...judge.cut(), ...judge.order()]";
    wrong.extend(ask(&world, "narrow", narrow).await?);
    wrong.extend(axe(&world, "narrow", WHOLE).await?);
    wrong.dedup();
    Ok(Found { wrong, bytes })
}

/// Scripts that fail, promises that nobody keeps, files that do not come, policies that are broken.
async fn console(browser: &Browser) -> Vec<String> {
    let here = browser.client.current_url().await.expect("an address");
    let said = browser.console().await.into_iter();
    said.filter(|(level, _)| level == "SEVERE" || level == "WARNING")
        // The page's own status (404, 409) is told as a failure to load it.
        .filter(|(_, words)| {
            !(words.starts_with(here.as_str()) && words.contains("Failed to load resource"))
        })
        .map(|(level, words)| format!("console, {level}: {words}"))
        .collect()
}

async fn axe(world: &World<'_>, look: &str, options: &str) -> Result<Vec<String>, WentOn> {
    let run = format!(
        "axe.run(document, {options}).then(({{ violations }}) => violations.flatMap((rule) =>
            rule.nodes.map(({{ target, failureSummary }}) =>
                `${{rule.id}}: ${{target.join(' ')}}: ${{failureSummary}}`)))"
    );
    ask(world, &format!("axe, {look}"), &run).await
}

async fn ask(world: &World<'_>, judge: &str, call: &str) -> Result<Vec<String>, WentOn> {
    let found = world.evaluate(call).await?;
    let lines = found.as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(lines.map(|line| format!("{judge}: {line}")).collect())
}

fn number(value: &Value) -> u64 {
    value.as_f64().unwrap_or_default() as u64
}
