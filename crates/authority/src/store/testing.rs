//! Loss of power, for tests: what lies on disks in memory that lose what was not synced. A store's file
//! and whatever else lies on them share one timeline.

pub use inrou_store::testing::{Disk, DiskFile, Fault, Loss, PowerCut, vfs_path};

mod files;

pub use files::DiskFiles;

use super::{SqliteSettings, SqliteStore, StoreError};

/// Opens a store in a file on a disk.
///
/// # Errors
/// As [`SqliteStore::open`], but for `InUse`.
pub fn open_sqlite(
    disk: &Disk,
    name: &str,
    settings: SqliteSettings,
) -> Result<SqliteStore, StoreError> {
    let (layer, file) = vfs_path(disk, name).map_err(StoreError::failed)?;
    SqliteStore::open_on(layer, &file, settings)
}
