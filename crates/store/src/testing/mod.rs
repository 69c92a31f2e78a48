//! Loss of power, for tests: disks in memory that lose what was not synced, and the SQLite file layer
//! on them.
//!
//! Everything that one [`PowerCut`] feeds fails at the same step, so that the store and whatever else
//! lies on its [`Disk`]s share one timeline. A test runs a history with the power cut at step 1, then
//! at step 2, and so on until the history ends before the cut comes:
//!
//! ```
//! use inrou_store::testing::{Disk, Loss, PowerCut};
//!
//! let mut step = 1;
//! loop {
//!     let power = PowerCut::at(step, Loss::Everything);
//!     let disk = Disk::new(power.clone());
//!     let written = (|| {
//!         let file = disk.open("seal")?;
//!         disk.sync_folder("")?;
//!         file.write_at(0, b"old")?;
//!         file.sync()?;
//!         file.write_at(0, b"new")?;
//!         file.sync()
//!     })();
//!     if written.is_ok() {
//!         break;
//!     }
//!     power.restore();
//!     // Here the test looks at what is left: at most a part of what was not synced.
//!     assert!(step > 1 || !disk.exists("seal"));
//!     step += 1;
//! }
//! assert_eq!(step, 6);
//! ```

mod disk;
mod inode;
mod locks;
mod power;
mod vfs;

pub use disk::{Disk, DiskFile, Fault};
pub use power::{Loss, PowerCut};
pub use vfs::vfs_path;
