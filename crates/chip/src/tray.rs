//! The tray: a directory of chip files, from which programs take chips and lend them to each other.
//!
//! A chip file has one owner at a time, by an exclusive lock on it. Who takes a chip through a
//! [`Tray`] keeps its file open and locked until it is lent or the tray is dropped. Lending closes the
//! file, so that the borrower, another program, can take it from a tray of its own; a lent chip cannot
//! be taken here before [`Tray::take_back`].

mod directory;
mod name;

use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_pki::{Entropy, KeySource};
use inrou_rules::ChipId;
use thiserror::Error;

pub use name::{ChipName, InvalidChipName};

use crate::chip::Chip;
use crate::files::Folder;
use crate::image::{Image, Personality};
use crate::memory::{FileMedium, MemoryError};
use crate::observer::Observer;
use directory::{Directory, Guard};

/// A directory of chip files.
pub struct Tray {
    directory: Directory,
    /// What other programs are told about who has a chip.
    owner: String,
    entropy: Arc<dyn Entropy>,
    keys: Arc<dyn KeySource>,
    /// Who looks on at the chips that are taken.
    observer: Option<Arc<dyn Observer>>,
    /// Locked before the directory's guard, never after it.
    places: Mutex<Places>,
}

type Places = BTreeMap<ChipName, Place>;

