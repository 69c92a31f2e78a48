//! Loss of power, for tests: a store on a disk in memory that loses what was not synced.

use inrou_pki::Entropy;
use inrou_store::Settings;

pub use inrou_store::testing::{Disk, Fault, Loss, PowerCut};

use super::{SqliteStore, StoreError};

/// Opens a store in a file on a disk, with few pages in its log, so that it is carried over into the main
/// file again and again.
///
/// # Errors
/// As [`SqliteStore::open`], but for `InUse`.
pub fn open_sqlite(
    disk: &Disk,
    name: &str,
    entropy: &dyn Entropy,
) -> Result<SqliteStore, StoreError> {
    let settings = Settings { readers: 1, checkpoint_pages: 16 };
    let (layer, file) = inrou_store::testing::vfs_path(disk, name).map_err(StoreError::failed)?;
    SqliteStore::open_on((layer, &file), settings, entropy)
}
