//! Phones: a resident has one at most, by a unique index.

use inrou_rules::{ChipId, ResidentId};
use rusqlite::{Connection, Params, Row, params};

use crate::store::{PhoneRecord, Precondition, StoreError, Version, Versioned};
use inrou_store::columns::{Number, Word, row};
use inrou_store::is_unique_violation;

pub(super) fn put(
    connection: &Connection,
    expected: Option<Version>,
    phone: &PhoneRecord,
) -> Result<(), StoreError> {
    let resident = phone.resident.as_ref().map(ResidentId::as_bytes);
    let platform = Word(phone.platform);
    let changed = match expected {
        None => execute(
            connection,
            "INSERT INTO phones (chip, version, device_key, model, platform, resident)
             VALUES (?1, 1, ?2, ?3, ?4, ?5) ON CONFLICT (chip) DO NOTHING",
            params![phone.chip.as_bytes(), phone.device_key, phone.model, platform, resident],
        ),
        Some(Version(version)) => execute(
            connection,
            "UPDATE phones SET version = version + 1, device_key = ?3, model = ?4, platform = ?5,
                 resident = ?6
             WHERE chip = ?1 AND version = ?2",
            params![
                phone.chip.as_bytes(),
                Number(version),
                phone.device_key,
                phone.model,
                platform,
                resident
            ],
        ),
    }?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

pub(super) fn one(
    connection: &Connection,
    chip: ChipId,
) -> Result<Option<Versioned<PhoneRecord>>, StoreError> {
    row(
        connection,
        "SELECT chip, version, device_key, model, platform, resident FROM phones WHERE chip = ?1",
        [chip.as_bytes()],
        read_phone,
    )
}

fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    connection.prepare_cached(sql)?.execute(params).map_err(|error| {
        if is_unique_violation(&error) {
            Precondition::ResidentHasPhone.into()
        } else {
            error.into()
        }
    })
}

fn read_phone(row: &Row<'_>) -> rusqlite::Result<Versioned<PhoneRecord>> {
    let Number(version) = row.get(1)?;
    let Word(platform) = row.get(4)?;
    let phone = PhoneRecord {
        chip: ChipId::from_bytes(row.get(0)?),
        device_key: row.get(2)?,
        model: row.get(3)?,
        platform,
        resident: row.get::<_, Option<_>>(5)?.map(ResidentId::from_bytes),
    };
    Ok(Versioned { version: Version(version), value: phone })
}
