//! How certificates lie in columns.

use inrou_rules::{CertificateId, Serial, Use};
use inrou_store::columns::Number;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

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
