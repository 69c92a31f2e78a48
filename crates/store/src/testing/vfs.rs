//! A SQLite file layer (VFS) on [`Disk`]s. The only unsafe code of the crate: it is C's interface.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use rusqlite::ffi;

use super::disk::{Disk, DiskFile, Inner, folder_of};
use super::locks::{Holding, Level, SLOTS};

/// By which file layer, and under which path there, SQLite finds a file on a disk until the power
/// fails next.
///
/// # Errors
/// The power is off, or SQLite does not take the layer.
pub fn vfs_path(disk: &Disk, name: &str) -> io::Result<(&'static str, String)> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    if *REGISTERED.get_or_init(register) != ffi::SQLITE_OK {
        return Err(io::Error::other("the file layer is not taken"));
    }
    let epoch = disk.epoch()?;
    let mut disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
    disks.retain(|_, disk| disk.strong_count() > 0);
    disks.insert(disk.inner.id, Arc::downgrade(&disk.inner));
    Ok((VFS, format!("{}.{epoch}/{name}", disk.inner.id)))
}

/// The disks by their number, with which the paths of files begin.
static DISKS: Mutex<BTreeMap<u64, Weak<Inner>>> = Mutex::new(BTreeMap::new());

const VFS: &str = "inrou-power-cut";
const VFS_NAME: &CStr = c"inrou-power-cut";

fn register() -> c_int {
    // SAFETY: a VFS is registered with static methods and a static name, and lives for ever, for it
    // is leaked. The system's VFS, asked for what is not about files, is never unregistered.
    unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        if system.is_null() {
            return ffi::SQLITE_ERROR;
        }
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<OpenFile>() as c_int,
            pNext: ptr::null_mut(),
            zName: VFS_NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(x_open),
            xDelete: Some(x_delete),
            xAccess: Some(x_access),
            xFullPathname: Some(x_full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xSleep: Some(x_sleep),
            ..*system
        }));
        ffi::sqlite3_vfs_register(vfs, 0)
    }
}

/// What SQLite makes room for when it opens a file.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    state: *mut FileState,
}

