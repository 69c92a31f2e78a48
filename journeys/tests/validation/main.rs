//! What card and phone signed in the hands of strangers, pyHanko and OpenSSL through OpenSC, before the
//! validation service; and what is wrong with a signature told apart, whoever made it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou::sandbox::{DataFolder, Options, Role, Sandbox};
use inrou_api::clock::Clock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::authority::{
    Attendance, ChangeRecord, ReportLoss, ResidentSummary, ResidentView,
};
use inrou_api::wire::phone::{AllowContactless, PhoneState};
use inrou_journeys::hana::{CARD_PASSWORD, PHONE, PHONE_PASSWORD, apply, register};
use inrou_journeys::python;
use inrou_journeys::vpcd::{Attached, Pcscd, isolated};
use inrou_pki::SystemEntropy;
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::Medium;
use jiff::SignedDuration;
use serde_json::{Value, json};

const COMMAND: &str = env!("CARGO_BIN_EXE_inrou-for-journeys");
const TOKEN: &str = "JPKI (Digital Signature PIN)";
const ORDER: &str = "an order of a seal\n";
const OTHER: &str = "an order of a sail\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_sign_is_valid_and_what_is_wrong_is_told_apart() {
    if !isolated("what_strangers_sign_is_valid_and_what_is_wrong_is_told_apart") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = sandbox(&folder.path().join("data")).await;
    let phone = running.anybody("/phone/v1").unwrap();
    apply(&phone).await;
    register(&phone).await;
    let allowed = AllowContactless { allowed: true };
    let call = phone.put(&format!("{PHONE}/contactless")).json(&allowed);
    call.answer::<PhoneState>().await.unwrap();

    let pcscd = Pcscd::start();
    let samples = |name: &[&str], pin, openssl| {
        let work = folder.path().join(name.len().to_string());
        let _attached = Attached::new(&pcscd, COMMAND, &folder.path().join("data"), name);
        sign(&work, &running, pin, openssl);
        work
    };
    // A certificate on a phone begins with the sandbox's clock, by which OpenSSL does not sign.
    let by_phone = samples(&["hana", "--phone"], PHONE_PASSWORD, false);
    for sample in Sample::of(&by_phone, &["order.jws", "order.xml", "pyhanko.p7s"]) {
        assert_eq!(sample.judged(&running).await, "TOTAL-PASSED phone", "{}", sample.name);
    }
    let card = samples(&["hana"], CARD_PASSWORD, true);
    let files =
        ["order.jws", "order.xml", "order.pdf", "pyhanko.p7s", "openssl.p7s", "openssl.p7m"];
    let all = Sample::of(&card, &files);
    let stranger = sandbox(&folder.path().join("other")).await;
    for sample in &all {
        assert_eq!(sample.judged(&running).await, "TOTAL-PASSED card", "{}", sample.name);
        let flipped = judge(&running, &sample.flipped).await;
        assert_eq!(flipped, "TOTAL-FAILED SIG_CRYPTO_FAILURE", "{}", sample.name);
        let swapped = judge(&running, &sample.swapped).await;
        assert_eq!(swapped, "TOTAL-FAILED HASH_FAILURE", "{}", sample.name);
        let elsewhere = sample.judged(&stranger).await;
        assert_eq!(elsewhere, "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND", "{}", sample.name);
    }
    stranger.stop().await;
    by_hash(&running, &card).await;
    xmlsec_agrees(&running, &card).await;

    report_lost(&running).await;
    all_come_to(&running, &all, "INDETERMINATE TRY_LATER", "certificate-on-hold").await;
    change_address(&running).await;
    all_come_to(&running, &all, "INDETERMINATE REVOKED_NO_POE", "certificate-revoked").await;
    running.clock.advance_by(SignedDuration::from_hours(5 * 366 * 24)).unwrap();
    all_come_to(&running, &all, "INDETERMINATE OUT_OF_BOUNDS_NO_POE", "certificate-expired").await;
    running.stop().await;
}

