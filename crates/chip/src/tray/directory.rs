//! The files of a tray: chips, a note beside each on who owns it, and the guard.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{ChipName, TrayError};
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
pub(super) struct Directory(PathBuf);

/// The guard; held until it is dropped.
pub(super) struct Guard(#[expect(dead_code, reason = "holding the file is all")] File);

impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Waits until nobody else has the guard.
    pub(super) fn guard(&self) -> io::Result<Guard> {
        let file = File::options().create(true).append(true).open(self.0.join(GUARD))?;
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
        let unfinished = self.file(name, UNFINISHED);
        remove_if_there(&unfinished)?;
        Memory::create(FileMedium::create(&unfinished)?, image)?;
        // Unlike a renamed file, a linked one never replaces another.
        let linked = fs::hard_link(&unfinished, self.file(name, CHIP));
        fs::remove_file(&unfinished)?;
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(TrayError::Exists(name.clone()));
            }
            other => other?,
        }
        Ok(File::open(&self.0)?.sync_all()?)
    }

    pub(super) fn contains(&self, name: &ChipName) -> bool {
        self.file(name, CHIP).exists()
    }

    /// Opens a chip file for `owner`.
    pub(super) fn own(
        &self,
        _guard: &Guard,
        name: &ChipName,
        owner: &str,
    ) -> Result<Memory<FileMedium>, TrayError> {
        let medium = FileMedium::open(&self.file(name, CHIP)).map_err(|error| {
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
        fs::write(self.file(name, OWNER), owner)?;
        Ok(memory)
    }

    /// Takes the note on the owner away. It is only for show, and without a lock nobody heeds it.
    pub(super) fn forget_owner(&self, name: &ChipName) {
        let _ = fs::remove_file(self.file(name, OWNER));
    }

    /// Who owns a chip file; `None` if nobody.
    pub(super) fn owner(&self, _guard: &Guard, name: &ChipName) -> io::Result<Option<String>> {
        match FileMedium::open(&self.file(name, CHIP)) {
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(Some(self.noted_owner(name)))
            }
            Err(error) => Err(error),
        }
    }

    /// The names of all chip files, in order.
    pub(super) fn names(&self) -> io::Result<Vec<ChipName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == CHIP) {
                let name = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
                names.extend(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// The image in a chip file, whoever owns it. A look may find no slot whole while the owner
    /// writes: then it is repeated.
    pub(super) fn look(&self, name: &ChipName) -> Result<Image, MemoryError> {
        let mut looks = 1;
        loop {
            match Memory::open(FileMedium::peek(&self.file(name, CHIP))?) {
                Err(MemoryError::NoImage) if looks < LOOKS => looks += 1,
                other => return Ok(other?.image().clone()),
            }
        }
    }

    fn noted_owner(&self, name: &ChipName) -> String {
        fs::read_to_string(self.file(name, OWNER)).unwrap_or_else(|_| "another program".to_owned())
    }

    fn file(&self, name: &ChipName, extension: &str) -> PathBuf {
        self.0.join(name.as_str()).with_extension(extension)
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
