//! Going about a page by keyboard alone.

use serde_json::{Value, json};

use super::driver::{Browser, WentOn};

/// No page has more to step through.
const TABS: usize = 100;

/// A key, by its name in UI Events and its number in Windows, with the character it writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(&'static str, u32, Option<&'static str>);

impl Key {
    pub(super) const TAB: Self = Self("Tab", 9, None);
    pub(super) const ENTER: Self = Self("Enter", 13, Some("\r"));
    pub(super) const SPACE: Self = Self(" ", 32, Some(" "));
    pub(super) const DOWN: Self = Self("ArrowDown", 40, None);
}

/// Presses a key and lets it go.
pub(super) async fn press(browser: &Browser, key: Key) {
    strike(browser, key, false).await;
}

async fn strike(browser: &Browser, Key(name, number, writes): Key, shift: bool) {
    let kind = if writes.is_some() { "keyDown" } else { "rawKeyDown" };
    let mut down = json!({
        "type": kind, "key": name, "code": name, "windowsVirtualKeyCode": number,
        "modifiers": if shift { 8 } else { 0 },
    });
    if let Some(text) = writes {
        down["text"] = json!(text);
    }
    browser.devtools("Input.dispatchKeyEvent", down.clone()).await;
    (down["type"], down["text"]) = (json!("keyUp"), json!(""));
    browser.devtools("Input.dispatchKeyEvent", down).await;
}

/// Steps through the page forward and back. What can be reached forward can be reached back in the other
/// order, nothing holds the focus, and it can always be seen where it is (WCAG 2.2, 2.1.2, 2.4.3, 2.4.7).
///
/// # Panics
/// The browser does not tell.
pub(super) async fn walk(browser: &Browser) -> Vec<String> {
    browser.at_rest(async || steps(browser).await).await
}

async fn steps(browser: &Browser) -> Result<Vec<String>, WentOn> {
    let world = browser.world().await;
    world.evaluate(include_str!("judge.js")).await?;
    // What was pressed last may have the focus, or an address leads into the page: the walk begins
    // before the first.
    let is_at_start = "document.activeElement === document.body && location.hash === ''";
    if world.evaluate(is_at_start).await? != true {
        for _ in 0..TABS {
            press(browser, Key::TAB).await;
            if world.evaluate("document.activeElement === document.body").await? == true {
                break;
            }
        }
    }
    let (mut wrong, mut ways) = (Vec::new(), [Vec::new(), Vec::new()]);
    for (way, shift) in ways.iter_mut().zip([false, true]) {
        loop {
            strike(browser, Key::TAB, shift).await;
            let at = world.evaluate("judge.focus()").await?;
            // Past the last one the focus goes to the browser, or begins anew.
            if at.is_null() || way.first() == Some(&at["at"].as_u64()) {
                break;
            }
            let found = at["wrong"].as_array().into_iter().flatten().filter_map(Value::as_str);
            wrong.extend(found.map(|line| format!("by keyboard: {line}")));
            way.push(at["at"].as_u64());
            if way.len() > TABS {
                wrong.push(format!("by keyboard: no way out of {}", at["what"]));
                break;
            }
        }
    }
    world.evaluate("document.activeElement.blur()").await?;
    let [forward, mut back] = ways;
    back.reverse();
    if forward != back {
        wrong.push(format!("by keyboard: forward {forward:?}, back {back:?}"));
    }
    wrong.dedup();
    Ok(wrong)
}

/// Steps on until `is_there` (an expression over `one`, the element with the focus) holds.
///
/// # Panics
/// It never does.
pub(super) async fn reach(browser: &Browser, is_there: &str, wanted: &[Value], what: &str) {
    let script = format!("const one = document.activeElement; if (!one) return false; {is_there}");
    for _ in 0..TABS {
        let there = browser.client.execute(&script, wanted.to_vec()).await;
        if there.is_ok_and(|there| there == Value::Bool(true)) {
            return;
        }
        press(browser, Key::TAB).await;
    }
    panic!("{what} cannot be reached by keyboard");
}
