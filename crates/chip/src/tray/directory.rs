//! The files of a tray: chips, a note beside each on who owns it, and the guard.

use std::io;

use super::{ChipName, TrayError};
use crate::files::{Folder, OpenFile, Opening};
use crate::image::Image;
use crate::memory::{FileMedium, Memory, MemoryError};

/// Locked by whoever looks at or changes who owns which file, so that nobody takes the look of another
/// for an owner.
const GUARD: &str = ".tray.lock";
const CHIP: &str = "chip";
const OWNER: &str = "owner";
const UNFINISHED: &str = "new";

/// How often a look at a file is repeated whose owner is writing.
const LOOKS: usize = 10;

/// A directory of chip files.
pub(super) struct Directory(Folder);

/// The guard; held until it is dropped.
pub(super) struct Guard(#[expect(dead_code, reason = "holding the file is all")] Box<dyn OpenFile>);

impl Directory {
    pub(super) fn open(folder: Folder) -> io::Result<Self> {
        folder.make()?;
        Ok(Self(folder))
    }

    /// Waits until nobody else has the guard.
    pub(super) fn guard(&self) -> io::Result<Guard> {
        let file = self.0.open(GUARD, Opening::Make)?;
        file.lock()?;
        Ok(Guard(file))
    }

    /// Makes a chip file, whole or not at all.
    pub(super) fn create(
        &self,
        _guard: &Guard,
        name: &ChipName,
        image: Image,
    ) -> Result<(), TrayError> {
        let unfinished = file(name, UNFINISHED);
        self.0.remove(&unfinished)?;
        Memory::create(FileMedium::create_in(&self.0, &unfinished)?, image)?;
        // Unlike a renamed file, a linked one never replaces another.
        let linked = self.0.link(&unfinished, &file(name, CHIP));
        self.0.remove(&unfinished)?;
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(TrayError::Exists(name.clone()));
            }
            other => other?,
        }
        Ok(self.0.sync()?)
    }

    pub(super) fn contains(&self, name: &ChipName) -> bool {
        self.0.contains(&file(name, CHIP))
    }

    /// Opens a chip file for `owner`.
    pub(super) fn own(
        &self,
        _guard: &Guard,
        name: &ChipName,
        owner: &str,
    ) -> Result<Memory<FileMedium>, TrayError> {
        let medium = FileMedium::open_in(&self.0, &file(name, CHIP)).map_err(|error| {
            let name = name.clone();
            match error.kind() {
                io::ErrorKind::NotFound => TrayError::NoSuchChip(name),
                io::ErrorKind::WouldBlock => {
                    TrayError::Elsewhere { owner: self.noted_owner(&name), name }
                }
                _ => error.into(),
            }
        })?;
        let memory = Memory::open(medium)?;
        self.0.open(&file(name, OWNER), Opening::Replace)?.write_at(owner.as_bytes(), 0)?;
        Ok(memory)
    }

    /// Takes the note on the owner away. It is only for show, and without a lock nobody heeds it.
    pub(super) fn forget_owner(&self, name: &ChipName) {
        let _ = self.0.remove(&file(name, OWNER));
    }

    /// Who owns a chip file; `None` if nobody.
    pub(super) fn owner(&self, _guard: &Guard, name: &ChipName) -> io::Result<Option<String>> {
        match FileMedium::open_in(&self.0, &file(name, CHIP)) {
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(Some(self.noted_owner(name)))
            }
            Err(error) => Err(error),
        }
    }

    /// The names of all chip files, in order.
    pub(super) fn names(&self) -> io::Result<Vec<ChipName>> {
        let chip = |name: String| name.strip_suffix(&format!(".{CHIP}"))?.parse().ok();
        let mut names: Vec<ChipName> = self.0.names()?.into_iter().filter_map(chip).collect();
        names.sort();
        Ok(names)
    }

    /// The image in a chip file, whoever owns it. A look may find no slot whole while the owner
    /// writes: then it is repeated.
    pub(super) fn look(&self, name: &ChipName) -> Result<Image, MemoryError> {
        let mut looks = 1;
        loop {
            match Memory::open(FileMedium::peek_in(&self.0, &file(name, CHIP))?) {
                Err(MemoryError::NoImage) if looks < LOOKS => looks += 1,
                other => return Ok(other?.image().clone()),
            }
        }
    }

    fn noted_owner(&self, name: &ChipName) -> String {
        let noted = self.0.read(&file(name, OWNER)).ok();
        noted
            .and_then(|noted| String::from_utf8(noted).ok())
            .unwrap_or("another program".to_owned())
    }
}

fn file(name: &ChipName, extension: &str) -> String {
    format!("{name}.{extension}")
}
