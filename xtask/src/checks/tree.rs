//! The files of the repository.

use std::fs;
use std::process::Command;

use crate::run::{ask, root};

/// Every file that is or could be committed, if it is text.
pub(crate) struct Tree {
    /// The files.
    pub(crate) files: Vec<File>,
}

/// A text file.
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl Tree {
    /// Reads the working tree: what git knows and what it does not ignore.
    ///
    /// # Errors
    /// In words, when git cannot be asked.
    pub(crate) fn read() -> Result<Self, String> {
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let list = ask(git.current_dir(root())).ok_or("git cannot list the files here")?;
        let files = list.split_terminator('\0').filter_map(|path| {
            let text = fs::read_to_string(root().join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        });
        Ok(Self { files: files.collect() })
    }

    /// Those whose name ends so.
    pub(crate) fn ending(&self, ending: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.ends_with(ending))
    }

    /// A tree for a test.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| File { path: path.into(), text: text.into() };
        Self { files: files.iter().map(file).collect() }
    }
}

impl File {
    /// Its lines, counted from 0.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate()
    }
}
