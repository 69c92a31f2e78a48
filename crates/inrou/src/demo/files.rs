//! What the demo brings, as files for strangers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Transcript, denied};
use crate::fault::Fault;

/// Files by their names.
#[derive(Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    pub(super) fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), content.into());
    }

    /// The content of a file.
    pub fn content(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Every demo writes it first, and by it a folder is known that a demo has written to.
const TRANSCRIPT: &str = "transcript.json";

/// The kinds of files that a demo writes beside it.
const SUFFIXES: [&str; 5] = [".pem", ".der", ".crl", ".txt", ".p7s"];

/// A folder that is there, and holds nothing but what an earlier demo wrote.
#[derive(Debug)]
pub struct OutFolder(PathBuf);

impl OutFolder {
    /// Takes a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// `folder-not-empty` if it holds anything that no demo wrote; `not-a-folder`, `file-access-denied`.
    pub fn claim(path: &Path) -> Result<Self, Fault> {
        fs::create_dir_all(path).map_err(|cause| Fault::of_folder(path, &cause))?;
        let folder = Self(path.to_owned());
        let names = folder.names().map_err(|_| denied(path))?;
        let is_of_demo = |name: &Option<String>| name.as_deref().is_some_and(is_of_demo);
        let has_transcript = names.iter().any(|name| name.as_deref() == Some(TRANSCRIPT));
        if names.is_empty() || (has_transcript && names.iter().all(is_of_demo)) {
            Ok(folder)
        } else {
            Err(Fault::new("folder-not-empty").with("path", path.display()))
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the files, in the place of those of an earlier demo.
    ///
    /// # Errors
    /// `file-access-denied`.
    pub fn write(&self, files: &Files, transcript: &Transcript) -> Result<(), Fault> {
        let transcript = transcript.to_json().map_err(|_| Fault::new("internal-error"))?;
        let write = |name: &str, content: &[u8]| {
            let path = self.0.join(name);
            fs::write(&path, content).map_err(|_| denied(&path))
        };
        write(TRANSCRIPT, transcript.as_bytes())?;
        for name in self.names().map_err(|_| denied(&self.0))?.into_iter().flatten() {
            if name != TRANSCRIPT && is_of_demo(&name) {
                fs::remove_file(self.0.join(&name)).map_err(|_| denied(&self.0.join(&name)))?;
            }
        }
        files.0.iter().try_for_each(|(name, content)| write(name, content))
    }

    /// The names of what lies in it; `None` for what is no file, or has no name in Unicode.
    fn names(&self) -> io::Result<Vec<Option<String>>> {
        let name = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let is_file = entry.file_type()?.is_file();
            Ok(entry.file_name().into_string().ok().filter(|_| is_file))
        };
        fs::read_dir(&self.0)?.map(name).collect()
    }
}

/// Whether a demo may have written a file of this name.
fn is_of_demo(name: &str) -> bool {
    name == TRANSCRIPT || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use inrou_words::Language;

    use super::*;

    fn files(names: &[&str]) -> Files {
        let mut files = Files::default();
        names.iter().for_each(|name| files.add(*name, name.as_bytes()));
        files
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_later_demo_takes_the_place_of_an_earlier_one() {
        let root = tempfile::tempdir().unwrap();
        let (path, transcript) = (root.path().join("a/b"), Transcript::of(root.path()));
        let folder = OutFolder::claim(&path).unwrap();
        folder.write(&files(&["old.pem", "same.der"]), &transcript).unwrap();
        assert_eq!(names(&path), ["old.pem", "same.der", TRANSCRIPT]);
        let folder = OutFolder::claim(&path).unwrap();
        folder.write(&files(&["new.crl", "same.der"]), &transcript).unwrap();
        assert_eq!(names(&path), ["new.crl", "same.der", TRANSCRIPT]);
        assert_eq!(fs::read_to_string(path.join(TRANSCRIPT)).unwrap(), "[\n\n]\n");
    }

    #[test]
    fn what_no_demo_wrote_is_left_alone() {
        for (there, is_folder) in [
            (&["application.txt"][..], false),
            (&["transcript.json", "notes.md"], false),
            (&["transcript.json", "mine.pem"], true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            for (number, name) in there.iter().enumerate() {
                let path = folder.path().join(name);
                if is_folder && number > 0 {
                    fs::create_dir(path).unwrap();
                } else {
                    fs::write(path, "mine").unwrap();
                }
            }
            let lines = OutFolder::claim(folder.path()).unwrap_err().lines(Language::En);
            assert!(lines.contains("holds things that no demo wrote"), "{lines}");
            assert!(lines.contains("--out"), "{lines}");
            assert_eq!(names(folder.path()).len(), there.len());
        }
    }

    #[test]
    fn a_place_that_cannot_be_a_folder_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = OutFolder::claim(file.path()).unwrap_err().lines(Language::En);
        assert!(lines.contains(&file.path().display().to_string()), "{lines}");
    }
}
