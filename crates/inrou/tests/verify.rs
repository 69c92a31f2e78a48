//! `inrou verify` on what a sandbox issues, while it runs and after.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use inrou::sandbox::Sandbox;
use inrou_api::clock::Clock;
use inrou_chip::Interface;
use inrou_chip::client::{JpkiClient, Pin};
use inrou_pki::cms::NewMessage;
use inrou_pki::{Certificate, pem};
use inrou_rules::{SignaturePassword, Use};
use support::{inrou, inrou_told, said, sandbox, shown};

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
    refused(&inrou(folder.path(), &by_file), "is not valid", "does not hold");

    let mut flipped = fs::read(&der).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(at("flipped.der"), &flipped).unwrap();
    refused(&inrou(folder.path(), &["verify", &at("flipped.der")]), "is not valid", "not trusted");
    let late = ["verify", &der, "--at", "2039-01-01"];
    refused(&inrou(folder.path(), &late), "is not valid", "has expired");
    let offline = ["verify", &der, "--offline"];
    refused(&inrou(folder.path(), &offline), "not everything could be checked", "not checked");
    fs::write(at("text"), "no certificate").unwrap();
    refused(&inrou(folder.path(), &["verify", &at("text")]), "is no certificate", "");
    running.stop().await;

    // Its store still tells which issuers it trusts, and nobody tells the status any more.
    let alone = inrou(folder.path(), &["verify", &der]);
    refused(&alone, "is not valid", "status cannot be checked");
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
    let crl = certificate.distribution_points().iter().find_map(|point| point.uri()).unwrap();
    let path = crl.split_once("/crl/").unwrap().1;
    let crl = running.anybody("").unwrap().get(&format!("/crl/{path}")).bytes().await.unwrap();
    fs::write(at("list.pem"), pem::encode("X509 CRL", &crl)).unwrap();
    for (file, kind) in [("status.ocsp", "status response"), ("list.pem", "revocation list")] {
        let judged = inrou(folder.path(), &["verify", &at(file), "--offline"]);
        assert!(judged.status.success(), "{file}: {}{}", shown(&judged), said(&judged));
        assert!(shown(&judged).contains(kind));
        let later = inrou(folder.path(), &["verify", &at(file), "--at", "2027-06-01"]);
        refused(&later, "is not valid", "does not hold");
    }
    running.stop().await;
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
        refused(&verify(file, "other"), "is not valid", "something else was signed");
    }
    let alone = inrou(folder.path(), &["verify", &at("detached.p7s")]);
    refused(&alone, "not everything could be checked", "not checked");
    running.stop().await;
}

/// Signs with her card, as any client does (CMS).
fn sign(sandbox: &Sandbox, content: &[u8], attached: bool) -> Vec<u8> {
    let mut card = sandbox.tray.take(&"hana".parse().unwrap()).unwrap();
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
    use inrou_pki::digest::HashAlgorithm;
    use inrou_pki::ocsp::{request_to_path, write_request};
    let request = write_request(issuer, of, HashAlgorithm::Sha256, None).unwrap();
    let path = format!("/ocsp/{}", request_to_path(&request));
    sandbox.anybody("").unwrap().get(&path).bytes().await.unwrap().to_vec()
}
