//! Documents that are made from the code. That they are up to date is a test of the crate whose
//! example makes them.

use std::fs;

use crate::run::{ask, cargo, root};

/// Where a document is, the package and the example that prints it.
const DOCUMENTS: [(&str, &str, &str); 2] =
    [("docs/errors.md", "inrou-words", "errors"), ("docs/screens.md", "inrou-journeys", "screens")];

/// Writes them anew; `true` if all could be written.
pub(crate) fn write() -> bool {
    DOCUMENTS.into_iter().fold(true, |success, (path, package, example)| {
        let arguments = ["run", "--quiet", "--package", package, "--example", example];
        let written = match ask(&mut cargo(arguments)) {
            Some(text) => fs::write(root().join(path), text).map_err(|error| error.to_string()),
            None => Err(format!("the example `{example}` of {package} does not run")),
        };
        match &written {
            Ok(()) => println!("wrote {path}"),
            Err(what) => println!("cannot write {path}: {what}"),
        }
        success && written.is_ok()
    })
}
