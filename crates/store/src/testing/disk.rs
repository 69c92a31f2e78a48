//! A disk in memory: what was not synced is at the mercy of the power.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::inode::{Change, Draws, Inode};
use super::power::{Loss, NoPower, PowerCut};

/// Files in folders. Clones are the same disk.
///
/// A file's name is its path; the folders in it need not be made. As on a real file system,
/// [`DiskFile::sync`] makes a file's content durable, and [`Disk::sync_folder`] the names in a folder
/// that were made, changed and removed.
#[derive(Clone, Debug)]
pub struct Disk {
    pub(super) inner: Arc<Inner>,
}

/// An open file. It is dead once the power has failed.
#[derive(Clone, Debug)]
pub struct DiskFile {
    disk: Disk,
    inode: u64,
    epoch: u64,
}

/// What can be wrong with a disk while it has power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no room: writes that would make a file longer fail.
    Full,
    /// Syncs fail, and what was not synced may or may not be durable.
    SyncsFail,
    /// Syncs do nothing and succeed. A test that cannot tell such a disk from an honest one proves
    /// nothing.
    SyncsLie,
}

impl Disk {
    /// An empty disk on a supply of power.
    pub fn new(power: PowerCut) -> Self {
        Self::with(State { power, ..State::default() })
    }

    /// A copy of what is durable now, on a supply of its own.
    pub fn fork(&self, power: PowerCut) -> Self {
        let state = self.lock();
        let mut copy = State { power, next_inode: state.next_inode, ..State::default() };
        copy.durable_names = state.durable_names.clone();
        copy.names = state.durable_names.clone();
        copy.inodes = state
            .inodes
            .iter()
            .map(|(number, inode)| (*number, Inode::holding(inode.durable.clone())))
            .collect();
        Self::with(copy)
    }

    /// Gives the disk a fault, or mends it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// Opens a file, or makes an empty one.
    ///
    /// # Errors
    /// The power is off.
    pub fn open(&self, name: &str) -> io::Result<DiskFile> {
        let mut state = self.powered()?;
        let inode = match state.names.get(name) {
            Some(inode) => *inode,
            None => {
                state.next_inode += 1;
                let inode = state.next_inode;
                state.inodes.insert(inode, Inode::default());
                state.names.insert(name.to_owned(), inode);
                inode
            }
        };
        Ok(DiskFile { disk: self.clone(), inode, epoch: state.epoch })
    }

    /// Whether there is a file of this name; `false` while the power is off.
    pub fn exists(&self, name: &str) -> bool {
        self.powered().is_ok_and(|state| state.names.contains_key(name))
    }

