//! Every address that has a screen, read from where the routers are made: a new one is tried as well.

use std::fs;
use std::path::{Path, PathBuf};

/// An address with a screen or a form.
#[derive(Debug)]
pub struct Route {
    /// The host's name.
    pub host: &'static str,
    /// The path, its variable parts filled in.
    pub path: String,
    /// Whether it is looked at.
    pub is_page: bool,
    /// Whether it takes a form.
    pub takes_form: bool,
}

/// Where routers of screens are made, below `crates/`.
const SOURCES: [(&str, &str); 4] = [
    ("phone.localhost", "phone/src/screens/mod.rs"),
    ("localhost", "portal/src/screens/mod.rs"),
    ("office.localhost", "portal/src/screens/office/mod.rs"),
    ("localhost", "inrou/src/sandbox"),
];

/// Variable parts, and what they are filled with.
const PARTS: [(&str, &str); 6] = [
    ("{phone}", "hana-phone"),
    ("{usage}", "signature"),
    ("{procedure}", "moving-out"),
    ("{application}", "0123456789abcdef0123456789abcdef"),
    ("{how}", "done"),
    ("{*rest}", "nothing/here"),
];

/// All of them.
pub fn all() -> Vec<Route> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let of = |(host, source): (&'static str, &str)| {
        let files = files(crates.join(source));
        files.into_iter().flat_map(move |file| routes(host, &fs::read_to_string(file).unwrap()))
    };
    let found: Vec<_> = SOURCES.into_iter().flat_map(of).collect();
    for host in ["phone.localhost", "localhost", "office.localhost"] {
        let forms = found.iter().filter(|route| route.host == host && route.takes_form).count();
        assert!(forms >= 4, "{host} has {forms} forms");
    }
    found
}

fn files(at: PathBuf) -> Vec<PathBuf> {
    if at.is_file() {
        return vec![at];
    }
    let entries = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_dir() || path.extension().is_some_and(|is| is == "rs"))
        .flat_map(files)
        .collect()
}

fn routes(host: &'static str, source: &str) -> Vec<Route> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let calls = source.split(".route(").skip(1);
    let route = |call: &str| {
        let path = call.split('"').nth(1).filter(|path| path.starts_with('/'))?;
        let methods = call.split(".with_state").next().unwrap();
        let filled = |path: String, (part, with): (&str, &str)| path.replace(part, with);
        Some(Route {
            host,
            path: PARTS.into_iter().fold(path.to_owned(), filled),
            is_page: methods.contains("get("),
            takes_form: methods.contains("post("),
        })
    };
    calls.filter_map(route).collect()
}
