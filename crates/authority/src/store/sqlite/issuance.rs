//! Serial numbers, intents and certificates.

use inrou_rules::{CertificateId, ChipId, ResidentId, Serial, Use};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::columns::Key;
use super::{counters, statuses};
use crate::store::{
    CertificateRecord, Holder, Intent, IntentKey, IntentSubject, NewIntent, Opaque, Partition,
    Precondition, SerialRange, StoreError,
};
use inrou_store::columns::{Moment, Text, change, row, rows};

pub(super) fn reserve(
    connection: &Connection,
    partition: Partition,
    count: u32,
    not_after: Timestamp,
) -> Result<SerialRange, StoreError> {
    let usage = partition.usage();
    let first = counters::take(connection, serial_counter(usage), count)?;
    for serial in first..first + u64::from(count) {
        let id = CertificateId { usage, serial: Serial(serial) };
        statuses::reserve(connection, id, partition, not_after)?;
    }
    Ok(SerialRange { usage, first: Serial(first), count })
}

pub(super) fn last_serial(connection: &Connection, usage: Use) -> Result<Serial, StoreError> {
    counters::last(connection, serial_counter(usage)).map(Serial)
}

pub(super) fn open_intent(
    connection: &Connection,
    intent: &NewIntent,
) -> Result<Intent, StoreError> {
    if let Some(recorded) = self::intent(connection, intent.key())? {
        return Ok(recorded);
    }
    let SerialRange { usage, first: serial, .. } =
        reserve(connection, intent.partition, 1, intent.not_after)?;
    let id = CertificateId { usage, serial };
    change(
        connection,
        "INSERT INTO intents (id, subject, usage, partition, not_after, body, is_open)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
        params![
            Key(id),
            subject_name(intent.subject),
            usage.as_str(),
            Text(intent.partition),
            Moment(intent.not_after),
            intent.body.0
        ],
    )?;
    Ok(Intent { id, intent: intent.clone() })
}

pub(super) fn close_intent(connection: &Connection, key: IntentKey) -> Result<(), StoreError> {
    let (subject, usage) = (subject_name(key.subject), key.usage.as_str());
    // The certificate itself is the record of its serial number.
    let ended = change(
        connection,
        "DELETE FROM intents WHERE subject = ?1 AND usage = ?2 AND is_open = 1
             AND EXISTS (SELECT 1 FROM certificates WHERE certificates.id = intents.id)",
        params![subject, usage],
    )?;
    let closed = match ended {
        0 => change(
            connection,
            "UPDATE intents SET is_open = 0 WHERE subject = ?1 AND usage = ?2 AND is_open = 1",
            params![subject, usage],
        )?,
        ended => ended,
    };
    if closed == 1 { Ok(()) } else { Err(Precondition::IntentNotOpen.into()) }
}

pub(super) fn intent(
    connection: &Connection,
    key: IntentKey,
) -> Result<Option<Intent>, StoreError> {
    row(
        connection,
        "SELECT id, partition, not_after, body FROM intents
         WHERE subject = ?1 AND usage = ?2 AND is_open = 1",
        params![subject_name(key.subject), key.usage.as_str()],
        |row| {
            let (Key(id), Text(partition), Moment(not_after)) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let body = Opaque(row.get(3)?);
            Ok(Intent {
                id,
                intent: NewIntent { subject: key.subject, partition, not_after, body },
            })
        },
    )
}

pub(super) fn put_certificate(
    connection: &Connection,
    certificate: &CertificateRecord,
) -> Result<(), StoreError> {
    let CertificateRecord { id, generation, partition, holder, not_after, der } = certificate;
    let inserted = change(
        connection,
        "INSERT INTO certificates (id, generation, partition, resident, chip, not_after, der)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        params![
            Key(*id),
            generation,
            Text(partition),
            holder.as_ref().map(|holder| holder.resident.as_bytes()),
            holder.as_ref().map(|holder| holder.chip.as_bytes()),
            Moment(*not_after),
            der
        ],
    )?;
    if inserted == 0 {
        return Err(Precondition::AlreadyRecorded.into());
    }
    match statuses::one(connection, *id)? {
        Some(reserved) if reserved.partition == *partition => Ok(()),
        _ => Err(Precondition::SerialNotReserved.into()),
    }
}

pub(super) fn certificate(
    connection: &Connection,
    id: CertificateId,
) -> Result<Option<CertificateRecord>, StoreError> {
    row(
        connection,
        "SELECT id, generation, partition, resident, chip, not_after, der
         FROM certificates WHERE id = ?1",
        [Key(id)],
        read_certificate,
    )
}

pub(super) fn in_chip(
    connection: &Connection,
    chip: ChipId,
    after: Option<CertificateId>,
    limit: u32,
) -> Result<Vec<CertificateRecord>, StoreError> {
    rows(
        connection,
        "SELECT id, generation, partition, resident, chip, not_after, der
         FROM certificates WHERE chip = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        params![chip.as_bytes(), after.map_or(Key::BEFORE_ALL, Key), limit],
        read_certificate,
    )
}

fn serial_counter(usage: Use) -> &'static str {
    match usage {
        Use::Signature => "serial/signature",
        Use::UserAuthentication => "serial/user-authentication",
    }
}

fn subject_name(subject: IntentSubject) -> String {
    match subject {
        IntentSubject::Card(card) => format!("card/{card}"),
        IntentSubject::Enrolment(enrolment) => format!("enrolment/{enrolment}"),
    }
}

fn read_certificate(row: &Row<'_>) -> rusqlite::Result<CertificateRecord> {
    let (Key(id), Text(partition), Moment(not_after)) = (row.get(0)?, row.get(2)?, row.get(5)?);
    let resident: Option<[u8; 16]> = row.get(3)?;
    let chip: Option<[u8; 16]> = row.get(4)?;
    Ok(CertificateRecord {
        id,
        generation: row.get(1)?,
        partition,
        holder: resident.zip(chip).map(|(resident, chip)| Holder {
            resident: ResidentId::from_bytes(resident),
            chip: ChipId::from_bytes(chip),
        }),
        not_after,
        der: row.get(6)?,
    })
}