    /// The names of all files.
    ///
    /// # Errors
    /// The power is off.
    pub fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.powered()?.names.keys().cloned().collect())
    }

    /// Gives a file a second name, in place of a file that has it.
    ///
    /// # Errors
    /// The power is off; [`io::ErrorKind::NotFound`].
    pub fn link(&self, name: &str, other: &str) -> io::Result<()> {
        let mut state = self.powered()?;
        let inode = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(other.to_owned(), inode);
        Ok(())
    }

    /// Gives a file another name, in place of a file that has it.
    ///
    /// # Errors
    /// The power is off; [`io::ErrorKind::NotFound`].
    pub fn rename(&self, name: &str, other: &str) -> io::Result<()> {
        let mut state = self.powered()?;
        let inode = state.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(other.to_owned(), inode);
        Ok(())
    }

    /// Removes a file's name, if it is there.
    ///
    /// # Errors
    /// The power is off.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.powered()?.names.remove(name);
        Ok(())
    }

    /// Makes the names in a folder durable as they are; `""` is the folder that all lies in.
    ///
    /// # Errors
    /// The power is off.
    pub fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.powered()?;
        if state.sync_step()? {
            let State { names, durable_names, .. } = &mut *state;
            let here = names.iter().filter(|(name, _)| folder_of(name) == folder);
            durable_names.retain(|name, _| folder_of(name) != folder);
            durable_names.extend(here.map(|(name, inode)| (name.clone(), *inode)));
        }
        Ok(())
    }

    /// How often the power has failed.
    ///
    /// # Errors
    /// The power is off.
    pub fn epoch(&self) -> io::Result<u64> {
        Ok(self.powered()?.epoch)
    }

    fn with(mut state: State) -> Self {
        static DISKS: AtomicU64 = AtomicU64::new(1);
        state.epoch = state.power.epoch().unwrap_or_default();
        let id = DISKS.fetch_add(1, Ordering::Relaxed);
        Self { inner: Arc::new(Inner { id, state: Mutex::new(state) }) }
    }

    /// The state with the power on, after the losses of the last outage.
    fn powered(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        let epoch = state.power.epoch().map_err(no_power)?;
        if epoch != state.epoch {
            state.epoch = epoch;
            state.suffer_outage();
        }
        Ok(state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskFile {
    /// Reads from an offset on; answers how many bytes there were to read.
    ///
    /// # Errors
    /// The power is off, or has been since the file was opened.
    pub fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let state = self.powered()?;
        let content = state.inodes.get(&self.inode).map_or(&[][..], |inode| &inode.content);
        let rest = content.get(index(offset)?..).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    /// Writes at an offset. Not durable before [`DiskFile::sync`].
    ///
    /// # Errors
    /// As [`DiskFile::read_at`]; [`io::ErrorKind::StorageFull`].
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(Change::Write { offset: index(offset)?, bytes: bytes.to_vec() })
    }

    /// Sets the length. Not durable before [`DiskFile::sync`].
    ///
    /// # Errors
    /// As [`DiskFile::read_at`].
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Change::SetLen(index(length)?))
    }

    /// Makes the content durable.
    ///
    /// # Errors
    /// As [`DiskFile::read_at`].
    pub fn sync(&self) -> io::Result<()> {
        let mut state = self.powered()?;
        if state.sync_step()?
            && let Some(inode) = state.inodes.get_mut(&self.inode)
        {
            for change in std::mem::take(&mut inode.unsynced) {
                change.apply(&mut inode.durable);
            }
        }
        Ok(())
    }

    /// How many bytes the file has.
    ///
    /// # Errors
    /// As [`DiskFile::read_at`].
    pub fn size(&self) -> io::Result<u64> {
        let state = self.powered()?;
        Ok(state.inodes.get(&self.inode).map_or(0, |inode| inode.content.len() as u64))
    }

    /// Names the file itself, whatever its name: removed and made anew, it is another.
    pub(super) fn inode(&self) -> (u64, u64) {
        (self.epoch, self.inode)
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mut state = self.powered()?;
        let content = state.inodes.get(&self.inode).map_or(0, |inode| inode.content.len());
        if state.fault == Some(Fault::Full) && change.end() > content {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let lasted = state.power.step();
        if let Some(inode) = state.inodes.get_mut(&self.inode) {
            match lasted {
                Ok(()) => {
                    change.apply(&mut inode.content);
                    inode.unsynced.push(change);
                }
                Err(NoPower) => inode.under_way = Some(change),
            }
        }
        lasted.map_err(no_power)
    }

    fn powered(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.powered()?;
        if state.epoch == self.epoch { Ok(state) } else { Err(no_power(NoPower)) }
    }
}

#[derive(Debug)]
pub(super) struct Inner {
    /// Tells disks apart.
    pub(super) id: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    power: PowerCut,
    /// The outages that this disk has suffered.
    epoch: u64,
    fault: Option<Fault>,
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            power: PowerCut::never(),
            epoch: 0,
            fault: None,
            inodes: BTreeMap::new(),
            next_inode: 0,
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
        }
    }
}

impl State {
    /// Takes the step of a sync: whether it has an effect.
    fn sync_step(&self) -> io::Result<bool> {
        self.power.step().map_err(no_power)?;
        match self.fault {
            Some(Fault::SyncsFail) => Err(io::Error::other("the sync failed")),
            Some(Fault::SyncsLie) => Ok(false),
            Some(Fault::Full) | None => Ok(true),
        }
    }

    fn suffer_outage(&mut self) {
        let loss = self.power.loss();
        let mut draws = match loss {
            Loss::Drawn(seed) => Draws(seed),
            Loss::Everything | Loss::Nothing => Draws(0),
        };
        let durable = std::mem::take(&mut self.durable_names);
        let present = std::mem::take(&mut self.names);
        let is_durable = match loss {
            Loss::Everything => true,
            Loss::Nothing => false,
            Loss::Drawn(_) => draws.below(2) == 0,
        };
        self.names = if is_durable { durable } else { present };
        self.durable_names = self.names.clone();
        let named = &self.names;
        self.inodes.retain(|number, _| named.values().any(|inode| inode == number));
        for inode in self.inodes.values_mut() {
            inode.suffer_outage(loss, &mut draws);
        }
    }
}

