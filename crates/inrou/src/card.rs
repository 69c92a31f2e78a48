//! `inrou card`: the chips of the sandbox.

use std::path::Path;
use std::sync::Arc;

use inrou_chip::tray::Tray;
use inrou_pki::{FreshKeys, SystemEntropy};

use crate::fault::Fault;
use crate::sandbox::DataFolder;
use crate::terminal::say;
use crate::up::table;

/// Lists the cards: the first column is the name to use.
pub fn list(data: &Path) -> Result<(), Fault> {
    let missing = || Fault::new("data-folder-missing").with("path", data.display());
    let folder = DataFolder::find(data).ok_or_else(missing)?;
    let tray =
        Tray::open(&folder.cards(), "inrou card", Arc::new(SystemEntropy), Arc::new(FreshKeys));
    let cards = tray.map_err(Fault::from)?.list()?;
    let heading = ["NAME", "KIND", "CHIP", "WITH"].map(str::to_owned);
    let rows = cards.into_iter().map(|card| {
        [
            card.name.to_string(),
            format!("{:?}", card.personality).to_lowercase(),
            card.chip.to_string(),
            card.owner.unwrap_or_else(|| "-".to_owned()),
        ]
    });
    say(&table(&[heading].into_iter().chain(rows).collect::<Vec<_>>()));
    Ok(())
}
