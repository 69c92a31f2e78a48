//! A page by ear: what the browser tells a screen reader (its accessibility tree).

use serde_json::{Value, json};

use super::driver::{Browser, WentOn, World};

/// Exactly one of each is on a page.
const LANDMARKS: [&str; 3] = ["banner", "main", "contentinfo"];

/// What has to have a name.
const NAMED: [&str; 13] = [
    "button",
    "link",
    "textbox",
    "searchbox",
    "checkbox",
    "radio",
    "combobox",
    "listbox",
    "DisclosureTriangle",
    "Date",
    "image",
    "progressbar",
    "navigation",
];

/// Everything that is wrong with the page to the ear.
///
/// # Errors
/// The page went on by itself.
///
/// # Panics
/// The browser does not tell.
pub(super) async fn page(browser: &Browser, world: &World<'_>) -> Result<Vec<String>, WentOn> {
    let tree = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let nodes: Vec<Node<'_>> =
        tree["nodes"].as_array().into_iter().flatten().filter_map(Node::of).collect();
    let mut wrong = Vec::new();
    let headings = nodes.iter().filter(|node| node.role == "heading");
    let first = headings.filter(|node| node.property("level") == Some(&json!(1))).count();
    if first != 1 {
        wrong.push(format!("{first} first headings"));
    }
    for landmark in LANDMARKS {
        let count = nodes.iter().filter(|node| node.role == landmark).count();
        if count != 1 {
            wrong.push(format!("{count} of the landmark {landmark}"));
        }
    }
    for node in &nodes {
        if NAMED.contains(&node.role) && node.name.trim().is_empty() {
            wrong.push(format!("{} without a name", node.role));
        }
        if node.property("invalid").is_some_and(|invalid| invalid == "true") && !node.is_described {
            wrong.push(format!("nothing says what is wrong with “{}”", node.name));
        }
    }
    // A reading is told beside its word, not after it as if it were another word.
    let doubled = world.evaluate("judge.doubled()").await?;
    for twice in doubled.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let named = nodes.iter().find(|node| !twice.is_empty() && node.name.contains(twice));
        wrong.extend(named.map(|node| format!("reads a word twice: “{}”", node.name)));
    }
    Ok(wrong.into_iter().map(|line| format!("by ear: {line}")).collect())
}

/// Something in the tree.
struct Node<'t> {
    role: &'t str,
    name: &'t str,
    is_described: bool,
    properties: &'t Value,
}

impl<'t> Node<'t> {
    /// What is there for the ear.
    fn of(node: &'t Value) -> Option<Self> {
        if node["ignored"] == true {
            return None;
        }
        Some(Self {
            role: node["role"]["value"].as_str()?,
            name: node["name"]["value"].as_str().unwrap_or_default(),
            is_described: node["description"]["value"]
                .as_str()
                .is_some_and(|said| !said.is_empty()),
            properties: &node["properties"],
        })
    }

    fn property(&self, name: &str) -> Option<&'t Value> {
        let mut all = self.properties.as_array()?.iter();
        Some(&all.find(|property| property["name"] == name)?["value"]["value"])
    }
}
