//! Documents that are made from the code.

use std::fs;

use crate::report::Outcome;
use crate::run::root;

struct Document {
    path: &'static str,
    make: fn() -> String,
}

const DOCUMENTS: [Document; 1] = [Document {
    path: "docs/errors.md",
    make: inrou_words::errors_markdown,
}];

/// Writes them anew; `true` if all could be written.
pub(crate) fn write() -> bool {
    DOCUMENTS
        .iter()
        .fold(true, |success, Document { path, make }| {
            let written = fs::write(root().join(path), make());
            match &written {
                Ok(()) => println!("wrote {path}"),
                Err(error) => println!("cannot write {path}: {error}"),
            }
            success && written.is_ok()
        })
}

/// Whether they are as the code makes them.
pub(crate) fn check() -> Outcome {
    let stale = DOCUMENTS.iter().filter_map(|Document { path, make }| {
        let is = fs::read_to_string(root().join(path)).unwrap_or_default();
        (is != make()).then(|| format!("{path} is not what the code says: run `cargo xtask docs`"))
    });
    Outcome::of_findings(stale.collect())
}
