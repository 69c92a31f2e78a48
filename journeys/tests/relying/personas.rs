//! Each persona's outcome, as a site is told of it, without a phone and without a page.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou::sandbox::{DataFolder, Options, Sandbox};
use serde_json::{Value, json};
use url::Url;

use crate::browser::Browser;
use crate::site::{Site, Stack, Wish};

/// What a site is told of those who do not succeed, as the guide for relying parties lists it.
const FAILURES: [(&str, &str); 11] = [
    ("on-hold", "certificate-on-hold"),
    ("on-hold-phone", "certificate-on-hold"),
    ("revoked", "certificate-revoked"),
    ("revoked-phone", "certificate-revoked"),
    ("expired", "certificate-expired"),
    ("pin-blocked", "holder-pin-blocked"),
    ("no-certificate", "holder-without-certificate"),
    ("refused", "transaction-refused"),
    ("timed-out", "transaction-expired"),
    ("wrong-pin", "holder-pin-wrong"),
    ("phone-not-supported", "holder-phone-not-supported"),
];

/// Who logs in, and by what.
const SUCCESSES: [(&str, &str); 5] = [
    ("success", "card"),
    ("success-phone", "phone"),
    ("minor", "card"),
    ("address-changed", "card"),
    ("password-blocked", "card"),
];

const GUIDE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/relying-parties/personas.md"));

/// One that begins at the present, which programs of sites know, or at `start`.
async fn sandbox(folder: &std::path::Path, start: Option<&str>) -> Sandbox {
    let options = Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: start.map(|start| start.parse().unwrap()),
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
    // Personas by phone are made anew by day.
    let sandbox = sandbox(folder.path(), Some("2026-11-24T12:00:00+09:00")).await;
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
        let successes = SUCCESSES.map(|(persona, _)| persona);
        for persona in successes.into_iter().chain(["ours"]) {
            let told = told(&site.url, persona).await;
            assert!(told.contains_key("code"), "{persona} after {years} years: {told:?}");
        }
    }
    let night = "2038-11-24T22:00:00+09:00".parse().unwrap();
    sandbox.clock.advance_to(night).unwrap();
    let asleep = told(&site.url, "success-phone").await;
    assert_eq!(asleep["inrou_code"], "persona-at-night");
    assert_eq!(asleep["error"], "temporarily_unavailable");
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
    let sandbox = sandbox(folder.path(), None).await;
    let hash = STANDARD.encode([7; 32]);
    for order in [
        json!({"purpose": "口座を開くため", "document": "申込書\n", "expires_in": 600}),
        json!({"purpose": "契約を結ぶため", "digest": hash, "expires_in": 600}),
    ] {
        let wish = Wish { order: Some(order), ..Wish::default() };
        let site = Site::with(&sandbox, &Stack::OpenidClient, wish.clone()).await;
        for (persona, code) in FAILURES.into_iter().chain(CANNOT_SIGN) {
            let told = told(&site.url, persona).await;
            assert_eq!(told["inrou_code"], code, "{persona}");
            assert_eq!(told["error"], "access_denied", "{persona}");
        }
        for (persona, code) in CANNOT_SIGN {
            assert!(GUIDE.contains(&format!("| `{persona}` | `{code}` |")), "{persona}");
        }
        for persona in ["success", "success-phone"] {
            let mut site = Site::with(&sandbox, &Stack::OpenidClient, wish.clone()).await;
            let url = format!("{}&login_hint=persona%3A{persona}", site.url);
            let told = site.comes_back(&Browser::default().is_led_back(&url).await);
            assert!(told["signature"].as_str().unwrap().len() > 300, "{persona}");
        }
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persona_logs_in_to_a_site_headless_and_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), None).await;
    let mut subjects = Vec::new();
    let all = SUCCESSES.into_iter().chain([("success", "card"), ("success-phone", "phone")]);
    for (persona, medium) in all {
        assert!(GUIDE.contains(&format!("| `{persona}` | {medium} |")), "{persona}");
        let mut site = Site::start(&sandbox, &Stack::OpenidClient, "digital-auth").await;
        let url = format!("{}&login_hint=persona%3A{persona}", site.url);
        let callback = Browser::default().is_led_back(&url).await;
        let told = site.comes_back(&callback);
        assert_eq!(told["id_token"]["medium"], json!(medium), "{persona}");
        subjects.push((told["id_token"]["sub"].clone(), told["userinfo"]["address"].clone()));
    }
    let each: BTreeSet<_> = subjects[..5].iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(each.len(), 5, "each is a person of its own");
    assert_eq!((&subjects[0], &subjects[1]), (&subjects[5], &subjects[6]));
    assert_eq!(subjects[3].1, "東京都清瀬市見本町１０－３", "the new address");
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
