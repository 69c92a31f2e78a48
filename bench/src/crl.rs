//! A CRL of a million entries, from the status index to the finished file, beside hashing as many
//! bytes and writing them to a file. It is written in a process of its own, whose memory is measured.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use inrou_authority::store::Status;
use inrou_pki::KeyAlgorithm;
use inrou_pki::crl::CrlPath;
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{Medium, RevocationReason};

use crate::office::{Office, USAGE};
use crate::rounds::median;

const ENTRIES: u32 = 1_000_000;
const RUNS: usize = 5;

pub fn run() {
    println!(
        "crl: {ENTRIES} entries with a reason; medians of {RUNS}, all but the first replacing one"
    );
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::open(folder.path(), algorithm);
        office.issuer();
        let reason = RevocationReason::CessationOfOperation;
        office.issue(ENTRIES, Status::Revoked { at: office.clock.now(), reason });
        drop(office);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["crl", "write", folder.path().to_str().unwrap(), &format!("{algorithm:?}")])
            .status()
            .unwrap();
        assert!(child.success());
    }
}

/// In the process of its own.
pub fn write(folder: &str, algorithm: &str) {
    let folder = Path::new(folder);
    let named = |known: &&KeyAlgorithm| format!("{known:?}") == algorithm;
    let algorithm = *KeyAlgorithm::ALL.iter().find(named).unwrap();
    let start = Instant::now();
    let office = Office::open(folder, algorithm);
    let opened = start.elapsed();
    let (entries, index_bytes) = office.authority.status_index().size();
    let issuer = office.issuer();
    let [a, b, c, d, ..] = issuer.public_key().unwrap().identifier().0;
    let holders = Some((Medium::Phone, "13221".parse().unwrap()));
    let path = CrlPath { usage: USAGE, generation: [a, b, c, d], holders };

    let (mut seconds, mut limits, mut bytes) = (Vec::new(), Vec::new(), 0);
    let before = memory("VmRSS");
    // From here on the peak is that of writing.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    for _ in 0..RUNS {
        // Something changes, so that the next one is written though the last one holds.
        office.issue(1, Status::Held { since: office.clock.now() });
        office.authority.status_index().catch_up(&*office.store).unwrap();
        let start = Instant::now();
        let crl = office.authority.crl(&path).unwrap();
        seconds.push(start.elapsed().as_secs_f64());
        assert!(crl.about.entries > u64::from(ENTRIES));
        bytes = crl.about.bytes;
    }
    let peak = memory("VmHWM");
    let whole = fs::read(fs::read_dir(folder.join("crl")).unwrap().next().unwrap().unwrap().path());
    let whole = whole.unwrap();
    for run in 0..RUNS {
        let start = Instant::now();
        HashAlgorithm::Sha256.digest(&whole);
        File::create(folder.join(format!("limit{run}"))).unwrap().write_all(&whole).unwrap();
        limits.push(start.elapsed().as_secs_f64());
    }
    let (megabytes, index) = (bytes as f64 / 1e6, index_bytes as f64 / 1e6);
    println!("{algorithm:?}: {megabytes:.1} MB");
    println!(
        "  written in {:.3} s (slowest {:.3}), hashing and writing as many bytes takes {:.3} s",
        median(seconds.clone()),
        seconds.iter().copied().fold(0.0, f64::max),
        median(limits)
    );
    println!(
        "  peak of the process {peak:.1} MB, before it {before:.1} MB: {:.2} of the CRL's size on top",
        (peak - before) / megabytes
    );
    println!(
        "  index {index:.1} MB, {:.1} bytes an entry, read from the store in {opened:.2?}; (peak - index) / size {:.2}",
        index_bytes as f64 / entries as f64,
        (peak - index) / megabytes
    );
}

/// This process's memory in megabytes, by its name in `/proc/self/status`.
fn memory(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
}
