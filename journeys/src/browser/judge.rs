//! What must hold for every page that a person looks at.

use std::sync::LazyLock;

use inrou_words::Language;
use serde_json::{Value, json};

use super::driver::{Browser, Look};

/// No page may be heavier than this before pictures, bytes.
const HEAVIEST: usize = 100_000;

/// WCAG 2.2 A and AA, as axe-core judges it.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(file).expect("axe-core is installed (cargo xtask setup)")
});

/// Everything that is wrong with the page before the browser.
///
/// # Panics
/// The browser does not tell.
pub async fn page(browser: &Browser, language: Language, look: Look) -> Vec<String> {
    let mut wrong = console(browser).await;
    if look.scripts {
        wrong.extend(axe(browser, look).await);
    }
    wrong.extend(layout(browser).await);
    wrong.extend(weight(browser).await);
    if language == Language::JaEasy {
        wrong.extend(bare_kanji(browser).await);
    }
    wrong
}

/// Scripts that fail, files that do not come, policies that are broken.
async fn console(browser: &Browser) -> Vec<String> {
    let said = browser.console().await.into_iter();
    said.filter(|(level, _)| level == "SEVERE" || level == "WARNING")
        // The page's own status (422, 404) is told as a failure to load.
        .filter(|(_, words)| !words.contains("Failed to load resource"))
        .map(|(level, words)| format!("console, {level}: {words}"))
        .collect()
}

async fn axe(browser: &Browser, look: Look) -> Vec<String> {
    // Where the system's colours are forced, axe compares those of the style sheet, which are not shown.
    let forced = look.media.contains(&("forced-colors", "active"));
    let script = format!(
        "{}
        const done = arguments[arguments.length - 1];
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        const rules = {{ 'color-contrast': {{ enabled: {} }} }};
        axe.run(document, {{ runOnly: tags, rules }}).then(
            (found) => done(found.violations.flatMap((rule) => rule.nodes.map((node) =>
                `${{rule.id}}: ${{node.target.join(' ')}}: ${{node.failureSummary}}`))),
            (error) => done([String(error)]));",
        *AXE, !forced
    );
    let found = browser.client.execute_async(&script, vec![]).await.expect("axe runs");
    lines("axe", &found)
}

/// The page does not scroll sideways, and what is pressed is large enough (WCAG 2.2, 2.5.8).
async fn layout(browser: &Browser) -> Vec<String> {
    let script = "
        const wrong = [];
        const page = document.scrollingElement;
        if (page.scrollWidth > page.clientWidth) {
            const wide = [...document.querySelectorAll('main *')]
                .filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1)
                .slice(0, 3).map((one) => one.outerHTML.slice(0, 80));
            wrong.push(`scrolls sideways: ${page.scrollWidth} > ${page.clientWidth} ${wide.join(' | ')}`);
        }
        for (const one of document.querySelectorAll('button, .button, select, input:not([type=hidden])')) {
            const { width, height } = one.getBoundingClientRect();
            if (width > 0 && (width < 24 || height < 24)) {
                wrong.push(`too small: ${one.outerHTML.slice(0, 80)}`);
            }
        }
        return wrong;";
    let found = browser.client.execute(script, vec![]).await.expect("the page tells");
    lines("layout", &found)
}

async fn weight(browser: &Browser) -> Vec<String> {
    let script = "return new TextEncoder().encode(document.documentElement.outerHTML).length;";
    let bytes = browser.client.execute(script, vec![]).await.expect("the page tells");
    let bytes = bytes.as_u64().unwrap_or_default() as usize;
    if bytes > HEAVIEST { vec![format!("{bytes} bytes are too heavy")] } else { Vec::new() }
}

/// HELP-2: in easy Japanese each kanji has its reading, in attributes there is none.
async fn bare_kanji(browser: &Browser) -> Vec<String> {
    let script = "
        const kanji = /\\p{Script=Han}/u;
        const wrong = [];
        const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const { parentElement: at, data } = walk.currentNode;
            if (!kanji.test(data) || at.closest('script, style, rt, [data-original]')) continue;
            const ruby = at.closest('ruby');
            if (!ruby || !ruby.querySelector('rt')?.textContent) wrong.push(data.trim().slice(0, 40));
        }
        for (const one of document.querySelectorAll('*')) {
            for (const name of ['title', 'alt', 'aria-label', 'placeholder', 'data-busy']) {
                const value = one.getAttribute(name);
                if (value && kanji.test(value)) wrong.push(`${name}=${value}`);
            }
        }
        // The language switch names each language in its own words.
        return wrong.filter((words) => words !== arguments[0]);";
    let own = json!(Language::Ja.own_name());
    let found = browser.client.execute(script, vec![own]).await.expect("the page tells");
    lines("bare kanji", &found)
}

fn lines(judge: &str, found: &Value) -> Vec<String> {
    let found = found.as_array().into_iter().flatten();
    found.map(|one| format!("{judge}: {}", one.as_str().unwrap_or("?"))).collect()
}