struct FileState {
    disk: Disk,
    file: DiskFile,
    folder: String,
    holding: Holding,
    /// The system's layer syncs the folder at the first sync of a log that it made.
    owes_folder_sync: bool,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(x_close),
    xRead: Some(x_read),
    xWrite: Some(x_write),
    xTruncate: Some(x_truncate),
    xSync: Some(x_sync),
    xFileSize: Some(x_file_size),
    xLock: Some(x_lock),
    xUnlock: Some(x_unlock),
    xCheckReservedLock: Some(x_check_reserved_lock),
    xFileControl: Some(x_file_control),
    xSectorSize: Some(x_sector_size),
    xDeviceCharacteristics: Some(x_device_characteristics),
    xShmMap: Some(x_shm_map),
    xShmLock: Some(x_shm_lock),
    xShmBarrier: Some(x_shm_barrier),
    xShmUnmap: Some(x_shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The disk and the name on it that a path names. `None` for a path from before the last outage: who
/// still has it is a process that is no more, and must not remove what others have made since.
///
/// # Safety
/// `path` is null or a C string.
unsafe fn locate<'a>(path: *const c_char) -> Option<(Disk, &'a str)> {
    if path.is_null() {
        return None;
    }
    // SAFETY: by this function's contract.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    let (disk, name) = path.split_once('/')?;
    let (id, epoch) = disk.split_once('.')?;
    let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
    let disk = Disk { inner: disks.get(&id.parse().ok()?)?.upgrade()? };
    (disk.epoch().ok()? == epoch.parse::<u64>().ok()?).then_some((disk, name))
}

/// The state of an open file.
///
/// # Safety
/// `file` was opened by [`x_open`] and is not closed; SQLite uses a file on one thread at a time.
unsafe fn state<'a>(file: *mut ffi::sqlite3_file) -> &'a mut FileState {
    // SAFETY: by this function's contract, `x_open` wrote an `OpenFile` with a leaked state there.
    unsafe { &mut *(*file.cast::<OpenFile>()).state }
}

unsafe extern "C" fn x_open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives room for an `OpenFile`, and null or a C string as the path. A file
    // without methods is not closed.
    unsafe {
        (*file).pMethods = ptr::null();
        let Some((disk, name)) = locate(path) else {
            return ffi::SQLITE_CANTOPEN;
        };
        let is_new = !disk.exists(name);
        if is_new && flags & ffi::SQLITE_OPEN_CREATE == 0 {
            return ffi::SQLITE_CANTOPEN;
        }
        let Ok(opened) = disk.open(name) else {
            return ffi::SQLITE_CANTOPEN;
        };
        let is_log = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
        let holding = Holding::of(disk.inner.id, &opened);
        let folder = folder_of(name).to_owned();
        let owes_folder_sync = is_new && is_log;
        let state = FileState { disk, file: opened, folder, holding, owes_folder_sync };
        ptr::write(
            file.cast::<OpenFile>(),
            OpenFile {
                base: ffi::sqlite3_file { pMethods: &METHODS },
                state: Box::into_raw(Box::new(state)),
            },
        );
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_delete(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    let Some((disk, name)) = (unsafe { locate(path) }) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    let removed = disk.remove(name).and_then(|()| match sync_folder {
        0 => Ok(()),
        _ => disk.sync_folder(folder_of(name)),
    });
    code(removed.is_ok(), ffi::SQLITE_IOERR_DELETE)
}

unsafe extern "C" fn x_access(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string, and a place for the answer.
    unsafe { *out = locate(path).is_some_and(|(disk, name)| disk.exists(name)).into() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a C string, and `size` bytes for the answer.
    unsafe {
        let bytes = CStr::from_ptr(path).to_bytes_with_nul();
        if usize::try_from(size).is_ok_and(|size| bytes.len() <= size) {
            ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
            ffi::SQLITE_OK
        } else {
            ffi::SQLITE_CANTOPEN
        }
    }
}

/// Who waits for another connection's lock gives that connection's thread the time that SQLite counts.
unsafe extern "C" fn x_sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    std::thread::sleep(Duration::from_micros(microseconds.unsigned_abs().into()));
    microseconds
}

unsafe extern "C" fn x_close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `x_open` leaked the state, and a file is closed once.
    drop(unsafe { Box::from_raw((*file.cast::<OpenFile>()).state) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_read(
    file: *mut ffi::sqlite3_file,
    out: *mut c_void,
    count: c_int,
    offset: i64,
) -> c_int {
    let (Ok(count), Ok(offset)) = (usize::try_from(count), u64::try_from(offset)) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: the file is open; SQLite gives `count` bytes to read into, which are zeroed before
    // they are borrowed.
    unsafe {
        ptr::write_bytes(out.cast::<u8>(), 0, count);
        let bytes = std::slice::from_raw_parts_mut(out.cast::<u8>(), count);
        match state(file).file.read_at(offset, bytes) {
            Ok(read) if read == count => ffi::SQLITE_OK,
            Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
            Err(_) => ffi::SQLITE_IOERR_READ,
        }
    }
}

unsafe extern "C" fn x_write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: i64,
) -> c_int {
    let (Ok(count), Ok(offset)) = (usize::try_from(count), u64::try_from(offset)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: the file is open; SQLite gives `count` bytes to write.
    unsafe {
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), count);
        match state(file).file.write_at(offset, bytes) {
            Ok(()) => ffi::SQLITE_OK,
            Err(error) if error.kind() == io::ErrorKind::StorageFull => ffi::SQLITE_FULL,
            Err(_) => ffi::SQLITE_IOERR_WRITE,
        }
    }
}

unsafe extern "C" fn x_truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let Ok(size) = u64::try_from(size) else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    // SAFETY: the file is open.
    let truncated = unsafe { state(file) }.file.set_len(size);
    code(truncated.is_ok(), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn x_sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let state = unsafe { state(file) };
    let mut synced = state.file.sync();
    if synced.is_ok() && std::mem::take(&mut state.owes_folder_sync) {
        synced = state.disk.sync_folder(&state.folder);
    }
    code(synced.is_ok(), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn x_file_size(file: *mut ffi::sqlite3_file, out: *mut i64) -> c_int {
    // SAFETY: the file is open; SQLite gives a place for the answer.
    unsafe {
        match state(file).file.size().map(i64::try_from) {
            Ok(Ok(size)) => {
                *out = size;
                ffi::SQLITE_OK
            }
            _ => ffi::SQLITE_IOERR_FSTAT,
        }
    }
}

unsafe extern "C" fn x_lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let locked = unsafe { state(file) }.holding.lock(lock_level(level));
    code(locked.is_ok(), ffi::SQLITE_BUSY)
}

unsafe extern "C" fn x_unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { state(file) }.holding.unlock(lock_level(level));
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: the file is open; SQLite gives a place for the answer.
    unsafe { *out = state(file).holding.is_reserved().into() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_file_control(
    _file: *mut ffi::sqlite3_file,
    _what: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn x_sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4096
}

/// What the system's layer says too: a torn write spares the bytes beside it.
unsafe extern "C" fn x_device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn x_shm_map(
    file: *mut ffi::sqlite3_file,
    index: c_int,
    size: c_int,
    make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (Ok(index), Ok(size)) = (usize::try_from(index), usize::try_from(size)) else {
        return ffi::SQLITE_IOERR_SHMMAP;
    };
    // SAFETY: the file is open; SQLite gives a place for the answer.
    unsafe {
        let region = state(file).holding.region(index, size, make != 0);
        *out = region.map_or(ptr::null_mut(), |start| start.cast());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let Some(slots) = slots(first, count) else {
        return ffi::SQLITE_IOERR_SHMLOCK;
    };
    // SAFETY: the file is open.
    let holding = unsafe { &mut state(file).holding };
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        holding.unlock_slots(slots);
        return ffi::SQLITE_OK;
    }
    let locked = holding.lock_slots(slots, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0);
    code(locked.is_ok(), ffi::SQLITE_BUSY)
}

unsafe extern "C" fn x_shm_barrier(_file: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn x_shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { state(file) }.holding.unmap();
    ffi::SQLITE_OK
}

fn slots(first: c_int, count: c_int) -> Option<Range<usize>> {
    let first = usize::try_from(first).ok()?;
    let end = first.checked_add(usize::try_from(count).ok()?)?;
    (end <= SLOTS).then_some(first..end)
}

fn lock_level(level: c_int) -> Level {
    match level {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

fn code(succeeded: bool, otherwise: c_int) -> c_int {
    if succeeded { ffi::SQLITE_OK } else { otherwise }
}
