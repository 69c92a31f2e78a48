//! The power fails at every step of a history: what was answered is there, what was not is there
//! whole or not at all, and the history ends as if nothing had happened.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support {
    pub mod history;
    pub mod image;
    pub mod samples;
}

use inrou_authority::store::testing::{Disk, Fault, Loss, PowerCut, open_sqlite};
use inrou_authority::store::{Precondition, SqliteSettings, SqliteStore, Store, StoreError, Write};
use support::history::{self, NONCES, STEPS};
use support::image::Image;
use support::samples::nonce;

const FILE: &str = "store.db";

/// Few pages, so that the log is carried over into the main file again and again.
const SETTINGS: SqliteSettings = SqliteSettings { readers: 1, checkpoint_pages: 16 };

#[test]
fn everything_unsynced_is_lost() {
    cut_at_every_step(Loss::Everything);
}

#[test]
fn nothing_unsynced_is_lost() {
    cut_at_every_step(Loss::Nothing);
}

#[test]
fn some_of_the_unsynced_is_lost() {
    for seed in 1..=2 {
        cut_at_every_step(Loss::Drawn(seed));
    }
}

/// Without this, the tests above would pass over a disk or a check that hides what is lost.
#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    let (images, base) = undisturbed();
    let power = PowerCut::at(u64::MAX, Loss::Everything);
    let disk = base.fork(power.clone());
    disk.set_fault(Some(Fault::SyncsLie));
    let store = open(&disk).unwrap();
    let done = history::go_on(&store, 0);
    assert_eq!(done, STEPS.len());
    power.cut();
    drop(store);
    power.restore();
    let lost = match open(&disk) {
        Ok(store) => Image::of(&store) != images[done],
        Err(_) => true,
    };
    assert!(lost);
}

/// A store that is made when the power fails is made again.
#[test]
fn a_store_is_made_whole_or_made_anew() {
    for loss in [Loss::Everything, Loss::Nothing, Loss::Drawn(1), Loss::Drawn(2)] {
        let mut step = 1;
        loop {
            let power = PowerCut::at(step, loss);
            let disk = Disk::new(power.clone());
            let opened = open(&disk).is_ok();
            if !power.is_off() {
                assert!(opened);
                break;
            }
            power.restore();
            let store = open(&disk).unwrap();
            assert_eq!(store.log_size().unwrap(), 0, "{loss:?} at step {step}");
            assert_eq!(history::go_on(&store, 0), STEPS.len());
            step += 1;
        }
        assert!(step > 10, "the power failed at {step} steps only");
    }
}

fn cut_at_every_step(loss: Loss) {
    let (images, base) = undisturbed();
    let mut step = 1;
    loop {
        let power = PowerCut::at(step, loss);
        let disk = base.fork(power.clone());
        let done = open(&disk).map_or(0, |store| history::go_on(&store, 0));
        if !power.is_off() {
            assert_eq!(done, STEPS.len());
            break;
        }
        power.restore();
        recover(&disk, done, &images, &format!("{loss:?} at step {step}"));
        step += 1;
    }
    assert!(step > 100, "the power failed at {step} steps only");
}

/// Opens what is left after an outage when `done` steps were answered, and ends the history.
fn recover(disk: &Disk, done: usize, images: &[Image], case: &str) {
    let store = open(disk).unwrap_or_else(|error| panic!("{case}: {error:?}"));
    let image = Image::of(&store);
    image.check();
    // The step under way may be durable without having been answered.
    let kept = (done..images.len().min(done + 2))
        .find(|kept| images[*kept] == image)
        .unwrap_or_else(|| panic!("{case}: {done} steps were answered, and left is {image:#?}"));
    for (_, value) in NONCES.iter().filter(|(spent_after, _)| *spent_after <= kept) {
        let again = store.commit(Write::SpendNonce(nonce(value, 1000)).into());
        let spent = matches!(again, Err(StoreError::Precondition(Precondition::NonceSpent)));
        assert!(spent, "{case}: {value}");
    }
    // Leases ended with the process: its successor takes what is due.
    store.commit(history::take_jobs()).unwrap();
    assert_eq!(history::go_on(&store, kept), STEPS.len(), "{case}");
    assert!(Some(&Image::of(&store)) == images.last(), "{case}");
}

/// The image after each number of steps, and a disk with an empty store.
fn undisturbed() -> (Vec<Image>, Disk) {
    let disk = Disk::new(PowerCut::never());
    drop(open(&disk).unwrap());
    let base = disk.fork(PowerCut::never());
    let store = open(&disk).unwrap();
    let mut images = vec![Image::of(&store)];
    for (index, step) in STEPS.iter().enumerate() {
        let committed = step(&store).and_then(|unit| store.commit(unit));
        assert!(matches!(committed, Ok(_) | Err(StoreError::Conflict)), "{index}: {committed:?}");
        let image = Image::of(&store);
        image.check();
        images.push(image);
    }
    (images, base)
}

fn open(disk: &Disk) -> Result<SqliteStore, StoreError> {
    open_sqlite(disk, FILE, SETTINGS)
}
