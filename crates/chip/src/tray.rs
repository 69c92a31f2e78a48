//! The tray: a directory of chip files, from which programs take chips and lend them to each other.
//!
//! A chip file has one owner at a time, by an exclusive lock on it. Who takes a chip through a
//! [`Tray`] keeps its file open and locked until it is lent or the tray is dropped. Lending closes the
//! file, so that the borrower, another program, can take it from a tray of its own; a lent chip cannot
//! be taken here before [`Tray::take_back`].

mod name;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_pki::{Entropy, KeySource};
use inrou_rules::ChipId;
use thiserror::Error;

pub use name::{ChipName, InvalidChipName};

use crate::chip::Chip;
use crate::image::{Image, Personality};
use crate::memory::{FileMedium, Memory, MemoryError};

/// Held by whoever looks at or changes who owns which file, so that a look is never taken for an
/// owner.
const GUARD_FILE: &str = ".tray.lock";
const CHIP_EXTENSION: &str = "chip";
const OWNER_EXTENSION: &str = "owner";

/// How often a look at a file is repeated that its owner is writing.
const LOOKS: usize = 10;

/// A directory of chip files.
pub struct Tray {
    directory: PathBuf,
    /// What other programs are told about who has a chip.
    owner: String,
    entropy: Arc<dyn Entropy>,
    keys: Arc<dyn KeySource>,
    /// Locked before the guard file, never after it.
    places: Mutex<Places>,
}

type Places = BTreeMap<ChipName, Place>;

/// Where a chip is that this program has dealt with.
enum Place {
    /// Open, and nobody uses it.
    Here(Chip<FileMedium>),
    /// Some part of this program uses it.
    InUse,
    /// Another program was told that it may take it.
    Lent { to: String },
}

/// One chip in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the tray.
    pub name: ChipName,
    /// Its identity.
    pub chip: ChipId,
    /// What it passes for.
    pub personality: Personality,
    /// Who has it; `None` if nobody.
    pub owner: Option<String>,
}