/// A signature, and two ways to break it, as they are sent to be judged.
struct Sample {
    name: &'static str,
    good: Value,
    /// A byte of the signature value is another.
    flipped: Value,
    /// What was signed is something else.
    swapped: Value,
}

impl Sample {
    fn of(folder: &Path, names: &[&'static str]) -> Vec<Self> {
        names.iter().map(|name| Self::read(name, fs::read(folder.join(name)).unwrap())).collect()
    }

    fn read(name: &'static str, file: Vec<u8>) -> Self {
        let is_detached = name.ends_with(".p7s");
        let beside = is_detached.then_some(ORDER);
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut changed = file.clone();
            change(&mut changed);
            assert_ne!(changed, file, "{name}");
            asked(&changed, beside)
        };
        let flipped = changed(&|file| match name.rsplit('.').next().unwrap() {
            "jws" => flip_letter(file, 200),
            "xml" => {
                let end = find(file, b"</SignatureValue>");
                let behind = file.len() - end;
                flip_letter(file, behind + 100);
            }
            "pdf" => flip_in_pdf(file),
            _ => *file.last_mut().unwrap() ^= 1,
        });
        let swapped = match name.rsplit('.').next().unwrap() {
            "p7s" | "jws" => asked(&file, Some(OTHER)),
            "pdf" => changed(&|file| replace(file, b"[0 0 200 200]", b"[0 0 200 300]")),
            _ => changed(&|file| replace(file, b"of a seal", b"of a sail")),
        };
        Self { name, good: asked(&file, beside), flipped, swapped }
    }

    async fn judged(&self, sandbox: &Sandbox) -> String {
        judge(sandbox, &self.good).await
    }
}

fn asked(file: &[u8], content: Option<&str>) -> Value {
    json!({"document": STANDARD.encode(file), "content": content.map(|it| STANDARD.encode(it))})
}

/// Another letter so many before the end.
fn flip_letter(text: &mut [u8], before_end: usize) {
    let at = text.len() - before_end;
    text[at] = if text[at] == b'A' { b'B' } else { b'A' };
}

/// The last digit of the message in `Contents`, whose rest is padding.
fn flip_in_pdf(file: &mut [u8]) {
    let begin = find(file, b"/Contents <") + b"/Contents <".len();
    let head = std::str::from_utf8(&file[begin..begin + 8]).unwrap();
    let length = usize::from_str_radix(head.strip_prefix("3082").unwrap(), 16).unwrap() + 4;
    let at = begin + 2 * length - 1;
    file[at] = if file[at] == b'0' { b'1' } else { b'0' };
}

fn replace(file: &mut [u8], part: &[u8], by: &[u8]) {
    let at = find(file, part);
    file[at..at + by.len()].copy_from_slice(by);
}

fn find(file: &[u8], part: &[u8]) -> usize {
    file.windows(part.len()).position(|window| window == part).unwrap()
}

/// Indication and sub-indication of the one signature; the medium where it passes.
async fn judge(sandbox: &Sandbox, asked: &Value) -> String {
    let signature = report(sandbox, "/validate", asked).await;
    let word = |name: &str| signature[name].as_str().unwrap_or_default().to_owned();
    match word("subIndication").as_str() {
        "" => {
            format!("{} {}", word("indication"), signature["kind"]["medium"].as_str().unwrap())
        }
        why => format!("{} {why}", word("indication")),
    }
}

