use std::path::Path;

use inrou_chip::tray::ChipName;
use inrou_pki::Status;
use serde_json::json;

use super::*;
use crate::residents::Fault;
use crate::sandbox::stage::Stage;
use crate::sandbox::{DataFolder, Options, Sandbox};

async fn sandbox(root: &Path) -> Sandbox {
    started(root, "2026-11-24T12:00:00+09:00", Some(vec!["hana".to_owned()])).await
}

async fn started(root: &Path, at: &str, residents: Option<Vec<String>>) -> Sandbox {
    let options = Options {
        folder: DataFolder::create(root).unwrap(),
        port: 0,
        start: Some(at.parse().unwrap()),
        residents,
    };
    Sandbox::start(options).await.unwrap()
}

fn cast(sandbox: &Sandbox) -> Arc<Cast> {
    sandbox.world().unwrap().cast.upgrade().unwrap()
}

/// As a site asks.
fn asked(purpose: Purpose) -> Transaction {
    let transaction = json!({
        "id": "0123456789abcdef0123456789abcdef", "asker": "http://localhost:1", "asker_name": "A site",
        "purpose": purpose, "text": "…", "challenge": "AAEC", "state": "open",
        "digest": inrou_api::wire::Base64(vec![7; 32]),
        "begun": "2026-11-24T03:00:00Z", "expires": "2026-11-24T03:05:00Z"
    });
    serde_json::from_value(transaction).unwrap()
}

async fn answer(cast: &Cast, name: &str, purpose: Purpose) -> TransactionAnswer {
    match cast.respond(name, &asked(purpose)).await.unwrap() {
        Some(PersonaAnswer::Answers(answer)) => answer,
        _ => panic!("{name} does not answer"),
    }
}

/// The certificate by which a persona answers.
fn certificate(answer: &TransactionAnswer) -> CertificateId {
    let (usage, certificate) = match answer {
        TransactionAnswer::LogIn { certificate, .. } => (Use::UserAuthentication, certificate),
        TransactionAnswer::SignDigest { certificate, .. } => (Use::Signature, certificate),
        other => panic!("{other:?}"),
    };
    let serial = Certificate::from_der(&certificate.0).unwrap().serial().unwrap();
    CertificateId { usage, serial }
}

fn status(cast: &Cast, answer: &TransactionAnswer) -> Status {
    cast.props.authority.status_index().status(certificate(answer))
}

