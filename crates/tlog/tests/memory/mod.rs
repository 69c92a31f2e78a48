//! A store of files in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use inrou_tlog::Tile;
use inrou_tlog::log::Store;
use inrou_tlog::tree::Files;

#[derive(Clone, Default)]
pub struct Memory(pub RefCell<BTreeMap<String, Vec<u8>>>);

impl Files for Memory {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.borrow().get(path).cloned().ok_or(io::ErrorKind::NotFound.into())
    }
}

impl Store for Memory {
    fn write(&self, path: &str, content: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().insert(path.to_owned(), content.to_owned());
        Ok(())
    }

    fn remove_partial(&self, full: Tile) -> io::Result<()> {
        self.0.borrow_mut().retain(|path, _| !path.starts_with(&format!("{full}.p/")));
        Ok(())
    }
}