/// The folder that a name lies in.
pub(super) fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn index(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn no_power(_: NoPower) -> io::Error {
    io::Error::other("the power is off")
}

#[cfg(test)]
mod tests {
    use super::super::inode::SECTOR;
    use super::*;

    fn content(disk: &Disk) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        let count = disk.open("f").unwrap().read_at(0, &mut bytes).unwrap();
        bytes.truncate(count);
        bytes
    }

    /// A file with durable content, on power that fails `steps` steps later.
    fn disk_with(bytes: &[u8], steps: u64, loss: Loss) -> (Disk, PowerCut) {
        let disk = Disk::new(PowerCut::never());
        let file = disk.open("f").unwrap();
        file.write_at(0, bytes).unwrap();
        file.sync().unwrap();
        disk.sync_folder("").unwrap();
        let power = PowerCut::at(steps, loss);
        (disk.fork(power.clone()), power)
    }

    #[test]
    fn what_is_not_synced_is_lost() {
        let (disk, power) = disk_with(b"old", 99, Loss::Everything);
        disk.open("f").unwrap().write_at(0, b"new").unwrap();
        assert_eq!(content(&disk), b"new");
        power.cut();
        power.restore();
        assert_eq!(content(&disk), b"old");
    }

    #[test]
    fn what_is_synced_stays() {
        let (disk, power) = disk_with(b"old", 99, Loss::Everything);
        let file = disk.open("f").unwrap();
        file.write_at(1, b"new").unwrap();
        file.sync().unwrap();
        power.cut();
        power.restore();
        assert_eq!(content(&disk), b"onew");
    }

    #[test]
    fn the_write_under_way_is_torn() {
        let (disk, power) = disk_with(b"....", 2, Loss::Everything);
        let file = disk.open("f").unwrap();
        file.write_at(0, b"ab").unwrap();
        assert!(file.write_at(0, b"1234").is_err());
        power.restore();
        assert_eq!(content(&disk), b"12..");
    }

    #[test]
    fn a_name_that_was_not_synced_is_lost_with_its_file() {
        let power = PowerCut::never();
        let disk = Disk::new(power.clone());
        disk.open("f").unwrap().sync().unwrap();
        power.cut();
        power.restore();
        assert!(!disk.exists("f"));
    }

    #[test]
    fn a_removed_name_comes_back_unless_the_folder_was_synced() {
        let (disk, power) = disk_with(b"old", 99, Loss::Everything);
        disk.remove("f").unwrap();
        power.cut();
        power.restore();
        assert_eq!(content(&disk), b"old");
    }

    #[test]
    fn a_changed_name_is_durable_once_its_own_folder_was_synced() {
        let power = PowerCut::never();
        let disk = Disk::new(power.clone());
        for (name, byte) in [("a/f", b"1"), ("b/f", b"2")] {
            let file = disk.open(name).unwrap();
            file.write_at(0, byte).unwrap();
            file.sync().unwrap();
        }
        disk.sync_folder("a").unwrap();
        disk.sync_folder("b").unwrap();
        disk.rename("a/f", "a/g").unwrap();
        disk.rename("b/f", "b/g").unwrap();
        disk.sync_folder("b").unwrap();
        power.cut();
        power.restore();
        assert_eq!(disk.names().unwrap(), ["a/f", "b/g"]);
    }

    #[test]
    fn open_files_die_with_the_power_on_every_disk_of_the_supply() {
        let (disk, power) = disk_with(b"old", 1, Loss::Nothing);
        let other = Disk::new(power.clone());
        let file = other.open("other").unwrap();
        assert!(disk.open("f").unwrap().sync().is_err());
        assert!(file.size().is_err());
        power.restore();
        assert!(file.size().is_err());
        assert!(other.open("other").unwrap().size().is_ok());
    }

    #[test]
    fn a_full_disk_takes_what_makes_no_file_longer() {
        let (disk, _) = disk_with(b"old", 99, Loss::Everything);
        disk.set_fault(Some(Fault::Full));
        let file = disk.open("f").unwrap();
        file.write_at(0, b"new").unwrap();
        let longer = file.write_at(1, b"new").unwrap_err();
        assert_eq!(longer.kind(), io::ErrorKind::StorageFull);
        assert_eq!(content(&disk), b"new");
    }

    #[test]
    fn a_sync_that_lies_or_fails_makes_nothing_durable() {
        for (fault, succeeds) in [(Fault::SyncsLie, true), (Fault::SyncsFail, false)] {
            let (disk, power) = disk_with(b"old", 99, Loss::Everything);
            disk.set_fault(Some(fault));
            let file = disk.open("f").unwrap();
            file.write_at(0, b"new").unwrap();
            assert_eq!(file.sync().is_ok(), succeeds);
            power.cut();
            power.restore();
            assert_eq!(content(&disk), b"old");
        }
    }

    #[test]
    fn draws_of_another_seed_lose_other_sectors() {
        let left = |seed| {
            let (disk, power) = disk_with(&[0; 8 * SECTOR], 99, Loss::Drawn(seed));
            disk.open("f").unwrap().write_at(0, &[1; 8 * SECTOR]).unwrap();
            power.cut();
            power.restore();
            let mut bytes = vec![0; 8 * SECTOR];
            disk.open("f").unwrap().read_at(0, &mut bytes).unwrap();
            bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>()
        };
        let distinct: std::collections::BTreeSet<_> = (0..32).map(left).collect();
        assert!(distinct.len() > 4, "{distinct:?}");
        assert_eq!(left(7), left(7));
    }
}
