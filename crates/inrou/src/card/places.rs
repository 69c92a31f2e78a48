//! Where the sandbox's chips lie, and what they are called.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use inrou_chip::tray::{ChipName, Tray};
use inrou_pki::{FreshKeys, SystemEntropy};
use inrou_rules::Medium;

use super::fault::of_tray;
use crate::fault::Fault;
use crate::sandbox::{DataFolder, inhabitants};

/// A chip of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether it is a card's or a phone's.
    pub medium: Medium,
    /// The name of the card or phone.
    pub name: ChipName,
    /// The folder of its file.
    tray: PathBuf,
}

impl Place {
    fn card(folder: &DataFolder, name: ChipName) -> Self {
        Self { medium: Medium::Card, name, tray: folder.cards() }
    }

    fn phone(folder: &DataFolder, name: ChipName) -> Self {
        let tray = folder.phones().join(name.as_str());
        Self { medium: Medium::Phone, name, tray }
    }

    /// The chip's file.
    pub(super) fn file(&self) -> PathBuf {
        self.tray.join(self.name.as_str()).with_extension("chip")
    }

    /// Makes sure that the chip may be lent where no sandbox runs that would look: a phone's holder must
    /// have allowed its use at a reader (REG-4).
    ///
    /// # Errors
    /// `contactless-not-allowed`, `file-not-readable`.
    pub(super) fn may_be_lent(&self) -> Result<(), Fault> {
        let unreadable = |_| Fault::new("file-not-readable").with("path", self.tray.display());
        match self.medium {
            Medium::Phone
                if !inrou_phone::allows_contactless(&self.tray).map_err(unreadable)? =>
            {
                Err(Fault::new("contactless-not-allowed").with("name", &self.name))
            }
            Medium::Phone | Medium::Card => Ok(()),
        }
    }

    /// The tray in which it lies, as this process's own. Others are told that `owner` has what is
    /// taken from it.
    ///
    /// # Errors
    /// `internal-error`: the folder went away.
    pub(super) fn tray(&self, owner: &str) -> Result<Arc<Tray>, Fault> {
        let tray = Tray::open(&self.tray, owner, Arc::new(SystemEntropy), Arc::new(FreshKeys));
        Ok(Arc::new(tray.map_err(|error| of_tray(error, self))?))
    }
}

/// Every chip, by name: cards, then phones.
///
/// # Errors
/// `file-access-denied`.
pub(super) fn all(folder: &DataFolder) -> Result<Vec<Place>, Fault> {
    let cards = names(folder.cards())?.into_iter().map(|name| Place::card(folder, name));
    let phones = names(folder.phones())?.into_iter().map(|name| Place::phone(folder, name));
    Ok(cards.chain(phones).filter(|place| place.file().is_file()).collect())
}

/// The chip of that name. A phone goes by its own name or by that of the resident who owns it, who
/// may own several: then it is the first. Where card and phone share a name, `phone` chooses.
///
/// # Errors
/// `chip-unknown`, `residents-invalid`.
pub(super) fn find(folder: &DataFolder, name: &str, phone: bool) -> Result<Place, Fault> {
    let unknown = || Fault::new("chip-unknown").with("name", name);
    let there = |place: &Place| place.file().is_file();
    let parsed: ChipName = name.parse().map_err(|_| unknown())?;
    let as_phone = Some(Place::phone(folder, parsed.clone())).filter(there);
    let found = if phone {
        match as_phone {
            None => phones_of(folder, name)?.into_iter().find(there),
            found => found,
        }
    } else {
        Some(Place::card(folder, parsed)).filter(there).or(as_phone)
    };
    found.ok_or_else(unknown)
}

/// The phones that a resident owns from the first start on.
fn phones_of(folder: &DataFolder, handle: &str) -> Result<Vec<Place>, Fault> {
    let resident =
        inhabitants(folder)?.into_iter().find(|resident| resident.handle.as_str() == handle);
    let phones = resident.into_iter().flat_map(|resident| resident.phones);
    let names = phones.filter_map(|phone| phone.name.as_str().parse().ok());
    Ok(names.map(|name| Place::phone(folder, name)).collect())
}

/// The names of chips that files or folders in a folder stand for.
fn names(folder: PathBuf) -> Result<Vec<ChipName>, Fault> {
    let denied = |_| Fault::new("file-access-denied").with("path", folder.display());
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(denied)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(denied)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        names.extend(stem.and_then(|stem| stem.parse::<ChipName>().ok()));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        for file in ["cards/hana.chip", "cards/hana.owner", "cards/taro.chip", "cards/.tray.lock"] {
            write(&folder, file);
        }
        for phone in ["hana-phone", "taro-new", "taro"] {
            write(&folder, &format!("phones/{phone}/{phone}.chip"));
        }
        write(&folder, "phones/.new-phone.new/new-phone.chip");
        write(&folder, "phones/unfinished/phone.json");
        (root, folder)
    }

    fn write(folder: &DataFolder, file: &str) {
        let path = folder.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }

    #[test]
    fn every_chip_that_is_whole_is_there_once() {
        let (_root, folder) = folder();
        let all = all(&folder).unwrap();
        let names: Vec<&str> = all.iter().map(|place| place.name.as_str()).collect();
        assert_eq!(names, ["hana", "taro", "hana-phone", "taro", "taro-new"]);
    }

    #[test]
    fn a_phone_goes_by_its_name_or_its_owners() {
        let (_root, folder) = folder();
        let found = |name, phone| {
            find(&folder, name, phone).map(|place| (place.medium, place.name.to_string()))
        };
        let card = |name: &str| (Medium::Card, name.to_owned());
        let phone = |name: &str| (Medium::Phone, name.to_owned());
        assert_eq!(found("hana", false).unwrap(), card("hana"));
        assert_eq!(found("hana", true).unwrap(), phone("hana-phone"), "her own");
        assert_eq!(found("hana-phone", true).unwrap(), phone("hana-phone"));
        assert_eq!(
            found("hana-phone", false).unwrap(),
            phone("hana-phone"),
            "no card has the name"
        );
        assert_eq!(found("taro", false).unwrap(), card("taro"));
        assert_eq!(found("taro", true).unwrap(), phone("taro"), "a phone's own name goes first");
        for (name, phone) in
            [("yui", false), ("yui", true), ("unfinished", true), ("../hana", false)]
        {
            assert_eq!(found(name, phone).unwrap_err().code(), "chip-unknown", "{name}");
        }
    }
}
