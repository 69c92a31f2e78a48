//! A representative history: one resident's card, application, phone and revocation, and what a
//! service does beside. Each step is one unit, made from what the store holds.

use inrou_authority::store::{
    Actor, CertificateRecord, CrlRecord, Document, IntentKey, IntentSubject, JournalEntry, NewJob,
    Opaque, Partition, Status, StatusVersion, Store, StoreError, Unit, Version, Write,
};
use inrou_rules::{
    Certificate, CertificateStatus, Event, Medium, Platform, RecordVersion, RevocationReason, Use,
    Uses,
};

use super::samples::*;

/// The unit of a step. It fails only with the store.
pub type Step = fn(&dyn Store) -> Result<Unit, StoreError>;

/// The history.
pub const STEPS: &[Step] = &[
    |_| admit(1),
    |_| admit(2),
    |_| open_intents(IntentSubject::Card(card(1)), Medium::Card),
    |store| issue(store, IntentSubject::Card(card(1)), Medium::Card),
    |store| put_statuses(store, Medium::Card, Status::Good),
    register_phone,
    enrol,
    apply,
    complete,
    refused,
    |_| Ok(take_jobs()),
    |_| open_intents(IntentSubject::Enrolment(enrolment(1)), Medium::Phone),
    |store| issue(store, IntentSubject::Enrolment(enrolment(1)), Medium::Phone),
    |store| put_statuses(store, Medium::Phone, Status::Good),
    |store| put_document(store, 60_000),
    |_| Ok(Write::ReserveCrlNumber(partition(Use::Signature, Medium::Phone)).into()),
    publish,
    |store| put_statuses(store, Medium::Phone, Status::Held { since: at(300) }),
    |store| put_statuses(store, Medium::Phone, Status::Good),
    |_| Ok(Write::PutPhone { expected: None, phone: phone(2, None) }.into()),
    change_phone,
    |store| put_statuses(store, Medium::Phone, Status::Held { since: at(350) }),
    many_events,
    |store| put_document(store, 20),
    |store| {
        let revoked = Status::Revoked { at: at(400), reason: RevocationReason::Superseded };
        put_statuses(store, Medium::Phone, revoked)
    },
    |store| Ok(Write::ForgetGood { up_to: store.status_version()? }.into()),
    |_| Ok(Write::Prune { now: at(500), limit: 100 }.into()),
];

/// Nonces that are spent once so many steps are done.
pub const NONCES: [(usize, &str); 2] = [(6, "registration"), (8, "application")];

/// Goes on with the history after `done` steps; answers how many are done in the end.
pub fn go_on(store: &dyn Store, mut done: usize) -> usize {
    while let Some(step) = STEPS.get(done) {
        match step(store).and_then(|unit| store.commit(unit)) {
            Ok(_) | Err(StoreError::Conflict) => done += 1,
            Err(StoreError::Precondition(precondition)) => panic!("step {done}: {precondition:?}"),
            Err(_) => break,
        }
    }
    done
}

/// What a worker does first.
pub fn take_jobs() -> Unit {
    Write::LeaseJobs { now: at(100), until: at(160), limit: 10 }.into()
}

fn admit(n: u8) -> Result<Unit, StoreError> {
    Ok(Unit::from_iter([
        Write::PutResident { expected: None, resident: Box::new(resident(n)) },
        Write::PutAttributes(attributes(n)),
        Write::AppendEvent(admitted(n)),
    ]))
}

fn open_intents(subject: IntentSubject, medium: Medium) -> Result<Unit, StoreError> {
    let intents = Use::ALL.map(|usage| intent(subject, partition(usage, medium), "from"));
    Ok(intents.into_iter().map(Write::OpenIntent).collect())
}

/// Stores the certificates of the open intents, with all that belongs to them.
fn issue(store: &dyn Store, subject: IntentSubject, medium: Medium) -> Result<Unit, StoreError> {
    let mut unit = touch_resident(store, 1)?;
    for usage in Use::ALL {
        let key = IntentKey { subject, usage };
        let Some(intent) = store.intent(key)? else {
            continue;
        };
        let record = certificate(intent.id, intent.intent.partition, 1);
        unit.push(Write::AppendEvent(issued(&record, medium)));
        unit.push(Write::PutCertificate(record));
        unit.push(Write::CloseIntent(key));
    }
    if medium == Medium::Phone {
        unit.extend(ready(store)?);
    }
    Ok(unit)
}

fn issued(record: &CertificateRecord, medium: Medium) -> JournalEntry {
    let certificate = Certificate {
        id: record.id,
        medium,
        chip: chip(1),
        not_before: at(0),
        not_after: record.not_after,
        record: RecordVersion(0),
        source: None,
        status: CertificateStatus::Issued,
        reapplication: None,
    };
    entry(1, Event::CertificateIssued { certificate })
}

/// The end of the job: the phone serves the resident, and is told.
fn ready(store: &dyn Store) -> Result<Vec<Write>, StoreError> {
    let event = Event::RegistrationReady {
        enrolment: enrolment(1),
        chip: chip(1),
        platform: Platform::Android,
        at: at(120),
    };
    let mut writes = vec![
        Write::AppendEvent(entry(1, event)),
        Write::PutPhone { expected: Some(Version(1)), phone: phone(1, Some(1)) },
        Write::Send(message(chip(1), "registration-ready")),
    ];
    for job in store.jobs(None, 10)? {
        writes.push(Write::CompleteJob(job.lease()));
    }
    Ok(writes)
}

