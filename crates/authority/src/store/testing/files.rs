//! The files of a [`Disk`], for whatever is written through [`Files`].

use std::io;
use std::path::Path;

use inrou_chip::files::{Files, OpenFile, Opening};

use super::{Disk, DiskFile};

/// The files of a disk between two outages: like the programs that used them, they are dead once the
/// power has failed. There are no other programs, and so nobody who locks.
#[derive(Clone, Debug)]
pub struct DiskFiles {
    disk: Disk,
    epoch: u64,
}

impl DiskFiles {
    /// The files of a disk until the power fails next.
    ///
    /// # Errors
    /// The power is off.
    pub fn new(disk: &Disk) -> io::Result<Self> {
        Ok(Self { epoch: disk.epoch()?, disk: disk.clone() })
    }

    fn alive(&self) -> io::Result<&Disk> {
        if self.disk.epoch()? == self.epoch {
            Ok(&self.disk)
        } else {
            Err(io::Error::other("the power has failed"))
        }
    }
}

impl Files for DiskFiles {
    fn open(&self, path: &Path, opening: Opening) -> io::Result<Box<dyn OpenFile>> {
        let (disk, name) = (self.alive()?, name(path)?);
        match (opening, disk.exists(name)) {
            (Opening::Read | Opening::Write, false) => return Err(io::ErrorKind::NotFound.into()),
            (Opening::New, true) => return Err(io::ErrorKind::AlreadyExists.into()),
            _ => {}
        }
        let file = disk.open(name)?;
        if opening == Opening::Replace && file.size()? > 0 {
            file.set_len(0)?;
        }
        Ok(Box::new(Opened(file)))
    }

    fn exists(&self, path: &Path) -> bool {
        let names = self.alive().and_then(Disk::names).unwrap_or_default();
        names.iter().any(|name| Path::new(name).starts_with(path))
    }

    fn make_folder(&self, _path: &Path) -> io::Result<()> {
        self.alive().map(drop)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = self.alive()?.names()?;
        let inside = names.iter().filter_map(|name| Path::new(name).strip_prefix(folder).ok());
        let first = inside.filter_map(|rest| rest.iter().next()?.to_str());
        let mut names: Vec<String> = first.map(str::to_owned).collect();
        names.dedup();
        Ok(names)
    }

    fn link(&self, file: &Path, other: &Path) -> io::Result<()> {
        if self.exists(other) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.alive()?.link(name(file)?, name(other)?)
    }

    /// Files only: a folder has no name of its own on a disk.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.alive()?.rename(name(from)?, name(to)?)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        let (disk, name) = (self.alive()?, name(file)?);
        if disk.exists(name) { disk.remove(name) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        let disk = self.alive()?;
        let names = disk.names()?;
        let mut inside = names.iter().filter(|name| Path::new(name).starts_with(folder));
        inside.try_for_each(|name| disk.remove(name))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.alive()?.sync_folder(name(folder)?)
    }
}

/// A file of a disk, for whatever is written through [`OpenFile`].
struct Opened(DiskFile);

impl OpenFile for Opened {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(offset, bytes)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<()> {
        Ok(())
    }
}

fn name(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use inrou_chip::files::Folder;

    use super::*;
    use crate::store::testing::{Loss, PowerCut};

    fn folder(disk: &Disk) -> Folder {
        Folder::on(Arc::new(DiskFiles::new(disk).unwrap()), "phones/hanako")
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all_at_every_step() {
        for loss in [Loss::Everything, Loss::Nothing, Loss::Drawn(1), Loss::Drawn(2)] {
            let disk = Disk::new(PowerCut::never());
            folder(&disk).replace("f", b"old content").unwrap();
            let mut step = 1;
            loop {
                let power = PowerCut::at(step, loss);
                let disk = disk.fork(power.clone());
                let replaced = folder(&disk).replace("f", b"new").is_ok();
                power.cut();
                power.restore();
                let left = folder(&disk).read("f").unwrap();
                assert!(left == b"new" || !replaced && left == b"old content", "{loss:?} {step}");
                folder(&disk).replace("f", b"later").unwrap();
                assert_eq!(folder(&disk).read("f").unwrap(), b"later");
                if replaced {
                    break;
                }
                step += 1;
            }
            assert_eq!(step, 4, "write, sync, sync of the folder");
        }
    }

    #[test]
    fn files_from_before_an_outage_are_dead() {
        let power = PowerCut::never();
        let disk = Disk::new(power.clone());
        let before = folder(&disk);
        before.replace("f", b"1").unwrap();
        power.cut();
        power.restore();
        assert!(before.replace("f", b"2").is_err());
        assert!(before.read("f").is_err());
        assert_eq!(folder(&disk).read("f").unwrap(), b"1");
    }

    #[test]
    fn a_folder_holds_what_was_put_into_it() {
        let disk = Disk::new(PowerCut::never());
        let folder = folder(&disk);
        for name in ["a", "b"] {
            folder.replace(name, b"x").unwrap();
            folder.folder("in").replace(name, b"x").unwrap();
        }
        let mut names = folder.names().unwrap();
        names.sort();
        assert_eq!(names, ["a", "b", "in"]);
        assert!(folder.contains("in") && !folder.contains("i"));
        folder.remove_folder("in").unwrap();
        assert!(!folder.contains("in"));
        let taken = folder.link("a", "b").unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    }
}
