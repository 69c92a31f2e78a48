//! `cargo xtask gallery`: every screen on the way of every journey, as pages to walk through.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::run::{cargo, root, run};

/// Walks every journey, takes the pictures, writes the pages; `true` if every journey went well.
pub(crate) fn make(folder: Option<&str>) -> bool {
    let folder = folder.map_or_else(|| root().join("target/gallery"), PathBuf::from);
    // Pictures of another day are taken down, from a folder that is a gallery's.
    let index = fs::read_to_string(folder.join("index.html")).unwrap_or_default();
    let is_empty = fs::read_dir(&folder).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !index.contains("cargo xtask gallery") {
        println!("{} holds something else than a gallery", folder.display());
        return false;
    }
    if let Err(error) = fs::remove_dir_all(&folder).or_else(is_missing) {
        println!("cannot empty {}: {error}", folder.display());
        return false;
    }
    let made = fs::create_dir_all(&folder).and_then(|()| folder.canonicalize());
    let folder = match made {
        Ok(folder) => folder,
        Err(error) => {
            println!("cannot make {}: {error}", folder.display());
            return false;
        }
    };
    let test = ["test", "--package", "inrou-journeys", "--test", "screens", "--no-fail-fast"];
    let walked = run(cargo(test).env("INROU_GALLERY", &folder)).success;
    let write = ["run", "--quiet", "--package", "inrou-journeys", "--example", "gallery", "--"];
    let written = run(cargo(write).arg(&folder)).success;
    walked && written
}

fn is_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
