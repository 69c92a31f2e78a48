//! A CRL of a million entries, from the status index to the finished file, beside hashing as many
//! bytes and writing them to a file. It is written in a process of its own, whose memory is measured.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use inrou_authority::store::Status;
use inrou_pki::KeyAlgorithm;
use inrou_pki::crl::CrlPath;
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::{Medium, RevocationReason};
use serde::{Deserialize, Serialize};

use crate::office::{Office, USAGE};
use crate::report::Row;
use crate::rounds::median;

const ENTRIES: u32 = 1_000_000;
const RUNS: usize = 5;

pub fn run() -> Vec<Row> {
    println!(
        "crl: {ENTRIES} entries with a reason; medians of {RUNS}, all but the first replacing one"
    );
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP384].into_iter().flat_map(measure).collect()
}

fn measure(algorithm: KeyAlgorithm) -> [Row; 2] {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(folder.path(), algorithm);
    office.issuer();
    let reason = RevocationReason::CessationOfOperation;
    office.issue(ENTRIES, Status::Revoked { at: office.clock.now(), reason });
    drop(office);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["crl", "write", folder.path().to_str().unwrap(), &format!("{algorithm:?}")])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(child.status.success());
    let written: Written = serde_json::from_slice(&child.stdout).unwrap();
    written.tell(algorithm)
}

/// What the process of its own found: seconds, and sizes in millions of bytes.
#[derive(Serialize, Deserialize)]
struct Written {
    seconds: f64,
    slowest: f64,
    /// For hashing and writing as many bytes.
    limit: f64,
    size: f64,
    index: f64,
    /// Of the process, before and while CRLs were written.
    before: f64,
    peak: f64,
    /// For reading the index from the store.
    opened: f64,
}

impl Written {
    fn tell(&self, algorithm: KeyAlgorithm) -> [Row; 2] {
        let Self { seconds, slowest, limit, size, index, before, peak, opened } = self;
        let memory = (peak - index) / size;
        println!(
            "{algorithm:?}: {size:.1} MB in {seconds:.3} s (slowest {slowest:.3}); hashing and \
             writing as many bytes {limit:.3} s"
        );
        println!(
            "  the process: {before:.1} MB before, {peak:.1} MB at most, of which the index \
             {index:.1} MB (read from the store in {opened:.2} s); the rest is {memory:.2} of the size"
        );
        let row = |what, measured, limit, ratio, bar| Row {
            benchmark: "crl",
            case: format!("{algorithm:?}, {size:.0} MB, {what}"),
            measured,
            limit,
            ratio,
            bar,
        };
        [
            row(
                "time",
                format!("{seconds:.3} s"),
                format!("{limit:.3} s"),
                format!("{:.2}", limit / seconds),
                "≤ 0.3 s",
            ),
            row(
                "memory",
                format!("{peak:.0} MB"),
                format!("index {index:.0} MB"),
                format!("{memory:.2}"),
                "≤ 1.5 × size + index",
            ),
        ]
    }
}

/// In the process of its own; tells its parent what it found.
pub fn write(folder: &str, algorithm: &str) {
    let folder = Path::new(folder);
    let named = |known: &&KeyAlgorithm| format!("{known:?}") == algorithm;
    let algorithm = *KeyAlgorithm::ALL.iter().find(named).unwrap();
    let start = Instant::now();
    let office = Office::open(folder, algorithm);
    let opened = start.elapsed().as_secs_f64();
    let (_, index) = office.authority.status_index().size();
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
    let written = Written {
        slowest: seconds.iter().copied().fold(0.0, f64::max),
        seconds: median(seconds),
        limit: median(limits),
        size: bytes as f64 / 1e6,
        index: index as f64 / 1e6,
        before,
        peak,
        opened,
    };
    println!("{}", serde_json::to_string(&written).unwrap());
}

/// This process's memory in megabytes, by its name in `/proc/self/status`.
fn memory(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
}
