//! OCSP answers signed on demand, beside bare signing with the same key, on one thread.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use inrou_authority::store::Status;
use inrou_pki::{Entropy, KeyAlgorithm, Signer, SoftwareKey, SystemEntropy};

use crate::office::{Office, keys, ocsp_request};
use crate::report::Row;
use crate::rounds::{Compared, rate};

const ROUNDS: usize = 60;
const TIME: Duration = Duration::from_millis(100);

/// About as long as what is signed in an answer.
const MESSAGE: [u8; 220] = [7; 220];

pub fn run() -> Vec<Row> {
    println!("ocsp-signed: {ROUNDS} rounds of {TIME:?} each, one thread; a nonce in every request");
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256].map(measure).into()
}

fn measure(algorithm: KeyAlgorithm) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(folder.path(), algorithm);
    let issuer = office.issuer();
    let serials = office.issue(1000, Status::Good);
    drop(office);

    let authority = Office::open(folder.path(), algorithm).authority;
    let requests: Vec<Vec<u8>> = serials
        .iter()
        .map(|&serial| {
            let mut nonce = [0; 32];
            SystemEntropy.fill(&mut nonce);
            ocsp_request(&issuer, serial, Some(nonce))
        })
        .collect();
    let answer = authority.answer_ocsp(&requests[0]).der;
    let key = responder_key(folder.path(), &answer);
    let mut next = requests.iter().cycle();
    let compared = Compared::measure(
        ROUNDS,
        TIME,
        |time| rate(time, || drop(black_box(key.sign(black_box(&MESSAGE))))),
        |time| rate(time, || drop(black_box(authority.answer_ocsp(next.next().unwrap())))),
    );
    let case = format!("{algorithm:?}, answers of {} bytes", answer.len());
    compared.row("ocsp-signed", case, "≥ 0.9")
}

/// The key with which an answer was signed: its certificate is in the answer.
fn responder_key(folder: &Path, answer: &[u8]) -> SoftwareKey {
    let files = std::fs::read_dir(folder.join("keys")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut keys =
        names.filter(|name| name.ends_with(".key")).map(|name| keys(folder).read(&name).unwrap());
    let is_in_answer = |key: &SoftwareKey| {
        let spki = key.public_key().spki();
        answer.windows(spki.len()).any(|window| window == spki)
    };
    keys.find(is_in_answer).unwrap()
}
