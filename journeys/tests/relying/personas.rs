//! Each persona's outcome, as a site is told of it, without a phone and without a page.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou::sandbox::{DataFolder, Options, Sandbox};
use serde_json::{Value, json};
use url::Url;

use crate::browser::Browser;
use crate::site::{Site, Stack, Wish};

/// What a site is told of those who do not succeed, as the guide for relying parties lists it.
const FAILURES: [(&str, &str); 9] = [
    ("on-hold", "certificate-on-hold"),
    ("revoked", "certificate-revoked"),
    ("expired", "certificate-expired"),
    ("pin-blocked", "holder-pin-blocked"),
    ("no-certificate", "holder-without-certificate"),
    ("refused", "transaction-refused"),
    ("timed-out", "transaction-expired"),
    ("wrong-pin", "holder-pin-wrong"),
    ("phone-not-supported", "holder-phone-not-supported"),
];

const GUIDE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/relying-parties/personas.md"));

async fn sandbox(folder: &std::path::Path) -> Sandbox {
    let options = Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: None,
        residents: None,
    };
    Sandbox::start(options).await.unwrap()
}

/// Where a site is led back when it asks for a persona.
async fn told(url: &str, persona: &str) -> BTreeMap<String, String> {
    let url = format!("{url}&login_hint=persona%3A{persona}");
    let back = Browser::default().is_led_back(&url).await;
    Url::parse(&back).unwrap().query_pairs().into_owned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_persona_gives_its_documented_outcome_whatever_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("personas.json"), own_persona()).unwrap();
    let sandbox = sandbox(folder.path()).await;
    let site = Site::start(&sandbox, &Stack::OpenidClient, "digital-auth").await;
    for years in [0, 6] {
        sandbox.clock.advance_by(jiff::SignedDuration::from_hours(years * 365 * 24)).unwrap();
        // The issuer of the one that has expired has ended as well by then.
        for (persona, code) in
            FAILURES.into_iter().filter(|(one, _)| years == 0 || *one != "expired")
        {
            let told = told(&site.url, persona).await;
            assert_eq!(told["inrou_code"], code, "{persona} after {years} years");
            assert_eq!(told["error"], "access_denied", "{persona}");
            assert!(GUIDE.contains(&format!("| `{persona}` | `{code}` |")), "{persona}");
        }
        for persona in ["success", "minor", "address-changed", "password-blocked", "ours"] {
            let told = told(&site.url, persona).await;
            assert!(told.contains_key("code"), "{persona} after {years} years: {told:?}");
        }
    }
    let told = told(&site.url, "nobody").await;
    assert_eq!(told["inrou_code"], "persona-unknown");
    sandbox.stop().await;
}

/// Of those who log in, how they sign.
const CANNOT_SIGN: [(&str, &str); 3] = [
    ("minor", "holder-without-certificate"),
    ("address-changed", "certificate-revoked"),
    ("password-blocked", "holder-pin-blocked"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_persona_gives_its_documented_outcome_where_something_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let hash = STANDARD.encode([7; 32]);
    for order in [
        json!({"purpose": "口座を開くため", "document": "申込書\n", "expires_in": 600}),
        json!({"purpose": "契約を結ぶため", "digest": hash, "expires_in": 600}),
    ] {
        let wish = Wish { order: Some(order), ..Wish::default() };
        let mut site = Site::with(&sandbox, &Stack::OpenidClient, wish).await;
        for (persona, code) in FAILURES.into_iter().chain(CANNOT_SIGN) {
            let told = told(&site.url, persona).await;
            assert_eq!(told["inrou_code"], code, "{persona}");
            assert_eq!(told["error"], "access_denied", "{persona}");
        }
        for (persona, code) in CANNOT_SIGN {
            assert!(GUIDE.contains(&format!("| `{persona}` | `{code}` |")), "{persona}");
        }
        let url = format!("{}&login_hint=persona%3Asuccess", site.url);
        let told = site.comes_back(&Browser::default().is_led_back(&url).await);
        assert!(told["signature"].as_str().unwrap().len() > 300);
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persona_logs_in_to_a_site_headless_and_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let mut subjects = Vec::new();
    for persona in ["success", "success", "address-changed"] {
        let mut site = Site::start(&sandbox, &Stack::OpenidClient, "digital-auth").await;
        let url = format!("{}&login_hint=persona%3A{persona}", site.url);
        let callback = Browser::default().is_led_back(&url).await;
        let told = site.comes_back(&callback);
        assert_eq!(told["id_token"]["medium"], json!("card"));
        subjects.push((told["id_token"]["sub"].clone(), told["userinfo"]["address"].clone()));
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0].0, subjects[2].0);
    assert_eq!(subjects[2].1, "東京都清瀬市見本町１０－３", "the new address");
    sandbox.stop().await;
}

/// A file that adds a persona of one's own.
fn own_persona() -> String {
    let built_in = include_str!("../../../crates/inrou/data/personas.json");
    let mut file: Value = serde_json::from_str(built_in).unwrap();
    let residents = file["residents"].as_array_mut().unwrap();
    residents.truncate(1);
    residents[0]["handle"] = json!("ours");
    file.to_string()
}