/// Why a chip cannot be had.
#[derive(Debug, Error)]
pub enum TrayError {
    /// There is no chip of that name.
    #[error("there is no chip named {0}")]
    NoSuchChip(ChipName),
    /// There is a chip of that name already.
    #[error("there is a chip named {0} already")]
    Exists(ChipName),
    /// Another part of this program is using it.
    #[error("the chip {0} is in use")]
    InUse(ChipName),
    /// Another program has it.
    #[error("the chip {name} is with {owner}")]
    Elsewhere {
        /// Which chip.
        name: ChipName,
        /// Who has it.
        owner: String,
    },
    /// The file holds no chip, or cannot be read or written.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The directory cannot be read or written.
    #[error("the tray's directory failed")]
    Directory(#[from] io::Error),
}

impl Tray {
    /// Opens a directory, and makes it if it is not there. `owner` tells other programs who has the
    /// chips that are taken through this tray.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn open(
        directory: &Path,
        owner: &str,
        entropy: Arc<dyn Entropy>,
        keys: Arc<dyn KeySource>,
    ) -> Result<Self, TrayError> {
        fs::create_dir_all(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
            owner: owner.to_owned(),
            entropy,
            keys,
            places: Mutex::default(),
        })
    }

    /// Puts a new chip into the tray. It is there whole or not at all.
    ///
    /// # Errors
    /// [`TrayError::Exists`], or the file cannot be written.
    pub fn create(&self, name: &ChipName, image: Image) -> Result<(), TrayError> {
        let _guard = self.guard()?;
        let path = self.chip_file(name);
        let unfinished = path.with_extension("new");
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Memory::create(FileMedium::create(&unfinished)?, image)?;
        // Unlike a renamed file, a linked one never replaces another.
        let linked = fs::hard_link(&unfinished, &path);
        fs::remove_file(&unfinished)?;
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(TrayError::Exists(name.clone()));
            }
            other => other?,
        }
        File::open(&self.directory)?.sync_all()?;
        Ok(())
    }

    /// Takes a chip for use. It returns to the tray, without power, when what is given is dropped.
    ///
    /// # Errors
    /// [`TrayError::NoSuchChip`], [`TrayError::InUse`], [`TrayError::Elsewhere`], or the file holds no
    /// chip.
    pub fn take(self: &Arc<Self>, name: &ChipName) -> Result<Taken, TrayError> {
        let mut places = self.places();
        let chip = match places.remove(name) {
            Some(Place::Here(chip)) => chip,
            None => self.open_chip(name)?,
            Some(elsewhere) => {
                let error = elsewhere.refusal(name);
                places.insert(name.clone(), elsewhere);
                return Err(error);
            }
        };
        places.insert(name.clone(), Place::InUse);
        Ok(Taken {
            chip: Some(chip),
            name: name.clone(),
            tray: Arc::clone(self),
        })
    }

    /// Lends a chip: closes its file, so that `to`, another program, can take it.
    ///
    /// # Errors
    /// [`TrayError::NoSuchChip`], [`TrayError::InUse`], [`TrayError::Elsewhere`] if it is lent already.
    pub fn lend(&self, name: &ChipName, to: &str) -> Result<(), TrayError> {
        let mut places = self.places();
        match places.get(name) {
            Some(Place::Here(_)) => self.forget_owner(name),
            Some(elsewhere) => return Err(elsewhere.refusal(name)),
            None if self.chip_file(name).exists() => {}
            None => return Err(TrayError::NoSuchChip(name.clone())),
        }
        places.insert(name.clone(), Place::Lent { to: to.to_owned() });
        Ok(())
    }

    /// Ends the lending of a chip: it can be taken here again, as soon as the borrower has closed it.
    pub fn take_back(&self, name: &ChipName) {
        let mut places = self.places();
        if let Some(Place::Lent { .. }) = places.get(name) {
            places.remove(name);
        }
    }

    /// All chips, by name.
    ///
    /// # Errors
    /// A file cannot be read, or holds no chip.
    pub fn list(&self) -> Result<Vec<Entry>, TrayError> {
        let places = self.places();
        let _guard = self.guard()?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == CHIP_EXTENSION)
            {
                let stem = path.file_stem().and_then(|stem| stem.to_str());
                names.extend(stem.and_then(|stem| stem.parse::<ChipName>().ok()));
            }
        }
        names.sort();
        names
            .into_iter()
            .map(|name| self.entry(name, &places))
            .collect()
    }

    fn entry(&self, name: ChipName, places: &Places) -> Result<Entry, TrayError> {
        let image = self.look(&name)?;
        let owner = match places.get(&name) {
            Some(Place::Here(_) | Place::InUse) => Some(self.owner.clone()),
            Some(Place::Lent { to }) => Some(to.clone()),
            None => match FileMedium::open(&self.chip_file(&name)) {
                Ok(_) => None,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Some(self.other_owner(&name))
                }
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Entry {
            chip: image.chip,
            personality: image.personality,
            owner,
            name,
        })
    }

    /// The image in a chip file, whoever owns it. While the owner writes, a look may find no slot
    /// whole: then it is repeated.
    fn look(&self, name: &ChipName) -> Result<Image, TrayError> {
        let mut looks = 0;
        loop {
            looks += 1;
            match Memory::open(FileMedium::peek(&self.chip_file(name))?) {
                Err(MemoryError::NoImage) if looks < LOOKS => {}
                other => return Ok(other?.image().clone()),
            }
        }
    }

    fn open_chip(&self, name: &ChipName) -> Result<Chip<FileMedium>, TrayError> {
        let _guard = self.guard()?;
        let medium =
            FileMedium::open(&self.chip_file(name)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => TrayError::NoSuchChip(name.clone()),
                io::ErrorKind::WouldBlock => TrayError::Elsewhere {
                    name: name.clone(),
                    owner: self.other_owner(name),
                },
                _ => error.into(),
            })?;
        let memory = Memory::open(medium)?;
        fs::write(self.owner_file(name), &self.owner)?;
        Ok(Chip::new(
            memory,
            Arc::clone(&self.entropy),
            Arc::clone(&self.keys),
        ))
    }

    /// What the owner of a locked file wrote beside it.
    fn other_owner(&self, name: &ChipName) -> String {
        fs::read_to_string(self.owner_file(name)).unwrap_or_else(|_| "another program".to_owned())
    }

    fn forget_owner(&self, name: &ChipName) {
        // It is only for show, and without a lock nobody reads it.
        let _ = fs::remove_file(self.owner_file(name));
    }

    fn chip_file(&self, name: &ChipName) -> PathBuf {
        self.directory
            .join(name.as_str())
            .with_extension(CHIP_EXTENSION)
    }

    fn owner_file(&self, name: &ChipName) -> PathBuf {
        self.directory
            .join(name.as_str())
            .with_extension(OWNER_EXTENSION)
    }

    fn guard(&self) -> io::Result<File> {
        let path = self.directory.join(GUARD_FILE);
        let file = File::options().create(true).append(true).open(path)?;
        file.lock()?;
        Ok(file)
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        for (name, place) in self.places().iter() {
            if let Place::Here(_) = place {
                self.forget_owner(name);
            }
        }
    }
}

