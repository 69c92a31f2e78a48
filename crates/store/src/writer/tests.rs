//! Groups of work, on disks that fill up, fail and lose power.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::columns::{change, rows};
use crate::testing::{Disk, Fault, Loss, PowerCut, vfs_path};
use crate::{Database, Opening, Pending, Schema, Settings};

const SCHEMA: Schema = &["CREATE TABLE seals (number INTEGER PRIMARY KEY) STRICT;"];

#[derive(Clone, Debug, thiserror::Error)]
#[error("the seal is cut")]
struct IsCut;

impl Unmet for IsCut {}

type Result<T> = std::result::Result<T, StoreError<IsCut>>;

fn opening(disk: &Disk) -> Opening {
    let (layer, file) = vfs_path(disk, "store.db").unwrap();
    Opening::through(layer, &file, SCHEMA, Settings { readers: 1, checkpoint_pages: 1000 })
}

/// A writer on a disk, without its thread: a test says what comes into one group.
fn writer(disk: &Disk) -> Result<Writer<IsCut>> {
    Ok(Writer::new(opening(disk).writer()?))
}

/// Cuts a seal of that number, once; gives how often it was tried.
fn cut(number: u32) -> impl FnMut(&Connection) -> Result<u32> + Send {
    let mut tries = 0;
    move |connection| {
        tries += 1;
        match connection.execute("INSERT INTO seals VALUES (?1)", [number]) {
            Err(error) if error.sqlite_error_code() == Some(CONSTRAINT) => Err(IsCut.into()),
            cut => Ok(cut.map(|_| tries)?),
        }
    }
}

const CONSTRAINT: rusqlite::ErrorCode = rusqlite::ErrorCode::ConstraintViolation;

fn commit(writer: &mut Writer<IsCut>, numbers: &[u32]) -> Vec<Result<u32>> {
    let mut group: Vec<Box<dyn Work<IsCut>>> = Vec::new();
    let answers: Vec<Pending<u32, IsCut>> = numbers
        .iter()
        .map(|&number| {
            let (answer, pending) = Pending::new();
            group.push(Box::new(Job::new(cut(number), answer)));
            pending
        })
        .collect();
    writer.commit(group);
    answers.into_iter().map(Pending::wait).collect()
}

fn seals(disk: &Disk) -> Vec<u32> {
    let database = Database::<IsCut>::open(opening(disk), |_| Ok(())).unwrap();
    let all = "SELECT number FROM seals ORDER BY number";
    database.read(|connection| rows(connection, all, [], |row| row.get(0))).unwrap()
}

#[test]
fn one_conflict_does_not_sink_its_group() {
    let disk = Disk::new(PowerCut::never());
    let mut writer = writer(&disk).unwrap();
    let results = commit(&mut writer, &[1, 2, 1, 3]);
    let tries: Vec<_> = results.iter().map(|result| result.as_ref().ok().copied()).collect();
    // The group is done again, each for itself; what the first time came to is forgotten.
    assert_eq!(tries, [Some(2), Some(2), None, Some(1)]);
    assert!(matches!(results[2], Err(StoreError::Precondition(IsCut))));
    drop(writer);
    assert_eq!(seals(&disk), [1, 2, 3]);
}

#[test]
fn a_group_is_durable_when_it_is_answered_and_whole_at_any_outage() {
    for loss in [Loss::Everything, Loss::Nothing, Loss::Drawn(1)] {
        let base = Disk::new(PowerCut::never());
        drop(writer(&base).unwrap());
        for step in 1.. {
            let power = PowerCut::at(step, loss);
            let disk = base.fork(power.clone());
            let answered = writer(&disk).is_ok_and(|mut writer| {
                let results = commit(&mut writer, &[1, 1, 2]);
                results[0].is_ok() && results[2].is_ok()
            });
            let was_cut = power.is_off();
            power.restore();
            let left = seals(&disk);
            assert!(left == [1, 2] || (left.is_empty() && !answered), "{loss:?}, {step}: {left:?}");
            if !was_cut {
                assert!(answered && step > 3);
                break;
            }
        }
    }
}

#[test]
fn a_full_disk_refuses_work_until_there_is_room() {
    let disk = Disk::new(PowerCut::never());
    let mut writer = writer(&disk).unwrap();
    assert!(commit(&mut writer, &[1])[0].is_ok());
    disk.set_fault(Some(Fault::Full));
    for result in commit(&mut writer, &[2, 3]) {
        assert!(matches!(result, Err(StoreError::Full)), "{result:?}");
    }
    disk.set_fault(None);
    assert!(commit(&mut writer, &[4])[0].is_ok());
    drop(writer);
    assert_eq!(seals(&disk), [1, 4]);
}

/// Nobody knows what a failed sync left behind: nothing may be built on it.
#[test]
fn after_a_failed_sync_nothing_is_committed_until_the_file_is_opened_anew() {
    let disk = Disk::new(PowerCut::never());
    let mut first = writer(&disk).unwrap();
    assert!(commit(&mut first, &[1])[0].is_ok());
    disk.set_fault(Some(Fault::SyncsFail));
    assert!(matches!(commit(&mut first, &[2])[0], Err(StoreError::Failed(_))));
    disk.set_fault(None);
    assert!(matches!(commit(&mut first, &[3])[0], Err(StoreError::Failed(_))));
    drop(first);
    assert!(commit(&mut writer(&disk).unwrap(), &[4])[0].is_ok());
    let left = seals(&disk);
    assert!(left == [1, 4] || left == [1, 2, 4], "{left:?}");
}

#[test]
fn what_a_file_is_prepared_with_is_whole_or_not_there() {
    let disk = Disk::new(PowerCut::never());
    let prepare = |connection: &Connection| {
        change::<IsCut>(connection, "INSERT INTO seals VALUES (7)", [])?;
        Err(IsCut.into())
    };
    assert!(Database::open(opening(&disk), prepare).is_err());
    assert_eq!(seals(&disk), [0; 0]);
}
