//! `inrou verify` on what a sandbox issues, while it runs and after.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use inrou::sandbox::{Role, Sandbox};
use inrou_api::clock::Clock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::authority::{ReportLoss, ResidentSummary, ResidentView};
use inrou_chip::Interface;
use inrou_chip::client::{JpkiClient, Pin};
use inrou_pdf::{NewSignature, Pdf};
use inrou_pki::cms::NewMessage;
use inrou_pki::crl::{CrlEntry, NewCrl};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::profile::{HttpUri, Place};
use inrou_pki::status::Withdrawal;
use inrou_pki::{
    Certificate, FreshKeys, IssuerSettings, KeyAlgorithm, KeySource, Signer, SoftwareKey,
    SystemEntropy, pem,
};
use inrou_relying::report::ValidationReport;
use inrou_relying::{Settings, StatusClient, TimeStampClient, TrustAnchors, Validator, anchors};
use inrou_rules::{Medium, RevocationReason, Serial, SignaturePassword, Use};
use jiff::{SignedDuration, Timestamp};
use support::{inrou, inrou_alone, inrou_told, said, sandbox, shown};

const PASSWORD: &str = "MIZUNO12\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_valid_while_its_authority_says_so_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let running = sandbox(folder.path()).await;
    save(folder.path(), "auth", &at("auth.pem"));
    save(folder.path(), "sign", &at("sign.pem"));
    save(folder.path(), "ca-sign", &at("ca-sign.pem"));

    for file in ["auth.pem", "sign.pem", "ca-sign.pem"] {
        let valid = inrou(folder.path(), &["verify", &at(file)]);
        assert!(valid.status.success(), "{file}: {}{}", shown(&valid), said(&valid));
    }
    let der = at("auth.der");
    let text = fs::read_to_string(at("auth.pem")).unwrap();
    fs::write(&der, Certificate::from_pem(&text).unwrap().as_der()).unwrap();
    let by_file = ["verify", &der, "--anchors", &at("ca-sign.pem"), "--at", "2026-11-21T10:00"];
    refused(&inrou_alone(&by_file), "is not valid", "does not hold");

    let mut flipped = fs::read(&der).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(at("flipped.der"), &flipped).unwrap();
    refused(&inrou(folder.path(), &["verify", &at("flipped.der")]), "is not valid", "not trusted");
    let late = ["verify", &der, "--at", "2039-01-01"];
    refused(&inrou(folder.path(), &late), "is not valid", "has expired");
    let offline = ["verify", &der, "--offline"];
    refused(&inrou(folder.path(), &offline), "not everything could be checked", "not checked");
    fs::write(at("text"), "no certificate").unwrap();
    refused(&inrou(folder.path(), &["verify", &at("text")]), "[file-not-recognised]", "");
    running.stop().await;

    // Its store still tells which issuers it trusts, and nobody tells the status any more.
    let alone = inrou(folder.path(), &["verify", &der]);
    refused(&alone, "not known to be valid", "status cannot be checked");
    assert_eq!(alone.status.code(), Some(3));
    assert!(shown(&alone).contains("Signed by a trusted issuer"));
    let issuer = inrou(folder.path(), &["verify", &at("ca-sign.pem")]);
    assert!(issuer.status.success(), "{}{}", shown(&issuer), said(&issuer));

    // On another port than the one that the certificate names.
    let again = sandbox(folder.path()).await;
    let valid = inrou(folder.path(), &["verify", &der]);
    assert!(valid.status.success(), "{}{}", shown(&valid), said(&valid));
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_answers_and_lists_are_judged_as_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let running = sandbox(folder.path()).await;
    save(folder.path(), "auth", &at("auth.pem"));
    save(folder.path(), "ca-auth", &at("ca-auth.pem"));
    let read = |name: &str| Certificate::from_pem(&fs::read_to_string(at(name)).unwrap()).unwrap();
    let (certificate, issuer) = (read("auth.pem"), read("ca-auth.pem"));

    fs::write(at("status.ocsp"), ask_status(&running, &issuer, &certificate).await).unwrap();
    let crl = crl_of(&running, &certificate).await;
    fs::write(at("list.pem"), pem::encode("X509 CRL", &crl)).unwrap();
    let files = [at("status.ocsp"), at("list.pem")];
    for (file, kind) in files.iter().zip(["response is genuine", "list is genuine"]) {
        let judged = inrou(folder.path(), &["verify", file, "--offline"]);
        assert!(judged.status.success(), "{file}: {}{}", shown(&judged), said(&judged));
        assert!(shown(&judged).contains(kind));
        let later = inrou(folder.path(), &["verify", file, "--at", "2027-06-01"]);
        refused(&later, "is not valid", "does not hold");
    }
    for (typed, complaint) in [
        (["verify", &files[1], "--serial", "x"], "[serial-not-readable]"),
        (["verify", &files[1], "--status", &files[0]], "[option-without-use]"),
        (["verify", &at("auth.pem"), "--serial", "1"], "[option-without-use]"),
        (["verify", &at("auth.pem"), "--content", &files[0]], "[option-without-use]"),
        (["verify", &at("auth.pem"), "--status", &at("ca-auth.pem")], "[status-not-recognised]"),
    ] {
        let refused = inrou(folder.path(), &typed);
        assert!(said(&refused).contains(complaint), "{}", said(&refused));
        let typed_wrong = complaint != "[status-not-recognised]";
        assert_eq!(refused.status.code(), Some(if typed_wrong { 2 } else { 1 }));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_told_from_a_forged_one_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let running = sandbox(folder.path()).await;
    save(folder.path(), "auth", &at("auth.pem"));
    save(folder.path(), "ca-auth", &at("ca-auth.pem"));
    let read = |name: &str| Certificate::from_pem(&fs::read_to_string(at(name)).unwrap()).unwrap();
    let (certificate, issuer) = (read("auth.pem"), read("ca-auth.pem"));
    let serial: String =
        certificate.serial_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let [before, after] =
        ["before", "after"].map(|when| [".ocsp", ".crl"].map(|kind| at(&format!("{when}{kind}"))));
    let write_status = async |[ocsp, crl]: &[String; 2]| {
        fs::write(ocsp, ask_status(&running, &issuer, &certificate).await).unwrap();
        fs::write(crl, crl_of(&running, &certificate).await).unwrap();
    };
    write_status(&before).await;
    report_lost(&running).await;
    write_status(&after).await;
    let now = running.clock.now().to_string();
    running.stop().await;

    let (auth, anchors) = (at("auth.pem"), at("ca-auth.pem"));
    let verify = |file: &str, more: &[&str]| {
        let typed = [&["verify", file, "--anchors", &anchors, "--at", &now], more].concat();
        inrou_alone(&typed)
    };
    let exit = |output: &Output| output.status.code();
    for file in &before {
        let good = verify(&auth, &["--status", file]);
        assert_eq!(exit(&good), Some(0), "{}{}", shown(&good), said(&good));
        assert_eq!(exit(&verify(file, &["--serial", &serial])), Some(0));
    }
    for file in &after {
        for not_good in [verify(&auth, &["--status", file]), verify(file, &["--serial", &serial])] {
            assert_eq!(exit(&not_good), Some(4), "{}{}", shown(&not_good), said(&not_good));
            refused(&not_good, "its issuer says: on hold since", "on hold since");
        }
        let mut forged = fs::read(file).unwrap();
        *forged.last_mut().unwrap() ^= 1;
        fs::write(at("forged"), forged).unwrap();
        // What is forged tells nothing of the certificate.
        let untold = verify(&auth, &["--status", &at("forged")]);
        assert_eq!(exit(&untold), Some(3));
        refused(&untold, "not known to be valid", "not known: ");
        assert_eq!(exit(&verify(&at("forged"), &[])), Some(1));
    }
    assert_eq!(exit(&verify(&after[0], &[])), Some(4), "an answer is about its certificates");
    let list = verify(&after[1], &[]);
    assert_eq!(exit(&list), Some(0), "a list is genuine, whoever is on it");
    assert!(shown(&list).contains(&format!("{}  on hold", serial.to_uppercase())));
    assert_eq!(exit(&verify(&auth, &["--offline"])), Some(3));
}

