//! A file with what a site keeps.

use std::convert::Infallible;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use inrou_api::problem::{OrInternal, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a site keeps: in memory, and in one file of JSON, which is replaced whole by each change. Enough for
/// an example; a site with more than a few thousand entries takes a database.
#[derive(Clone)]
pub struct Book<T>(Arc<Inner<T>>);

struct Inner<T> {
    path: PathBuf,
    kept: Mutex<T>,
}

impl<T: Clone + Default + DeserializeOwned + Serialize + Send + 'static> Book<T> {
    /// Opens the file, or begins one.
    ///
    /// # Errors
    /// It cannot be read, or is no such book.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let kept = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => T::default(),
            Err(error) => return Err(error),
        };
        Ok(Self(Arc::new(Inner { path, kept: Mutex::new(kept) })))
    }

    /// Looks something up.
    pub fn look<R>(&self, at: impl FnOnce(&T) -> R) -> R {
        at(&self.0.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes it by what is never refused.
    ///
    /// # Errors
    /// `internal-error` if the file cannot be written.
    pub async fn note<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Problem> {
        let Ok(answer) = self.change(|kept| Ok::<_, Infallible>(change(kept))).await?;
        Ok(answer)
    }

    /// Changes it. A change that is refused leaves it as it was; one that is answered for is on the disk.
    ///
    /// # Errors
    /// `internal-error` if the file cannot be written.
    pub async fn change<R, E>(
        &self,
        change: impl FnOnce(&mut T) -> Result<R, E> + Send + 'static,
    ) -> Result<Result<R, E>, Problem>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let inner = self.0.clone();
        let work = move || {
            let mut kept = inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut next = kept.clone();
            let answer = change(&mut next);
            if answer.is_ok() {
                write(&inner.path, &serde_json::to_vec(&next)?)?;
                *kept = next;
            }
            Ok::<_, io::Error>(answer)
        };
        tokio::task::spawn_blocking(work).await.or_internal()?.or_internal()
    }
}

/// Replaces a file whole and durably. Nobody else reads it: names and addresses stand in it, or a key.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let next = path.with_extension("next");
    // One that was left over may be readable by others.
    match fs::remove_file(&next) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn what_is_changed_is_there_again_and_what_is_refused_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("book.json");
        let book = Book::<Vec<u32>>::open(path.clone()).unwrap();
        book.note(|all: &mut Vec<u32>| all.push(7)).await.unwrap();
        let refused = book.change(|all: &mut Vec<u32>| {
            all.clear();
            Err::<(), _>("no")
        });
        assert_eq!(refused.await.unwrap(), Err("no"));
        assert_eq!(book.look(Vec::clone), [7]);
        assert_eq!(Book::<Vec<u32>>::open(path.clone()).unwrap().look(Vec::clone), [7]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "{").unwrap();
        assert!(Book::<Vec<u32>>::open(path).is_err());
    }
}
