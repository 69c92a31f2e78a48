//! How the store's types lie in columns, and the three kinds of statement.

use std::fmt::{self, Display};
use std::str::FromStr;

use inrou_rules::{CertificateId, Serial, Use};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// Runs a statement that changes rows; answers how many.
pub(super) fn change(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// The one row that a statement answers, if any.
pub(super) fn row<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_row(params, read).optional()?)
}

/// All rows that a statement answers.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map(params, read)?.collect::<rusqlite::Result<_>>()?)
}

/// A stored value that cannot be understood. Does not say what it is: it may be an attribute.
#[derive(Debug)]
struct Unreadable;

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stored value does not have its form")
    }
}

impl std::error::Error for Unreadable {}

fn unreadable() -> FromSqlError {
    FromSqlError::Other(Box::new(Unreadable))
}

/// A count or number. What is beyond SQL's integers is written as the highest of them: no row has
/// such a number.
pub(super) struct Number(pub u64);

impl ToSql for Number {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::try_from(value.as_i64()?).map(Self).map_err(|_| unreadable())
    }
}

/// A moment, in microseconds.
pub(super) struct Moment(pub Timestamp);

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // A fraction of the calendar's last second would not be read back.
        Ok(self.0.as_microsecond().min(Timestamp::MAX.as_second() * 1_000_000).into())
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_microsecond(value.as_i64()?).map(Self).map_err(|_| unreadable())
    }
}

/// A certificate, as the key of its row: the serial number, and the highest bit but the sign for
/// user-authentication. So a row lies beside its issuer's last one, without an index.
pub(super) struct Key(pub CertificateId);

/// Serial numbers beyond are no row's.
const HIGHEST_SERIAL: u64 = USAGE - 1;
const USAGE: u64 = 1 << 62;

impl Key {
    /// No row has it: serial numbers begin at 1.
    pub(super) const BEFORE_ALL: Self =
        Self(CertificateId { usage: Use::Signature, serial: Serial(0) });

    /// Where an issuer's rows begin, for those later than `after`, and where they end.
    pub(super) fn range(usage: Use, after: Option<Serial>) -> [Self; 2] {
        [after.unwrap_or(Serial(0)), Serial(HIGHEST_SERIAL)]
            .map(|serial| Self(CertificateId { usage, serial }))
    }
}

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let serial = self.0.serial.0.min(HIGHEST_SERIAL);
        let key = match self.0.usage {
            Use::Signature => serial,
            Use::UserAuthentication => USAGE | serial,
        };
        Ok(key.cast_signed().into())
    }
}

impl FromSql for Key {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Number(key) = Number::column_result(value)?;
        let usage = if key & USAGE == 0 { Use::Signature } else { Use::UserAuthentication };
        Ok(Self(CertificateId { usage, serial: Serial(key & HIGHEST_SERIAL) }))
    }
}

/// Anything with a written form of its own.
pub(super) struct Text<T>(pub T);

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl<T: FromStr> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(|_| unreadable())
    }
}

/// JSON text.
pub(super) struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(|_| unreadable())
    }
}

/// An enum without fields, by its name in JSON.
pub(super) struct Word<T>(pub T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(name)) => Ok(name.into()),
            _ => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(Unreadable))),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = serde_json::Value::String(value.as_str()?.to_owned());
        serde_json::from_value(name).map(Self).map_err(|_| unreadable())
    }
}
