//! The authority's file: the number of the last token, and the certificates of its generations.

use std::path::Path;

use inrou_api::problem::{Code, Problem};
use inrou_pki::Certificate;
use inrou_store::{Database, Opening, Schema, Settings, Unmet};
use rusqlite::Connection;

/// Each form of the schema, from an empty file on. What was released is never changed.
const SCHEMA: Schema = &[include_str!("v1.sql")];

/// Why the store did not do what it was asked.
pub type StoreError = inrou_store::StoreError<Never>;

/// Nothing is taken for granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Never {}

impl Unmet for Never {}

/// A store in one SQLite file.
pub struct Store {
    database: Database<Never>,
}

/// The certificates of a generation.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    pub(crate) number: u32,
    pub(crate) issuer: Certificate,
    pub(crate) unit: Certificate,
}

impl Store {
    /// Opens the file, or makes it for its owner alone.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let opening = Opening::new(file, SCHEMA, Settings::default());
        Ok(Self { database: Database::open(opening, |_| Ok(()))? })
    }

    /// The number of the next token: durable before it is given, so that it is given once.
    pub(crate) async fn next_number(&self) -> Result<u64, StoreError> {
        let next = "UPDATE counter SET last = last + 1 RETURNING last";
        let next = move |connection: &Connection| {
            let number: i64 = connection.prepare_cached(next)?.query_row([], |row| row.get(0))?;
            u64::try_from(number).map_err(StoreError::corrupt)
        };
        self.database.write(next).await
    }

    /// Keeps a generation. Blocks until it is durable.
    pub(crate) fn keep(&self, made: &Certificates) -> Result<(), StoreError> {
        let Certificates { number, issuer, unit } = made.clone();
        let keep = move |connection: &Connection| {
            let insert = "INSERT INTO generation (number, issuer, unit) VALUES (?1, ?2, ?3)";
            connection.execute(insert, (number, issuer.as_der(), unit.as_der()))?;
            Ok(())
        };
        self.database.write(keep).wait()
    }

    /// The certificates of all issuers, the oldest first.
    ///
    /// # Errors
    /// What the medium says.
    pub fn issuers(&self) -> Result<Vec<Certificate>, StoreError> {
        Ok(self.generations()?.into_iter().map(|each| each.issuer).collect())
    }

    /// Every generation, the oldest first.
    pub(crate) fn generations(&self) -> Result<Vec<Certificates>, StoreError> {
        self.database.read(|connection| {
            let all = "SELECT number, issuer, unit FROM generation ORDER BY number";
            let mut statement = connection.prepare_cached(all)?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.map(|row| {
                let (number, issuer, unit): (u32, Vec<u8>, Vec<u8>) = row?;
                let read = |der: &[u8]| Certificate::from_der(der).map_err(StoreError::corrupt);
                Ok(Certificates { number, issuer: read(&issuer)?, unit: read(&unit)? })
            })
            .collect()
        })
    }
}

/// What a failure of the store means to a caller.
pub(crate) fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Busy | StoreError::Closed | StoreError::Full | StoreError::Failed(_) => {
            Problem::new(Code::STORE_UNAVAILABLE).caused_by(error)
        }
        error => Problem::internal(error),
    }
}