fn put_statuses(store: &dyn Store, medium: Medium, status: Status) -> Result<Unit, StoreError> {
    let mut unit = touch_resident(store, 1)?;
    for record in store.certificates_in(chip(1), None, 10)? {
        if record.partition == partition(record.id.usage, medium) {
            unit.push(Write::PutStatus { id: record.id, status });
        }
    }
    unit.push(Write::AppendEvent(deletion(1, 1)));
    Ok(unit)
}

fn register_phone(_: &dyn Store) -> Result<Unit, StoreError> {
    Ok(Unit::from_iter([
        Write::SpendNonce(nonce(NONCES[0].1, 1000)),
        Write::PutPhone { expected: None, phone: phone(1, None) },
        Write::PutIdempotency(answer(ANSWERS[0], 450)),
    ]))
}

fn enrol(_: &dyn Store) -> Result<Unit, StoreError> {
    let enrolment = Document {
        owner: Some(chip(1).to_string()),
        expires: Some(at(10_000)),
        ..document(ENROLMENT, "1", b"started")
    };
    Ok(Write::PutDocument { expected: None, document: enrolment }.into())
}

fn apply(store: &dyn Store) -> Result<Unit, StoreError> {
    let event = Event::ApplicationSigned {
        enrolment: enrolment(1),
        chip: chip(1),
        platform: Platform::Android,
        uses: Uses::BOTH,
        signed_with: id(Use::Signature, 1),
        replaces: None,
        at: at(50),
    };
    let mut unit = touch_resident(store, 1)?;
    unit.extend([
        Write::SpendNonce(nonce(NONCES[1].1, 1000)),
        Write::AppendEvent(JournalEntry {
            actor: Actor::Card { chip: chip(1) },
            ..entry(1, event)
        }),
        Write::PutDocument {
            expected: Some(Version(1)),
            document: document(ENROLMENT, "1", b"signed"),
        },
        Write::PutIdempotency(answer(ANSWERS[1], 1000)),
    ]);
    Ok(unit)
}

fn complete(store: &dyn Store) -> Result<Unit, StoreError> {
    let event = Event::ApplicationCompleted { enrolment: enrolment(1), at: at(60), due: at(100) };
    let mut unit = touch_resident(store, 1)?;
    unit.extend([
        Write::AppendEvent(entry(1, event)),
        Write::AddJob(job("1", 100)),
        Write::Send(message(chip(1), "application-received")),
    ]);
    Ok(unit)
}

/// A unit that does much and fails at its last write.
fn refused(_: &dyn Store) -> Result<Unit, StoreError> {
    Ok(Unit::from_iter([
        Write::ReserveSerials {
            partition: Partition::Own { usage: Use::Signature },
            count: 5,
            not_after: at(9),
        },
        Write::AppendEvent(deletion(2, 9)),
        Write::Send(message(chip(2), "never-sent")),
        Write::AddJob(job("never", 1)),
        Write::PutDocument { expected: None, document: document(SETTING, "never", &[1; 30_000]) },
        Write::PutResident { expected: None, resident: Box::new(resident(1)) },
    ]))
}

fn publish(store: &dyn Store) -> Result<Unit, StoreError> {
    let partition = partition(Use::Signature, Medium::Phone);
    Ok(Write::PutCrl(CrlRecord {
        partition,
        number: 1,
        this_update: at(200),
        next_update: at(86_600),
        entries: 0,
        status_version: StatusVersion(store.status_version()?.0),
    })
    .into())
}

/// The resident's phone is left for another one, and its deletion is watched (MOVE-2, MOVE-3).
fn change_phone(store: &dyn Store) -> Result<Unit, StoreError> {
    let event = Event::PhoneRetired { chip: chip(1), platform: Platform::Android, at: at(320) };
    let mut unit = touch_resident(store, 1)?;
    unit.extend([
        Write::AppendEvent(entry(1, event)),
        Write::PutPhone { expected: Some(Version(2)), phone: phone(1, None) },
        Write::PutPhone { expected: Some(Version(1)), phone: phone(2, Some(1)) },
        Write::AddJob(NewJob { kind: "watch-deletion".to_owned(), ..job("1", 5000) }),
        Write::Send(message(chip(1), "certificates-revoked")),
    ]);
    Ok(unit)
}

fn many_events(store: &dyn Store) -> Result<Unit, StoreError> {
    let mut unit = touch_resident(store, 2)?;
    unit.extend((0..40).map(|seconds| Write::AppendEvent(deletion(2, seconds))));
    Ok(unit)
}

fn put_document(store: &dyn Store, size: usize) -> Result<Unit, StoreError> {
    let expected = store.document(SETTING, "1")?.map(|document| document.version);
    let body: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
    let document = Document { body: Opaque(body), ..document(SETTING, "1", b"") };
    Ok(Write::PutDocument { expected, document }.into())
}

/// A unit that replaces the resident at the present version.
fn touch_resident(store: &dyn Store, n: u8) -> Result<Unit, StoreError> {
    let Some(mut found) = store.resident(resident_id(n))? else {
        return Ok(Unit::new());
    };
    found.value.record.0 += 1;
    let resident = Box::new(found.value);
    Ok(Write::PutResident { expected: Some(found.version), resident }.into())
}