async fn report(sandbox: &Sandbox, path: &str, asked: &Value) -> Value {
    let call = sandbox.anybody("/validation/v1").unwrap().post(path).json(asked);
    let report: Value = call.answer().await.unwrap();
    let signatures = report["validationConclusion"]["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 1, "{report}");
    signatures[0].clone()
}

/// At once: what was said of the certificate before is not kept.
async fn all_come_to(sandbox: &Sandbox, samples: &[Sample], words: &str, code: &str) {
    for sample in samples {
        assert_eq!(sample.judged(sandbox).await, words, "{}", sample.name);
        assert_eq!(report(sandbox, "/validate", &sample.good).await["code"], code);
    }
}

/// The hash alone does for both detached signatures, and another hash does not.
async fn by_hash(sandbox: &Sandbox, folder: &Path) {
    for name in ["pyhanko.p7s", "openssl.p7s"] {
        for (content, words) in [(ORDER, "TOTAL-PASSED"), (OTHER, "TOTAL-FAILED")] {
            let hash = HashAlgorithm::Sha256.digest(content.as_bytes());
            let asked = json!({
                "signature": STANDARD.encode(fs::read(folder.join(name)).unwrap()),
                "hash": STANDARD.encode(hash.as_bytes()),
                "hashAlgo": "SHA256",
            });
            let report = report(sandbox, "/validate-hash", &asked).await;
            assert_eq!(report["indication"], words, "{name}");
        }
    }
}

/// The card's XML signature before xmlsec1, with the sandbox's issuers.
async fn xmlsec_agrees(sandbox: &Sandbox, folder: &Path) {
    let anchors = sandbox.anybody("").unwrap().get("/ca/anchors.pem").bytes().await.unwrap();
    let anchors = String::from_utf8(anchors.to_vec()).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    let mut xmlsec = Command::new("xmlsec1");
    xmlsec.arg("--verify");
    for (number, issuer) in anchors.split_inclusive(end).enumerate() {
        let file = folder.join(format!("issuer-{number}.pem"));
        fs::write(&file, issuer).unwrap();
        xmlsec.arg("--trusted-pem").arg(file);
    }
    let now = sandbox.clock.now().strftime("%Y-%m-%d %H:%M:%S").to_string();
    xmlsec.args(["--verification-gmt-time", &now]).arg(folder.join("order.xml"));
    let judged = xmlsec.output().expect("xmlsec1 is installed: cargo xtask setup");
    let said = String::from_utf8_lossy(&[judged.stdout, judged.stderr].concat()).into_owned();
    assert!(judged.status.success() && said.contains("OK"), "{said}");
}

/// Has everything signed by what is in the reader.
fn sign(folder: &Path, sandbox: &Sandbox, pin: &str, openssl: bool) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("order"), ORDER).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validation/sign.py");
    let mut python = Command::new(python());
    python.arg(script).args([TOKEN, pin, &sandbox.clock.now().to_string()]).arg(folder);
    let signed = python.args(openssl.then_some("openssl")).output().unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
}

/// The hotline hears that her card is lost (LOSS-1).
async fn report_lost(sandbox: &Sandbox) {
    let hold = format!("/residents/{}/hold", resident(sandbox).await.resident);
    let client = sandbox.client("/authority/v1", Role::Hotline).unwrap();
    let key = IdempotencyKey::new(&SystemEntropy);
    let loss = ReportLoss { medium: Medium::Card };
    client.post(&hold).once(&key).json(&loss).answer::<ResidentView>().await.unwrap();
}

/// She moves, and does not ask for a new certificate (CARD-7).
async fn change_address(sandbox: &Sandbox) {
    let world = sandbox.world().unwrap();
    let hana = world.resident("hana").unwrap();
    let mut attributes = hana.attributes.clone();
    attributes.address = "東京都清瀬市見本町９－９－９".to_owned();
    let change = ChangeRecord {
        attributes,
        municipality: hana.municipality,
        reissue: false,
        attendance: Attendance::InPerson,
    };
    let record = format!("/residents/{}/record", resident(sandbox).await.resident);
    let client = sandbox.client("/authority/v1", Role::Counter).unwrap();
    let key = IdempotencyKey::new(&SystemEntropy);
    client.post(&record).once(&key).json(&change).answer::<Value>().await.unwrap();
}

async fn resident(sandbox: &Sandbox) -> ResidentSummary {
    let client = sandbox.client("/authority/v1", Role::Counter).unwrap();
    let mut all: Page<ResidentSummary> = client.get("/residents").answer().await.unwrap();
    all.items.remove(0)
}

async fn sandbox(folder: &Path) -> Sandbox {
    Sandbox::start(Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    })
    .await
    .unwrap()
}