/// Where a chip is that this program has dealt with.
enum Place {
    /// Open, and nobody uses it.
    Here(Box<Chip<FileMedium>>),
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
        directory: impl Into<Folder>,
        owner: &str,
        entropy: Arc<dyn Entropy>,
        keys: Arc<dyn KeySource>,
    ) -> Result<Self, TrayError> {
        Ok(Self {
            directory: Directory::open(directory.into())?,
            owner: owner.to_owned(),
            entropy,
            keys,
            observer: None,
            places: Mutex::default(),
        })
    }

    /// The same tray, with somebody who looks on at every chip that is taken from now on.
    #[must_use]
    pub fn observed_by(mut self, observer: Option<Arc<dyn Observer>>) -> Self {
        self.observer = observer;
        self
    }

    /// Puts a new chip into the tray. It is there whole or not at all.
    ///
    /// # Errors
    /// [`TrayError::Exists`], or the file cannot be written.
    pub fn create(&self, name: &ChipName, image: Image) -> Result<(), TrayError> {
        let guard = self.directory.guard()?;
        self.directory.create(&guard, name, image)
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
        Ok(Taken { chip: Some(chip), name: name.clone(), tray: Arc::clone(self) })
    }

    /// Lends a chip: closes its file, so that `to`, another program, can take it.
    ///
    /// # Errors
    /// [`TrayError::NoSuchChip`], [`TrayError::InUse`], [`TrayError::Elsewhere`] if it is lent already.
    pub fn lend(&self, name: &ChipName, to: &str) -> Result<(), TrayError> {
        let mut places = self.places();
        match places.get(name) {
            Some(Place::Here(_)) => self.directory.forget_owner(name),
            Some(elsewhere) => return Err(elsewhere.refusal(name)),
            None if self.directory.contains(name) => {}
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

    /// To whom a chip is lent, if it is.
    pub fn borrower(&self, name: &ChipName) -> Option<String> {
        match self.places().get(name) {
            Some(Place::Lent { to }) => Some(to.clone()),
            _ => None,
        }
    }

    /// All chips, by name.
    ///
    /// # Errors
    /// A file cannot be read, or holds no chip.
    pub fn list(&self) -> Result<Vec<Entry>, TrayError> {
        let places = self.places();
        let guard = self.directory.guard()?;
        let names = self.directory.names()?;
        names.into_iter().map(|name| self.describe(name, &places, &guard)).collect()
    }

    /// One chip, as in the list.
    ///
    /// # Errors
    /// [`TrayError::NoSuchChip`], or the file cannot be read, or holds no chip.
    pub fn entry(&self, name: &ChipName) -> Result<Entry, TrayError> {
        let places = self.places();
        let guard = self.directory.guard()?;
        self.there(name)?;
        self.describe(name.clone(), &places, &guard)
    }

    /// What a chip remembers, whoever has it. Nothing is taken or opened for use.
    ///
    /// # Errors
    /// As [`Tray::entry`].
    pub fn image(&self, name: &ChipName) -> Result<Image, TrayError> {
        self.there(name)?;
        Ok(self.directory.look(name)?)
    }

    fn there(&self, name: &ChipName) -> Result<(), TrayError> {
        if self.directory.contains(name) {
            Ok(())
        } else {
            Err(TrayError::NoSuchChip(name.clone()))
        }
    }

    fn describe(&self, name: ChipName, places: &Places, guard: &Guard) -> Result<Entry, TrayError> {
        let Image { chip, personality, .. } = self.directory.look(&name)?;
        let owner = match places.get(&name) {
            Some(Place::Here(_) | Place::InUse) => Some(self.owner.clone()),
            Some(Place::Lent { to }) => Some(to.clone()),
            None => self.directory.owner(guard, &name)?,
        };
        Ok(Entry { name, chip, personality, owner })
    }

    fn open_chip(&self, name: &ChipName) -> Result<Box<Chip<FileMedium>>, TrayError> {
        let guard = self.directory.guard()?;
        let memory = self.directory.own(&guard, name, &self.owner)?;
        let mut chip = Chip::new(memory, Arc::clone(&self.entropy), Arc::clone(&self.keys));
        if let Some(observer) = &self.observer {
            chip.observed_by(Arc::clone(observer));
        }
        Ok(Box::new(chip))
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        for (name, place) in self.places().iter() {
            if let Place::Here(_) = place {
                self.directory.forget_owner(name);
            }
        }
    }
}

impl Place {
    fn refusal(&self, name: &ChipName) -> TrayError {
        match self {
            Self::Lent { to } => TrayError::Elsewhere { name: name.clone(), owner: to.clone() },
            Self::Here(_) | Self::InUse => TrayError::InUse(name.clone()),
        }
    }
}

/// A chip in use.
pub struct Taken {
    /// `None` only while it is dropped.
    chip: Option<Box<Chip<FileMedium>>>,
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
            self.tray.places().insert(self.name.clone(), Place::Here(chip));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::chip::Interface;
    use crate::observer::Exchange;
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
        assert!(matches!(tray.take(&name("hanako")), Err(TrayError::InUse(_))));
        drop(chip);

        let mut chip = tray.take(&name("hanako")).unwrap();
        assert_eq!(exchange(&mut chip, SELECT_JPKI), "", "it has no power");
        chip.power_on(Interface::Local);
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, TRIES_LEFT), "63C2");
    }

    #[test]
    fn a_chip_that_is_taken_is_looked_on_at() {
        struct Count(AtomicUsize);
        impl Observer for Count {
            fn exchanged(&self, _: &Exchange) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let directory = tempfile::tempdir().unwrap();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let (entropy, keys) = (Arc::new(SeededEntropy::new(2)), Arc::new(ReadyKeys));
        let tray = Tray::open(directory.path(), "up", entropy, keys).unwrap();
        let tray = Arc::new(tray.observed_by(Some(count.clone())));
        tray.create(&name("hanako"), card_image()).unwrap();
        for _ in 0..2 {
            let mut chip = tray.take(&name("hanako")).unwrap();
            chip.power_on(Interface::Local);
            exchange(&mut chip, SELECT_JPKI);
        }
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn another_program_gets_a_chip_only_when_it_is_lent() {
        let directory = tempfile::tempdir().unwrap();
        let (up, attach) = (tray(directory.path(), "up"), tray(directory.path(), "attach"));
        let hanako = name("hanako");
        up.create(&hanako, card_image()).unwrap();
        drop(up.take(&hanako).unwrap());
        assert_eq!(owner_seen(attach.take(&hanako)), "up", "returned, and still open");

        up.lend(&hanako, "attach 4711").unwrap();
        let mut lent = attach.take(&hanako).unwrap();
        assert_eq!(owner_seen(up.take(&hanako)), "attach 4711");
        assert!(matches!(up.lend(&hanako, "another"), Err(TrayError::Elsewhere { .. })));
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
        assert_eq!(exchange(&mut back, TRIES_LEFT), "63C2", "what the borrower did stays done");
    }

    #[test]
    fn a_chip_in_use_is_not_lent() {
        let directory = tempfile::tempdir().unwrap();
        let tray = tray(directory.path(), "up");
        tray.create(&name("hanako"), card_image()).unwrap();
        let chip = tray.take(&name("hanako")).unwrap();
        assert!(matches!(tray.lend(&name("hanako"), "attach"), Err(TrayError::InUse(_))));
        drop(chip);
        tray.lend(&name("hanako"), "attach").unwrap();
    }

    #[test]
    fn the_list_tells_name_personality_and_owner() {
        let directory = tempfile::tempdir().unwrap();
        let (up, other) = (tray(directory.path(), "up"), tray(directory.path(), "other"));
        for (chip, image) in [("b-phone", phone_image()), ("a", card_image()), ("c", card_image())]
        {
            up.create(&name(chip), image).unwrap();
        }
        let _taken = up.take(&name("a")).unwrap();
        assert_eq!(other.image(&name("a")).unwrap(), card_image(), "a look takes nothing");
        up.lend(&name("c"), "attach").unwrap();
        fs::write(directory.path().join("c.owner"), "killed long ago").unwrap();
        let entry = |chip: &str, personality, owner: Option<&str>| Entry {
            name: name(chip),
            chip: CHIP,
            personality,
            owner: owner.map(str::to_owned),
        };
        let (card, phone) = (Personality::Card, Personality::Android);
        let seen = [(&up, [Some("up"), None, Some("attach")]), (&other, [Some("up"), None, None])];
        for (tray, [a, b, c]) in seen {
            let expected = [entry("a", card, a), entry("b-phone", phone, b), entry("c", card, c)];
            assert_eq!(tray.list().unwrap(), expected);
            for one in expected {
                assert_eq!(tray.entry(&one.name).unwrap(), one);
            }
        }
    }

    #[test]
    fn a_name_is_given_once_and_an_unfinished_chip_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let tray = tray(directory.path(), "up");
        assert!(matches!(tray.take(&name("hanako")), Err(TrayError::NoSuchChip(_))));
        assert!(matches!(tray.entry(&name("hanako")), Err(TrayError::NoSuchChip(_))));
        assert!(matches!(tray.image(&name("hanako")), Err(TrayError::NoSuchChip(_))));
        assert!(matches!(tray.lend(&name("hanako"), "x"), Err(TrayError::NoSuchChip(_))));
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