fn persona(cast: &Cast, name: &str, number: u32) -> (TestResident, ChipName) {
    let all = cast.with_card().unwrap();
    let one = all.into_iter().find(|one| one.handle.as_str() == name).unwrap();
    let numbered = numbered(&one, number).unwrap();
    let chip = numbered.handle.as_str().parse().unwrap();
    (numbered, chip)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persona_whose_making_was_broken_off_is_made_anew_and_never_answers_as_another() {
    let root = tempfile::tempdir().unwrap();
    let first = sandbox(root.path()).await;
    let stories = [
        ("on-hold", Purpose::LogIn),
        ("revoked", Purpose::LogIn),
        ("address-changed", Purpose::SignDigest),
        ("pin-blocked", Purpose::LogIn),
        ("password-blocked", Purpose::SignDigest),
    ];
    {
        let cast = cast(&first);
        let stage = Stage::open(&cast.props).await.unwrap();
        for (name, _) in stories {
            // The power went off when the card was issued, before its tries were spent.
            let (mut persona, chip) = persona(&cast, name, 1);
            persona.card.wrong_tries = WrongTries::default();
            cast.issue_card(&stage, &persona).await.unwrap();
            assert_eq!(cast.standing(&chip).unwrap(), Standing::BrokenOff, "{name}");
        }
        stage.close().await;
    }
    first.stop().await;
    let again = sandbox(root.path()).await;
    {
        let cast = cast(&again);
        for (name, purpose) in stories {
            let answer = answer(&cast, name, purpose).await;
            if let TransactionAnswer::Cannot { reason } = answer {
                assert_eq!((name.ends_with("-blocked"), reason), (true, Hindrance::PinBlocked));
            } else {
                let status = status(&cast, &answer);
                let is_held = matches!(status, Status::OnHold { .. });
                let is_revoked = matches!(status, Status::Revoked { .. });
                assert_eq!((is_held, is_revoked), (name == "on-hold", name != "on-hold"), "{name}");
            }
            let standing = |number| cast.standing(&persona(&cast, name, number).1).unwrap();
            assert_eq!([standing(1), standing(2)], [Standing::BrokenOff, Standing::Made], "{name}");
        }
    }
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persona_whose_certificates_somebody_revoked_is_made_anew() {
    let root = tempfile::tempdir().unwrap();
    let sandbox = sandbox(root.path()).await;
    {
        let cast = cast(&sandbox);
        let before = answer(&cast, "success", Purpose::LogIn).await;
        let same = answer(&cast, "success", Purpose::LogIn).await;
        assert_eq!(certificate(&before), certificate(&same));
        let (persona, _) = persona(&cast, "success", 1);
        // The same steps under the same keys: who it is, and nothing new.
        let stage = Stage::open(&cast.props).await.unwrap();
        let resident = cast.issue_card(&stage, &persona).await.unwrap();
        Story::GivenUp.happen(&stage, &persona, resident).await.unwrap();
        stage.close().await;
        assert!(matches!(status(&cast, &before), Status::Revoked { .. }));
        let after = answer(&cast, "success", Purpose::LogIn).await;
        assert_ne!(certificate(&before), certificate(&after));
        assert!(matches!(status(&cast, &after), Status::Good));
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_1_a_persona_by_phone_is_there_at_night_and_made_anew_in_the_morning() {
    let root = tempfile::tempdir().unwrap();
    let sandbox = started(root.path(), "2026-11-24T22:00:00+09:00", None).await;
    {
        let cast = cast(&sandbox);
        for (name, held, revoked) in [
            ("success-phone", false, false),
            ("on-hold-phone", true, false),
            ("revoked-phone", false, true),
        ] {
            for purpose in [Purpose::LogIn, Purpose::SignDigest] {
                let status = status(&cast, &answer(&cast, name, purpose).await);
                let told = matches!(status, Status::OnHold { .. });
                assert_eq!((told, matches!(status, Status::Revoked { .. })), (held, revoked));
            }
        }
        let before = answer(&cast, "success-phone", Purpose::LogIn).await;
        sandbox.clock.advance_to("2032-11-24T19:30:00+09:00".parse().unwrap()).unwrap();
        let asleep = cast.respond("success-phone", &asked(Purpose::LogIn)).await;
        assert_eq!(asleep.err().unwrap().code(), "persona-at-night");
        let (_, second) = persona(&cast, "success-phone", 2);
        assert_eq!(cast.standing(&second).unwrap(), Standing::Missing, "nothing is begun at night");
        sandbox.clock.advance_to("2032-11-25T08:00:00+09:00".parse().unwrap()).unwrap();
        let after = answer(&cast, "success-phone", Purpose::LogIn).await;
        assert_ne!(certificate(&before), certificate(&after));
        assert!(matches!(status(&cast, &after), Status::Good));
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persona_by_phone_whose_making_was_broken_off_is_made_anew() {
    let root = tempfile::tempdir().unwrap();
    let first = started(root.path(), "2026-11-24T12:00:00+09:00", None).await;
    {
        let cast = cast(&first);
        let stage = Stage::open(&cast.props).await.unwrap();
        for (name, is_registered) in [("success-phone", false), ("on-hold-phone", true)] {
            let (_, made) = persona(&cast, name, 1);
            cast.folder.remove(&format!("{made}.made")).unwrap();
            let (second, chip) = persona(&cast, name, 2);
            cast.issue_card(&stage, &second).await.unwrap();
            if is_registered {
                cast.equip(&stage, &second).await.unwrap();
            }
            assert_eq!(cast.standing(&chip).unwrap(), Standing::BrokenOff);
        }
        stage.close().await;
    }
    first.stop().await;
    let again = started(root.path(), "2026-11-24T12:00:00+09:00", None).await;
    {
        let cast = cast(&again);
        let works = answer(&cast, "success-phone", Purpose::LogIn).await;
        assert!(matches!(status(&cast, &works), Status::Good));
        let held = answer(&cast, "on-hold-phone", Purpose::LogIn).await;
        assert!(matches!(status(&cast, &held), Status::OnHold { .. }));
    }
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_cannot_carry_certificates_says_so() {
    let root = tempfile::tempdir().unwrap();
    let own = with_own(|one| one["phones"][0]["model"] = json!("Sandbox Phone 1"));
    std::fs::write(root.path().join(FILE), own).unwrap();
    let sandbox = sandbox(root.path()).await;
    {
        let answer = answer(&cast(&sandbox), "ours", Purpose::LogIn).await;
        assert_eq!(answer, TransactionAnswer::Cannot { reason: Hindrance::PhoneNotSupported });
    }
    sandbox.stop().await;
}

#[test]
fn a_mistake_in_the_own_file_is_told_with_its_line() {
    let told = |member: &str, change: fn(&mut serde_json::Value)| {
        let root = tempfile::tempdir().unwrap();
        let (file, text) = (root.path().join(FILE), with_own(change));
        std::fs::write(&file, &text).unwrap();
        let own = Source::read(&file).unwrap();
        let error = files(own, jiff::civil::date(2026, 11, 24)).unwrap_err();
        let line = text.lines().nth(error.line.unwrap() - 1).unwrap();
        assert!(line.contains(&format!("\"{member}\":")), "{error}: {line}");
        assert_eq!(error.file, Some(file));
        error.fault
    };
    let taken = told("handle", |one| one["handle"] = json!("minor"));
    assert_eq!(taken, Fault::PersonaNameTaken);
    let long = told("handle", |one| one["handle"] = json!("a-name-of-22-characters"));
    assert_eq!(long, Fault::PersonaNameLong);
    let phones = told("phones", |one| {
        let mut other = one["phones"][0].clone();
        other["name"] = json!("other");
        one["phones"].as_array_mut().unwrap().push(other);
    });
    assert_eq!(phones, Fault::PersonaPhones);
    let spent = |one: &mut serde_json::Value| {
        one["card"]["wrong_tries"] = json!({"user_authentication": 4});
    };
    assert_eq!(told("wrong_tries", spent), Fault::TooManyTries);
}

/// A file with a persona of one's own by phone, who has changed.
fn with_own(change: impl Fn(&mut serde_json::Value)) -> String {
    let built_in = include_str!("../../../data/personas.json");
    let mut file: serde_json::Value = serde_json::from_str(built_in).unwrap();
    let residents = file["residents"].as_array_mut().unwrap();
    residents.retain(|one| one["handle"] == "success-phone");
    residents[0]["handle"] = json!("ours");
    change(&mut residents[0]);
    serde_json::to_string_pretty(&file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn personas_are_offered_by_what_comes_of_what_is_asked() {
    let root = tempfile::tempdir().unwrap();
    let sandbox = sandbox(root.path()).await;
    {
        let cast = cast(&sandbox);
        let succeed = |purpose, medium| {
            let all = cast.offered(purpose).into_iter();
            let own = all.filter(|one| one.succeeds && one.medium == Some(medium));
            own.map(|one| one.name).collect::<Vec<_>>()
        };
        let log_in = succeed(Purpose::LogIn, Medium::Card);
        assert_eq!(log_in, ["success", "minor", "address-changed", "password-blocked"]);
        assert_eq!(succeed(Purpose::Sign, Medium::Card), ["success"]);
        for purpose in [Purpose::LogIn, Purpose::Sign] {
            assert_eq!(succeed(purpose, Medium::Phone), ["success-phone"]);
        }
        let all = cast.offered(Purpose::LogIn);
        assert!(all.iter().all(|one| one.name != "expired"), "its history is too short");
        for one in all {
            let text = format!("persona.{}", one.name);
            assert!(inrou_words::text(&text).exists(), "{text}");
        }
    }
    sandbox.stop().await;
}
