//! Units a second, beside what the medium allows: an append and a sync each. Reports only.
//!
//! `cargo bench -p inrou-authority --bench store [-- FOLDER]`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "../tests/support/samples.rs"]
mod samples;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use inrou_authority::store::{
    Addressee, SqliteSettings, SqliteStore, Status, Store, Unit, Version, Write,
};
use inrou_rules::{CertificateId, Medium, Use};
use samples::*;

const TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;

fn main() {
    let folder = match std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        Some(folder) => tempfile::tempdir_in(folder).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    println!("medians of {ROUNDS} rounds of {TIME:?}, in {}", folder.path().display());
    let limit = median(|round| append_and_sync(&folder.path().join(format!("limit{round}"))));
    println!("limit: append 250 bytes, fdatasync          {limit:>9.0} a second");
    for callers in [1, 8, 32, 128] {
        let rate =
            median(|round| commit(&folder.path().join(format!("{callers}-{round}")), callers));
        println!(
            "units of 5 writes, {callers:>3} callers              {rate:>9.0} a second, {:.2} of the limit",
            rate / limit
        );
    }
    let rate = median(|round| read(&folder.path().join(format!("read{round}"))));
    println!("residents read by id, 1 reader              {rate:>9.0} a second");
}

fn median(measure: impl Fn(usize) -> f64) -> f64 {
    let mut rates: Vec<f64> = (0..ROUNDS).map(measure).collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

fn append_and_sync(file: &Path) -> f64 {
    let mut file = File::create(file).unwrap();
    rate(|| {
        file.write_all(&[7; 250]).unwrap();
        file.sync_data().unwrap();
    })
}

/// Each caller changes a resident of its own, as a hold does.
fn commit(file: &Path, callers: u8) -> f64 {
    let store = open(file, callers);
    let rates: Vec<f64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..callers)
            .map(|n| {
                let store = &store;
                scope.spawn(move || {
                    let mut version = 1;
                    rate(|| {
                        store.commit(hold(n, Version(version))).unwrap();
                        version += 1;
                    })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    rates.iter().sum()
}

fn read(file: &Path) -> f64 {
    let store = open(file, 100);
    let mut n = 0;
    rate(|| {
        n = (n + 1) % 100;
        assert!(store.resident(resident_id(n)).unwrap().is_some());
    })
}

/// A store with so many residents, each with a certificate.
fn open(file: &Path, residents: u8) -> SqliteStore {
    let store = SqliteStore::open(&PathBuf::from(file), SqliteSettings::default()).unwrap();
    for n in 0..residents {
        let admit = [
            Write::PutResident { expected: None, resident: Box::new(resident(n)) },
            Write::ReserveSerials {
                partition: partition(Use::Signature, Medium::Phone),
                count: 1,
                not_after: at(1_000_000),
            },
        ];
        store.commit(Unit::from_iter(admit)).unwrap();
    }
    store
}

fn hold(n: u8, version: Version) -> Unit {
    let id: CertificateId = id(Use::Signature, u64::from(n) + 1);
    Unit::from_iter([
        Write::SpendNonce(nonce(&format!("{n}/{}", version.0), 1_000)),
        Write::PutResident { expected: Some(version), resident: Box::new(resident(n)) },
        Write::AppendEvent(deletion(n, 1)),
        Write::PutStatus { id, status: Status::Held { since: at(1) } },
        Write::Send(message(Addressee::Resident(resident_id(n)), "certificates-on-hold")),
    ])
}

fn rate(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < TIME {
        work();
        done += 1;
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}