#[test]
fn a_seal_by_itself_holds_by_the_issuers_that_are_named_for_seals() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let now: Timestamp = "2026-11-24T10:00:00+09:00".parse().unwrap();
    let settings = IssuerSettings::default();
    let key = || FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let (of_issuer, of_other, own) = (key(), key(), key());
    let issuer = |key: &SoftwareKey| {
        settings.seal_issuer(key.public_key(), Serial(1), now).unwrap().sign(key).unwrap()
    };
    let (issuer, other) = (issuer(&of_issuer), issuer(&of_other));
    let place = Place {
        code: "13221".parse().unwrap(),
        prefecture: "Tokyo-to".to_owned(),
        municipality: "Kiyose-shi".to_owned(),
    };
    let published = HttpUri::try_from("http://127.0.0.1:1/seals/1.crl".to_owned()).unwrap();
    let public = own.public_key();
    let seal = settings.municipal_seal(&issuer, &place, public, Serial(2), now, &published);
    let seal = seal.unwrap().sign(&of_issuer).unwrap();
    let crl = |name: &str, entries: &[CrlEntry]| {
        let next_update = now + SignedDuration::from_hours(24);
        let new = NewCrl { issuer: &issuer, scope: None, number: 1, this_update: now, next_update };
        let mut der = Cursor::new(Vec::new());
        new.write(entries.iter().copied(), &of_issuer, &mut der).unwrap();
        fs::write(at(name), der.into_inner()).unwrap();
    };
    let reason = RevocationReason::KeyCompromise;
    crl("good.crl", &[]);
    let withdrawal = Withdrawal::Revoked(reason);
    crl("revoked.crl", &[CrlEntry { serial: Serial(2), at: now, withdrawal }]);
    for (name, certificate) in [("seal", &seal), ("issuer", &issuer), ("other", &other)] {
        fs::write(at(name), certificate.to_pem()).unwrap();
    }
    let now = now.to_string();
    let verify = |file: &str, [anchors, seals]: [&str; 2], more: &[&str]| {
        let (file, anchors, seals) = (at(file), at(anchors), at(seals));
        let trusted = ["--anchors", &anchors, "--seal-anchors", &seals];
        inrou_alone(&[&["verify", &file, "--at", &now], &trusted[..], more].concat())
    };
    let (good, revoked) = (at("good.crl"), at("revoked.crl"));
    let status: [&str; 2] = ["--status", &good];
    let valid = verify("seal", ["other", "issuer"], &status);
    assert!(valid.status.success(), "{}{}", shown(&valid), said(&valid));
    assert!(shown(&valid).contains("an organisation’s seal"), "{}", shown(&valid));
    for file in ["issuer", "good.crl"] {
        let valid = verify(file, ["other", "issuer"], &[]);
        assert!(valid.status.success(), "{file}: {}{}", shown(&valid), said(&valid));
    }
    let withdrawn = verify("seal", ["other", "issuer"], &["--status", &revoked]);
    assert_eq!(withdrawn.status.code(), Some(4), "{}", shown(&withdrawn));
    // Where there is no sandbox, who is trusted for seals may be trusted alone.
    let (none, issuer) = (at("none"), at("issuer"));
    for (file, more) in [("seal", &status[..]), ("issuer", &[]), ("good.crl", &[])] {
        let alone = ["verify", &at(file), "--at", &now, "--data", &none, "--seal-anchors", &issuer];
        let valid = inrou_alone(&[&alone[..], more].concat());
        assert!(valid.status.success(), "{file}: {}{}", shown(&valid), said(&valid));
    }
    // Who is trusted for residents' certificates is not trusted for seals.
    for trusted in [["issuer", "other"], ["other", "other"]] {
        refused(&verify("seal", trusted, &status), "is not valid", "does not hold");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_holds_for_what_was_signed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let running = sandbox(folder.path()).await;
    fs::write(at("text"), "a text").unwrap();
    fs::write(at("other"), "another text").unwrap();
    fs::write(at("attached.p7m"), sign(&running, b"a text", true)).unwrap();
    fs::write(at("detached.p7s"), sign(&running, b"a text", false)).unwrap();
    let verify = |file: &str, content: &str| {
        inrou(folder.path(), &["verify", &at(file), "--content", &at(content)])
    };
    for valid in [
        inrou(folder.path(), &["verify", &at("attached.p7m")]),
        verify("attached.p7m", "text"),
        verify("detached.p7s", "text"),
    ] {
        assert!(valid.status.success(), "{}{}", shown(&valid), said(&valid));
        assert!(shown(&valid).contains("signed message"));
    }
    for file in ["attached.p7m", "detached.p7s"] {
        refused(&verify(file, "other"), "is not valid", "Something else was signed");
    }
    let alone = inrou(folder.path(), &["verify", &at("detached.p7s")]);
    refused(&alone, "not everything could be checked", "not checked");
    assert_eq!(alone.status.code(), Some(3));

    let by_hash = |content: &[u8]| {
        let digest = HashAlgorithm::Sha256.digest(content);
        let digest: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        inrou(folder.path(), &["verify", &at("detached.p7s"), "--digest", &digest, "--json"])
    };
    let (same, another) = (by_hash(b"a text"), by_hash(b"another text"));
    for (output, exit, words) in [(&same, 0, "TOTAL-PASSED"), (&another, 1, "TOTAL-FAILED")] {
        assert_eq!(output.status.code(), Some(exit), "{}", said(output));
        let report: ValidationReport = serde_json::from_str(&shown(output)).unwrap();
        assert_eq!(report.validation_conclusion.signatures[0].indication, words);
        assert_eq!(report.validation_process.len(), 1);
    }
    let typed = ["verify", &at("detached.p7s"), "--digest", "beef"];
    assert_eq!(inrou(folder.path(), &typed).status.code(), Some(2));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_pdf_file_holds_as_long_as_nothing_in_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let running = sandbox(folder.path()).await;
    let seal = |file: &[u8], field| {
        let new = NewSignature { field, signing_time: running.clock.now(), room: 16_384 };
        let prepared = Pdf::read(file.to_vec()).unwrap().prepare_signature(&new).unwrap();
        let signature = sign(&running, &prepared.signed_bytes().concat(), false);
        prepared.finish(&signature).unwrap()
    };
    let once = seal(PAGE, "First");
    let twice = seal(&once, "Second");
    let mut changed = twice.clone();
    let title = changed.windows(5).position(|word| word == b"200 2").unwrap();
    changed[title] = b'3';
    for (name, file) in [("page", PAGE), ("once", &once), ("twice", &twice), ("changed", &changed)]
    {
        fs::write(at(name), file).unwrap();
    }
    for (name, signed) in [("once", "FULL"), ("twice", "2 / 2")] {
        let valid = inrou(folder.path(), &["verify", &at(name)]);
        assert!(valid.status.success(), "{}{}", shown(&valid), said(&valid));
        assert!(shown(&valid).contains("PDF file") && shown(&valid).contains(signed));
    }
    for language in ["ja", "ja-easy", "en"] {
        let valid = Command::new(env!("CARGO_BIN_EXE_inrou"))
            .args(["--lang", language, "--data"])
            .arg(folder.path())
            .args(["verify", &at("once")])
            .output()
            .unwrap();
        assert!(shown(&valid).lines().count() < 24, "one screen: {}", shown(&valid));
        assert!(shown(&valid).contains("TOTAL-PASSED"));
    }
    refused(&inrou(folder.path(), &["verify", &at("changed")]), "is not valid", "TOTAL-FAILED");
    refused(&inrou(folder.path(), &["verify", &at("page")]), "is not valid", "no signature");
    let beside = inrou(folder.path(), &["verify", &at("once"), "--content", &at("page")]);
    assert!(said(&beside).contains("[option-without-use]"), "{}", said(&beside));
    assert_eq!(beside.status.code(), Some(2));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_from_before_the_hold_holds_by_the_sandboxs_time_stamp() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let running = sandbox(folder.path()).await;
    let settings = Settings::default();
    let anchors = running.anybody("/timestamps").unwrap().get("/anchors.pem").bytes().await;
    let issuers = anchors::from_bytes(&anchors.unwrap()).unwrap();
    let status = StatusClient::new(&settings, Arc::new(SystemEntropy)).unwrap();
    let validator = Validator::new(TrustAnchors::default(), settings.clone(), status)
        .with_time_stamp_issuers(issuers);
    let stamps = TimeStampClient::new(format!("{}/timestamps", running.base), &settings).unwrap();
    let plain = sign(&running, b"a text", true);
    let now = running.clock.now();
    let stamped = validator.raise_to_t(&plain, &stamps, &SystemEntropy, now).await.unwrap();
    running.clock.advance_by(SignedDuration::from_hours(1)).unwrap();
    report_lost(&running).await;
    for (name, file) in [("plain", plain), ("stamped", stamped)] {
        fs::write(at(name), file).unwrap();
    }
    let valid = inrou(folder.path(), &["verify", &at("stamped")]);
    assert!(valid.status.success(), "{}{}", shown(&valid), said(&valid));
    for told in ["CAdES_BASELINE_T", "Proven to have existed", "did at the time", "TOTAL-PASSED"] {
        assert!(shown(&valid).contains(told), "{told}: {}", shown(&valid));
    }
    let held = inrou(folder.path(), &["verify", &at("plain")]);
    refused(&held, "its issuer says: on hold since", "INDETERMINATE TRY_LATER");
    assert_eq!(held.status.code(), Some(4));
    // As of before the hold the certificate was good.
    let then = inrou(folder.path(), &["verify", &at("plain"), "--at", &now.to_string()]);
    assert!(then.status.success(), "{}{}", shown(&then), said(&then));
    running.stop().await;
    // Whose time-stamps are trusted is known while the sandbox is stopped.
    let offline = inrou(folder.path(), &["verify", &at("stamped"), "--offline", "--json"]);
    assert_eq!(offline.status.code(), Some(3), "{}", said(&offline));
    assert!(shown(&offline).contains("\"bestSignatureTime\""), "{}", shown(&offline));
}