impl Place {
    fn refusal(&self, name: &ChipName) -> TrayError {
        match self {
            Self::Lent { to } => TrayError::Elsewhere {
                name: name.clone(),
                owner: to.clone(),
            },
            Self::Here(_) | Self::InUse => TrayError::InUse(name.clone()),
        }
    }
}

/// A chip in use.
pub struct Taken {
    /// `None` only while it is dropped.
    chip: Option<Chip<FileMedium>>,
    name: ChipName,
    tray: Arc<Tray>,
}

impl Deref for Taken {
    type Target = Chip<FileMedium>;

    fn deref(&self) -> &Self::Target {
        self.chip.as_ref().expect(STILL_HERE)
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.chip.as_mut().expect(STILL_HERE)
    }
}

const STILL_HERE: &str = "the chip is here until this is dropped";

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(mut chip) = self.chip.take() {
            chip.power_off();
            self.tray
                .places()
                .insert(self.name.clone(), Place::Here(chip));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Interface;
    use crate::testing::{CHIP, ReadyKeys, SELECT_JPKI, card_image, exchange, phone_image};
    use inrou_pki::SeededEntropy;

    const WRONG_PIN: &str = "00 20 00 98 04 31323335";
    const TRIES_LEFT: &str = "00 20 00 98";

    #[test]
    fn a_chip_is_taken_used_and_returned() {
        let directory = tempfile::tempdir().unwrap();
        let tray = tray(directory.path(), "up");
        tray.create(&name("hanako"), card_image()).unwrap();
        let mut chip = tray.take(&name("hanako")).unwrap();
        chip.power_on(Interface::Local);
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, WRONG_PIN), "63C2");
        assert!(matches!(
            tray.take(&name("hanako")),
            Err(TrayError::InUse(_))
        ));
        drop(chip);

        let mut chip = tray.take(&name("hanako")).unwrap();
        assert_eq!(exchange(&mut chip, SELECT_JPKI), "", "it has no power");
        chip.power_on(Interface::Local);
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, TRIES_LEFT), "63C2");
    }

    #[test]
    fn another_program_gets_a_chip_only_when_it_is_lent() {
        let directory = tempfile::tempdir().unwrap();
        let (up, attach) = (
            tray(directory.path(), "up"),
            tray(directory.path(), "attach"),
        );
        let hanako = name("hanako");
        up.create(&hanako, card_image()).unwrap();
        drop(up.take(&hanako).unwrap());
        assert_eq!(
            owner_seen(attach.take(&hanako)),
            "up",
            "returned, and still open"
        );

        up.lend(&hanako, "attach 4711").unwrap();
        let mut lent = attach.take(&hanako).unwrap();
        assert_eq!(owner_seen(up.take(&hanako)), "attach 4711");
        assert!(matches!(
            up.lend(&hanako, "another"),
            Err(TrayError::Elsewhere { .. })
        ));
        lent.power_on(Interface::Contactless);
        exchange(&mut lent, SELECT_JPKI);
        exchange(&mut lent, WRONG_PIN);

        up.take_back(&hanako);
        assert_eq!(owner_seen(up.take(&hanako)), "attach", "not yet closed");
        drop(lent);
        drop(attach);
        let mut back = up.take(&hanako).unwrap();
        back.power_on(Interface::Local);
        exchange(&mut back, SELECT_JPKI);
        assert_eq!(
            exchange(&mut back, TRIES_LEFT),
            "63C2",
            "what the borrower did stays done"
        );
    }

    #[test]
    fn a_chip_in_use_is_not_lent() {
        let directory = tempfile::tempdir().unwrap();
        let tray = tray(directory.path(), "up");
        tray.create(&name("hanako"), card_image()).unwrap();
        let chip = tray.take(&name("hanako")).unwrap();
        assert!(matches!(
            tray.lend(&name("hanako"), "attach"),
            Err(TrayError::InUse(_))
        ));
        drop(chip);
        tray.lend(&name("hanako"), "attach").unwrap();
    }

    #[test]
    fn the_list_tells_name_personality_and_owner() {
        let directory = tempfile::tempdir().unwrap();
        let (up, other) = (
            tray(directory.path(), "up"),
            tray(directory.path(), "other"),
        );
        for (chip, image) in [
            ("b-phone", phone_image()),
            ("a", card_image()),
            ("c", card_image()),
        ] {
            up.create(&name(chip), image).unwrap();
        }
        let _taken = up.take(&name("a")).unwrap();
        up.lend(&name("c"), "attach").unwrap();
        fs::write(directory.path().join("c.owner"), "killed long ago").unwrap();
        let entry = |chip: &str, personality, owner: Option<&str>| Entry {
            name: name(chip),
            chip: CHIP,
            personality,
            owner: owner.map(str::to_owned),
        };
        let (card, phone) = (Personality::Card, Personality::Android);
        let seen = [
            (&up, [Some("up"), None, Some("attach")]),
            (&other, [Some("up"), None, None]),
        ];
        for (tray, [a, b, c]) in seen {
            let expected = [
                entry("a", card, a),
                entry("b-phone", phone, b),
                entry("c", card, c),
            ];
            assert_eq!(tray.list().unwrap(), expected);
        }
    }

    #[test]
    fn a_name_is_given_once_and_an_unfinished_chip_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let tray = tray(directory.path(), "up");
        assert!(matches!(
            tray.take(&name("hanako")),
            Err(TrayError::NoSuchChip(_))
        ));
        assert!(matches!(
            tray.lend(&name("hanako"), "x"),
            Err(TrayError::NoSuchChip(_))
        ));
        fs::write(directory.path().join("hanako.new"), "half a").unwrap();
        assert!(tray.list().unwrap().is_empty());
        tray.create(&name("hanako"), card_image()).unwrap();
        let again = tray.create(&name("hanako"), phone_image());
        assert!(matches!(again, Err(TrayError::Exists(_))));
        assert_eq!(tray.list().unwrap()[0].personality, Personality::Card);
    }

    fn tray(directory: &Path, owner: &str) -> Arc<Tray> {
        let entropy = Arc::new(SeededEntropy::new(2));
        Arc::new(Tray::open(directory, owner, entropy, Arc::new(ReadyKeys)).unwrap())
    }

    fn name(text: &str) -> ChipName {
        text.parse().unwrap()
    }

    fn owner_seen(result: Result<Taken, TrayError>) -> String {
        match result {
            Err(TrayError::Elsewhere { owner, .. }) => owner,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was taken"),
        }
    }
}
