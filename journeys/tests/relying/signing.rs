//! Signatures at sites of each stack: ordered, signed by Hana's phone, fetched, decrypted by the stack's own
//! library, and judged by OpenSSL and by `inrou verify`.

use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou::sandbox::Sandbox;
use inrou_journeys::hana::PHONE_PASSWORD;
use inrou_pki::cms::SignedMessage;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{Certificate, SignatureAlgorithm};
use serde_json::{Value, json};

use super::{consents, with_hana};
use crate::browser::Browser;
use crate::rust;
use crate::site::{Site, Stack, Wish};

const DOCUMENT: &str = "口座開設申込書\n氏名：水野　花\n";
const CONTRACT: &[u8] = b"a contract, in a form that phones do not show";

fn document() -> Value {
    json!({"purpose": "口座を開くため", "document": DOCUMENT})
}

fn digest() -> Value {
    let hash = HashAlgorithm::Sha256.digest(CONTRACT);
    json!({"purpose": "契約を結ぶため", "digest": STANDARD.encode(hash.as_bytes())})
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_sites_by_openid_client_have_documents_and_digests_signed() {
    have_signed(&Stack::OpenidClient, &["digital-auth", "fapi2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_sites_by_oauth4webapi_have_documents_and_digests_signed() {
    have_signed(&Stack::Oauth4webapi, &["digital-auth", "fapi2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_site_by_authlib_has_documents_and_digests_signed() {
    have_signed(&Stack::Authlib, &["digital-auth"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_site_by_openidconnect_has_documents_and_digests_signed() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, phone) = with_hana(folder.path()).await;
    let visited = async |order| {
        rust::signed(&sandbox, order, async |url| {
            let mut browser = Browser::default();
            let link = browser.asks(&url).await;
            consents(&phone, &link, PHONE_PASSWORD).await;
            browser.goes_back().await
        })
        .await
    };
    let [cms, certificate] = visited(document()).await;
    document_is_signed(&sandbox, folder.path(), &cms, &certificate).await;
    let [signature, certificate] = visited(digest()).await;
    digest_is_signed(&signature, &certificate);
    sandbox.stop().await;
}

/// Hana signs a document and a digest for sites of that stack, by each of these profiles.
async fn have_signed(stack: &Stack, profiles: &[&'static str]) {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, phone) = with_hana(folder.path()).await;
    for profile in profiles.iter().copied() {
        for (order, is_document) in [(document(), true), (digest(), false)] {
            // Without the number: this browser has no page to type it on.
            let wish =
                Wish { profile, number_check: "never", order: Some(order), ..Wish::default() };
            let mut site = Site::with(&sandbox, stack, wish).await;
            let mut browser = Browser::default();
            let link = browser.asks(&site.url).await;
            consents(&phone, &link, PHONE_PASSWORD).await;
            let told = site.comes_back(&browser.goes_back().await);
            assert_eq!(told["id_token"]["medium"], "phone");
            let open = |name: &str| STANDARD.decode(told[name].as_str().unwrap()).unwrap();
            let (signature, certificate) = (open("signature"), open("certificate"));
            match is_document {
                true => {
                    document_is_signed(&sandbox, folder.path(), &signature, &certificate).await;
                }
                false => digest_is_signed(&signature, &certificate),
            }
        }
    }
    sandbox.stop().await;
}

/// OpenSSL and `inrou verify` find the message over the document valid, and over another one not.
async fn document_is_signed(sandbox: &Sandbox, folder: &Path, cms: &[u8], certificate: &[u8]) {
    let message = SignedMessage::from_der(cms).unwrap();
    let signed = message.verify_detached(DOCUMENT.as_bytes()).unwrap();
    assert_eq!(signed.signer.as_der(), certificate, "the certificate is the signer's");
    let anchors = sandbox.anybody("").unwrap().get("/ca/anchors.pem").bytes().await.unwrap();
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for (name, content) in [
        ("signature.der", cms),
        ("anchors.pem", &anchors[..]),
        ("document", DOCUMENT.as_bytes()),
        ("other", DOCUMENT.replace('花', "華").as_bytes()),
    ] {
        std::fs::write(at(name), content).unwrap();
    }
    let now = inrou_api::clock::Clock::now(&*sandbox.clock).as_second().to_string();
    let openssl = |content: &str| {
        let arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"];
        Command::new("openssl")
            .args(arguments)
            .args(["-in", &at("signature.der"), "-content", &at(content)])
            .args(["-CAfile", &at("anchors.pem"), "-attime", &now, "-out", "/dev/null"])
            .output()
            .unwrap()
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let good = openssl("document");
    assert!(good.status.success(), "{}", said(&good));
    assert!(!openssl("other").status.success());
    let verify = |content: &str| {
        Command::new(env!("CARGO_BIN_EXE_inrou-for-journeys"))
            .args(["--lang", "en", "--data"])
            .arg(folder)
            .args(["verify", &at("signature.der"), "--content", &at(content)])
            .output()
            .unwrap()
    };
    let good = verify("document");
    let shown = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(good.status.success(), "{shown}{}", said(&good));
    assert!(!verify("other").status.success());
}

/// The signature is the certificate's key's over the digest: PKCS#1 v1.5.
fn digest_is_signed(signature: &[u8], certificate: &[u8]) {
    let certificate = Certificate::from_der(certificate).unwrap();
    let key = certificate.public_key().unwrap();
    let by = SignatureAlgorithm::Sha256WithRsa;
    key.verify(by, CONTRACT, signature).unwrap();
    key.verify(by, b"another contract", signature).unwrap_err();
}
