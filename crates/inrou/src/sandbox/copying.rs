//! Folders, copied whole and durably.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Copies a file, or a folder with all that is in it, with its access rights, durably.
///
/// # Errors
/// The system's; what was copied until then stays.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let about = fs::symlink_metadata(from)?;
    if about.is_dir() {
        if !to.is_dir() {
            fs::create_dir(to)?;
        }
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        fs::set_permissions(to, about.permissions())?;
        return sync_folder(to);
    }
    if about.is_file() {
        fs::copy(from, to)?;
        File::open(to)?.sync_all()?;
    }
    // Sockets and the like are no part of a state.
    Ok(())
}

/// How long all files below are together, in bytes; 0 if there are none.
///
/// # Errors
/// The system's.
pub(super) fn size_of(path: &Path) -> io::Result<u64> {
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        about => about?,
    };
    if !about.is_dir() {
        return Ok(about.len());
    }
    fs::read_dir(path)?.map(|entry| size_of(&entry?.path())).sum()
}

/// Removes a file, or a folder with all that is in it, if it is there.
///
/// # Errors
/// The system's.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Err(error) => Err(error),
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes what a folder lists durable.
///
/// # Errors
/// The system's.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_copy_has_all_files_with_their_rights() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs::create_dir_all(from.join("below")).unwrap();
        fs::write(from.join("below/secret"), "12345").unwrap();
        fs::set_permissions(from.join("below/secret"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(from.join("below"), fs::Permissions::from_mode(0o700)).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(from.join("socket")).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("below/secret")).unwrap(), "12345");
        let mode = |path: &str| fs::metadata(to.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("below"), mode("below/secret")), (0o700, 0o600));
        assert!(!to.join("socket").exists());
        assert_eq!(size_of(&to).unwrap(), 5);
        remove_if_there(&to).unwrap();
        remove_if_there(&to).unwrap();
        assert_eq!(size_of(&to).unwrap(), 0);
    }
}
