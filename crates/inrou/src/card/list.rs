//! `inrou card list`: the chips that there are.

use std::path::Path;

use inrou_rules::Medium;
use inrou_words::Language;

use super::fault::of_tray;
use super::places;
use crate::fault::Fault;
use crate::sandbox::DataFolder;
use crate::table::table;
use crate::terminal::{say, words};

/// Lists the chips, whether or not a sandbox runs: the first column is the name to use.
///
/// # Errors
/// `data-folder-missing`, `chip-file-damaged`, `file-access-denied`.
pub fn run(language: Language, data: &Path) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let columns = ["cli.column-name", "cli.column-kind", "cli.column-chip", "cli.column-with"];
    let mut rows = vec![columns.map(|column| words(column, language))];
    for place in places::all(&folder)? {
        let entry = place.tray("inrou card list")?.entry(&place.name);
        let entry = entry.map_err(|error| of_tray(error, &place))?;
        let kind = match place.medium {
            Medium::Card => "cli.kind-card",
            Medium::Phone => "cli.kind-phone",
        };
        rows.push([
            entry.name.to_string(),
            words(kind, language),
            entry.chip.to_string(),
            entry.owner.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    say(&table(&rows));
    Ok(())
}