/// A file of one empty page.
const PAGE: &[u8] = b"%PDF-1.7
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [3 0 R] /Count 1 >>
endobj
3 0 obj
<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> >>
endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000058 00000 n\x20
0000000115 00000 n\x20
trailer
<< /Size 4 /Root 1 0 R >>
startxref
203
%%EOF
";

/// Signs with her card, as any client does (CMS).
fn sign(sandbox: &Sandbox, content: &[u8], attached: bool) -> Vec<u8> {
    let mut card = sandbox.world().unwrap().tray.take(&"hana".parse().unwrap()).unwrap();
    card.power_on(Interface::Contactless);
    let mut client = JpkiClient::select(&mut *card).unwrap();
    let password = SignaturePassword::parse(PASSWORD.trim_end()).unwrap();
    client.verify(Pin::Signature(&password)).unwrap();
    let signer = Certificate::from_der(&client.certificate(Use::Signature).unwrap()).unwrap();
    let signing_time = sandbox.clock.now();
    let message = NewMessage { content, attached, signer: &signer, chain: &[], signing_time };
    let prepared = message.prepare().unwrap();
    let signature = client.sign(Use::Signature, &prepared.digest()).unwrap();
    prepared.finish(&signature).unwrap()
}

/// Reads a certificate from the card into a file.
fn save(folder: &Path, certificate: &str, out: &str) {
    let arguments =
        ["card", "read", "hana", "--certificate", certificate, "--out", out, "--pin-stdin"];
    let read = inrou_told(folder, &arguments, PASSWORD);
    assert!(read.status.success(), "{}", said(&read));
}

