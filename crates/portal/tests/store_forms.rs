//! The store's forms: each that was ever released stays readable, and is brought to today's.
#![allow(clippy::unwrap_used)]

mod support {
    pub mod forms;
}

use std::path::{Path, PathBuf};

use inrou_pki::SeededEntropy;
use inrou_portal::store::SqliteStore;
use rusqlite::Connection;
use support::forms::{FIXTURES, read_and_go_on, restore_to};

fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, &SeededEntropy::new(1)).unwrap()
}

/// A file of form `form`, as its fixture has it.
fn restored(folder: &Path, form: usize) -> PathBuf {
    let file = folder.join(form.to_string());
    restore_to(&Connection::open(&file).unwrap(), form);
    file
}

/// Name and text of everything in the schema.
fn schema(file: &Path) -> Vec<(String, Option<String>)> {
    let connection = Connection::open(file).unwrap();
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_form_has_a_fixture_with_a_row_in_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    drop(open(&new));
    let known: usize = Connection::open(&new)
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0))
        .unwrap() as usize;
    assert_eq!(FIXTURES.len(), known);
    for form in 1..=FIXTURES.len() {
        let file = restored(folder.path(), form);
        let connection = Connection::open(&file).unwrap();
        for (name, sql) in schema(&file) {
            if sql.is_some_and(|sql| sql.starts_with("CREATE TABLE")) {
                let query = format!("SELECT count(*) FROM {name}");
                let rows: u32 = connection.query_row(&query, [], |row| row.get(0)).unwrap();
                assert!(rows > 0, "{name} of form {form}");
            }
        }
    }
}

#[test]
fn every_form_is_brought_to_the_form_of_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    drop(open(&new));
    for form in 1..=FIXTURES.len() {
        let file = restored(folder.path(), form);
        drop(open(&file));
        assert_eq!(schema(&file), schema(&new), "form {form}");
    }
}

#[test]
fn a_store_of_any_form_is_read_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    for form in 1..=FIXTURES.len() {
        let file = restored(folder.path(), form);
        for _ in 0..2 {
            read_and_go_on(&open(&file));
        }
    }
}
