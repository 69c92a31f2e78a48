//! Files in folders, as whoever keeps chips, keys or an app's memory reaches them.
//!
//! What was written is durable once it was synced; names that were made, moved or removed are once
//! their folder was synced. [`SystemFiles`] are the operating system's; a test brings files of its
//! own, to take their power away.

mod system;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use system::SystemFiles;

/// A file system.
pub trait Files: Send + Sync {
    /// Opens a file.
    ///
    /// # Errors
    /// The file system says no.
    fn open(&self, path: &Path, opening: Opening) -> io::Result<Box<dyn OpenFile>>;

    /// Whether there is a file or a folder of this name.
    fn exists(&self, path: &Path) -> bool;

    /// Makes a folder, and those that it lies in, if they are not there.
    ///
    /// # Errors
    /// The file system says no.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// The names of the files and folders in a folder, in no order; names that are no UTF-8 are left
    /// out.
    ///
    /// # Errors
    /// The file system says no.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if something has that name.
    fn link(&self, file: &Path, name: &Path) -> io::Result<()>;

    /// Renames a file, in place of a file that has the new name, or a folder.
    ///
    /// # Errors
    /// [`io::ErrorKind::DirectoryNotEmpty`] if a folder that holds something has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file's name.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`].
    fn remove(&self, file: &Path) -> io::Result<()>;

    /// Removes a folder with all that is in it.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`].
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes durable which names a folder holds.
    ///
    /// # Errors
    /// It is not known to be.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// For what a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// To be read.
    Read,
    /// To be read and written.
    Write,
    /// To be read and written; made if it is not there, for its owner alone (mode 0600).
    Make,
    /// As [`Opening::Make`], without what it held.
    Replace,
    /// As [`Opening::Make`]; [`io::ErrorKind::AlreadyExists`] if it is there.
    New,
}

/// An open file. Its lock goes with it.
pub trait OpenFile: Send + Sync {
    /// Reads from an offset on; answers how many bytes were read, 0 at the end.
    ///
    /// # Errors
    /// The file system says no.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at an offset. Not durable before [`OpenFile::sync`].
    ///
    /// # Errors
    /// The file system says no; what the file then holds there is unknown.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the content durable.
    ///
    /// # Errors
    /// It is not known to be.
    fn sync(&self) -> io::Result<()>;

    /// Locks the file against whoever else locks it; waits until nobody does.
    ///
    /// # Errors
    /// The file system says no.
    fn lock(&self) -> io::Result<()>;

    /// Locks the file.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another has locked it.
    fn try_lock(&self) -> io::Result<()>;
}

/// A folder of a file system. What is named in it is named from there.
#[derive(Clone)]
pub struct Folder {
    files: Arc<dyn Files>,
    path: PathBuf,
}

impl Folder {
    /// A folder, whether or not it is there.
    pub fn on(files: Arc<dyn Files>, path: impl Into<PathBuf>) -> Self {
        Self { files, path: path.into() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, whether or not it is there.
    #[must_use]
    pub fn folder(&self, name: &str) -> Self {
        Self { files: Arc::clone(&self.files), path: self.path.join(name) }
    }

    /// See [`Files::make_folder`].
    ///
    /// # Errors
    /// Its.
    pub fn make(&self) -> io::Result<()> {
        self.files.make_folder(&self.path)
    }

    /// See [`Files::names`].
    ///
    /// # Errors
    /// Its.
    pub fn names(&self) -> io::Result<Vec<String>> {
        self.files.names(&self.path)
    }

    /// See [`Files::exists`].
    pub fn contains(&self, name: &str) -> bool {
        self.files.exists(&self.path.join(name))
    }

    /// See [`Files::open`].
    ///
    /// # Errors
    /// Its.
    pub fn open(&self, name: &str, opening: Opening) -> io::Result<Box<dyn OpenFile>> {
        self.files.open(&self.path.join(name), opening)
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        read_to_end(&*self.open(name, Opening::Read)?)
    }

    /// Replaces a file's content, or makes the file, durably: after a loss of power it has the old
    /// content or the new. `NAME.new` is written in between.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let draft = format!("{name}.new");
        let file = self.open(&draft, Opening::Replace)?;
        file.write_at(content, 0)?;
        file.sync()?;
        self.rename(&draft, name)?;
        self.sync()
    }

    /// See [`Files::link`].
    ///
    /// # Errors
    /// Its.
    pub fn link(&self, file: &str, name: &str) -> io::Result<()> {
        self.files.link(&self.path.join(file), &self.path.join(name))
    }

    /// See [`Files::rename`].
    ///
    /// # Errors
    /// Its.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.files.rename(&self.path.join(from), &self.path.join(to))
    }

    /// Removes a file's name, if it is there.
    ///
    /// # Errors
    /// The file system says no.
    pub fn remove(&self, file: &str) -> io::Result<()> {
        unless_gone(self.files.remove(&self.path.join(file)))
    }

    /// Removes a folder with all that is in it, if it is there.
    ///
    /// # Errors
    /// The file system says no.
    pub fn remove_folder(&self, folder: &str) -> io::Result<()> {
        unless_gone(self.files.remove_folder(&self.path.join(folder)))
    }

    /// See [`Files::sync_folder`].
    ///
    /// # Errors
    /// Its.
    pub fn sync(&self) -> io::Result<()> {
        self.files.sync_folder(&self.path)
    }
}

/// A folder of the operating system.
impl<P: AsRef<Path>> From<P> for Folder {
    fn from(path: P) -> Self {
        Self::on(Arc::new(SystemFiles), path.as_ref())
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.path).finish()
    }
}

/// Reads until the end of a file.
fn read_to_end(file: &dyn OpenFile) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut part = [0; 4096];
    loop {
        match file.read_at(&mut part, content.len() as u64) {
            Ok(0) => return Ok(content),
            Ok(count) => content.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_a_cut_off_draft_does_no_harm() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::from(directory.path());
        for content in [&[7; 10_000][..], b"short"] {
            fs::write(directory.path().join("f.new"), [9; 20_000]).unwrap();
            folder.replace("f", content).unwrap();
            assert_eq!(folder.read("f").unwrap(), content);
        }
        assert_eq!(folder.names().unwrap(), ["f"]);
    }

    #[test]
    fn what_is_gone_need_not_be_removed() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::from(directory.path()).folder("a");
        folder.folder("b").make().unwrap();
        folder.open("f", Opening::New).unwrap();
        let again = folder.open("f", Opening::New).err().unwrap();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        for _ in 0..2 {
            folder.remove("f").unwrap();
            folder.remove_folder("b").unwrap();
        }
        assert!(folder.names().unwrap().is_empty());
    }
}