/// The command failed and said so, and its table says why.
fn refused(output: &Output, complaint: &str, why: &str) {
    let (shown, said) = (shown(output), said(output));
    assert!(!output.status.success(), "{shown}");
    assert!(said.contains(complaint) && said.lines().count() == 2, "{said}");
    assert!(shown.contains(why), "{shown}");
}

async fn ask_status(sandbox: &Sandbox, issuer: &Certificate, of: &Certificate) -> Vec<u8> {
    use inrou_pki::ocsp::{request_to_path, write_request};
    let request = write_request(issuer, of, HashAlgorithm::Sha256, None).unwrap();
    let path = format!("/ocsp/{}", request_to_path(&request));
    sandbox.anybody("").unwrap().get(&path).bytes().await.unwrap().to_vec()
}

async fn crl_of(sandbox: &Sandbox, of: &Certificate) -> Vec<u8> {
    let address = of.distribution_points().iter().find_map(|point| point.uri()).unwrap();
    let path = address.split_once("/crl/").unwrap().1;
    sandbox.anybody("").unwrap().get(&format!("/crl/{path}")).bytes().await.unwrap().to_vec()
}

/// The hotline hears that her card is lost (LOSS-1).
async fn report_lost(sandbox: &Sandbox) {
    let client = |role| sandbox.client("/authority/v1", role).unwrap();
    let residents = client(Role::Counter).get("/residents");
    let residents: Page<ResidentSummary> = residents.answer().await.unwrap();
    let hold = format!("/residents/{}/hold", residents.items[0].resident);
    let loss = ReportLoss { medium: Medium::Card };
    let key = IdempotencyKey::new(&SystemEntropy);
    let held = client(Role::Hotline).post(&hold).once(&key).json(&loss);
    held.answer::<ResidentView>().await.unwrap();
}
