//! A chip in a file: the two slots one after the other, owned by whoever holds the file's lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::{Medium, SLOT_CAPACITY, Slot};

/// An open, locked chip file. The lock goes with it.
#[derive(Debug)]
pub struct FileMedium {
    file: File,
}

impl FileMedium {
    /// Makes an empty chip file, readable by its owner alone (mode 0600), and locks it.
    ///
    /// # Errors
    /// It exists already or cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(path)?;
        lock(&file)?;
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(Self { file })
    }

    /// Opens a chip file and locks it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another owns the chip; otherwise it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        lock(&file)?;
        Ok(Self { file })
    }

    /// Opens a chip file to look at it, whoever owns it. It cannot be written.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn peek(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)? })
    }
}

impl Medium for FileMedium {
    fn read(&self, slot: Slot) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; SLOT_CAPACITY];
        let mut filled = 0;
        loop {
            match self.file.read_at(&mut bytes[filled..], offset(slot) + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    fn write(&mut self, slot: Slot, record: &[u8]) -> io::Result<()> {
        self.file.write_all_at(record, offset(slot))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
        TryLockError::Error(error) => error,
    })
}

fn offset(slot: Slot) -> u64 {
    slot as u64 * SLOT_CAPACITY as u64
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::memory::Memory;
    use crate::testing::{card_image, phone_image};

    #[test]
    fn a_chip_file_is_for_its_owner_alone_and_has_one_owner_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hanako");
        let mut memory = Memory::create(FileMedium::create(&path).unwrap(), card_image()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(FileMedium::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(FileMedium::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);

        memory.commit(phone_image()).unwrap();
        let mut glance = Memory::open(FileMedium::peek(&path).unwrap()).unwrap();
        assert_eq!(*glance.image(), phone_image());
        assert!(glance.commit(card_image()).is_err());
        drop(memory);
        let reopened = Memory::open(FileMedium::open(&path).unwrap()).unwrap();
        assert_eq!(*reopened.image(), phone_image());
    }
}
