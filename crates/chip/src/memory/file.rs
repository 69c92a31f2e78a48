//! A chip in a file: the two slots one after the other, owned by whoever holds the file's lock.

use std::fmt;
use std::io;
use std::path::Path;

use super::{Medium, SLOT_CAPACITY, Slot};
use crate::files::{Folder, OpenFile, Opening};

/// An open, locked chip file. The lock goes with it.
pub struct FileMedium {
    file: Box<dyn OpenFile>,
}

impl FileMedium {
    /// Makes an empty chip file, readable by its owner alone (mode 0600), and locks it.
    ///
    /// # Errors
    /// It exists already or cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let (folder, name) = locate(path)?;
        Self::create_in(&folder, name)
    }

    /// As [`FileMedium::create`], in a folder of any file system.
    ///
    /// # Errors
    /// As [`FileMedium::create`].
    pub fn create_in(folder: &Folder, name: &str) -> io::Result<Self> {
        let file = folder.open(name, Opening::New)?;
        file.try_lock()?;
        folder.sync()?;
        Ok(Self { file })
    }

    /// Opens a chip file and locks it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another owns the chip; otherwise it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (folder, name) = locate(path)?;
        Self::open_in(&folder, name)
    }

    /// As [`FileMedium::open`], in a folder of any file system.
    ///
    /// # Errors
    /// As [`FileMedium::open`].
    pub fn open_in(folder: &Folder, name: &str) -> io::Result<Self> {
        let file = folder.open(name, Opening::Write)?;
        file.try_lock()?;
        Ok(Self { file })
    }

    /// Opens a chip file to look at it, whoever owns it. It cannot be written.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn peek_in(folder: &Folder, name: &str) -> io::Result<Self> {
        Ok(Self { file: folder.open(name, Opening::Read)? })
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
        self.file.write_at(record, offset(slot))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

impl fmt::Debug for FileMedium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileMedium(..)")
    }
}

/// The folder that a file of the operating system lies in, and its name there.
fn locate(path: &Path) -> io::Result<(Folder, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok((Folder::from(folder), name.ok_or(io::ErrorKind::InvalidInput)?))
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
        let folder = Folder::from(directory.path());
        let mut glance = Memory::open(FileMedium::peek_in(&folder, "hanako").unwrap()).unwrap();
        assert_eq!(*glance.image(), phone_image());
        assert!(glance.commit(card_image()).is_err());
        drop(memory);
        let reopened = Memory::open(FileMedium::open(&path).unwrap()).unwrap();
        assert_eq!(*reopened.image(), phone_image());
    }
}
