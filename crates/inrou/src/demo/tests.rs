//! The job, and that it can fail: each fault is made beforehand, in the sandbox itself.

use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::authority::{Attendance, ChooseCertificates, ResidentSummary};
use inrou_pki::SystemEntropy;
use inrou_rules::Uses;

use super::*;
use crate::sandbox::Role;

async fn sandbox(folder: &Path, start: &str) -> Sandbox {
    let options = Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: Some(start.parse().unwrap()),
        residents: Some(vec![RESIDENT.to_owned()]),
    };
    Sandbox::start(options).await.unwrap()
}

/// Plays the job: what came of it, and the steps that held.
async fn played(sandbox: &Sandbox) -> (Result<Files, Failed>, Vec<Step>) {
    let mut held = Vec::new();
    let files = play(sandbox, &mut |step, _| held.push(step)).await;
    (files, held)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_holds_in_the_order_of_its_steps() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), "2026-11-22T10:00:00+09:00").await;
    let (files, held) = played(&sandbox).await;
    sandbox.stop().await;
    assert_eq!(held, Step::ALL);
    let files = files.unwrap();
    assert_eq!(files.names().count(), 6 + 8 + 12 + 2);
    let text = files.content("application.txt").unwrap();
    assert!(std::str::from_utf8(text).unwrap().contains("転出届"));
    let [before, after] = ["before", "after"].map(|moment| {
        let name = format!("crl-phone-sign-{moment}.crl");
        files.content(&name).unwrap().len()
    });
    assert!(after > before, "the revocation has its entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_1_a_demo_by_night_fails_for_nobody_works_on_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), "2026-11-22T22:00:00+09:00").await;
    let (files, held) = played(&sandbox).await;
    sandbox.stop().await;
    let failed = files.map(|_| ()).unwrap_err();
    assert_eq!(held, [Step::Card, Step::Apply]);
    assert_eq!(failed.step, Step::NewPins);
    assert_eq!(failed.unmet.seen, "work from 2026-11-23T08:00:00 on");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_10_a_demo_with_a_revoked_card_fails_at_its_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path(), "2026-11-22T10:00:00+09:00").await;
    let municipality = sandbox.world().unwrap().residents[0].municipality;
    let counter = sandbox.client("/authority/v1", Role::Counter).unwrap();
    let found: Page<ResidentSummary> = counter.get("/residents").answer().await.unwrap();
    let path = format!("/residents/{}/card/certificates", found.items[0].resident);
    let stop = ChooseCertificates {
        uses: Uses { signature: false, user_authentication: true },
        attendance: Attendance::InPerson,
        counter: municipality,
    };
    let key = IdempotencyKey::new(&SystemEntropy);
    counter.post(&path).json(&stop).once(&key).bytes().await.unwrap();
    let (files, held) = played(&sandbox).await;
    sandbox.stop().await;
    let failed = files.map(|_| ()).unwrap_err();
    assert_eq!((failed.step, held), (Step::Card, vec![]));
    assert_eq!(failed.unmet.expected, "card-sign: good");
    assert_eq!(failed.unmet.seen, "revoked: CessationOfOperation");
}

#[test]
fn a_failed_step_is_told_with_what_was_expected_and_seen() {
    let unmet = Unmet::new("card-sign: good", "revoked: CessationOfOperation");
    let fault = Fault::from(Failed::at(Step::StatusGood, unmet));
    let lines = fault.lines(Language::En);
    assert_eq!(
        lines.lines().next(),
        Some(
            "This did not hold: “OCSP and CRLs say that all four certificates are good”. \
             Expected: card-sign: good. Seen: revoked: CessationOfOperation. \
             [demo-step-failed]"
        )
    );
    assert_eq!(lines.lines().count(), 2);
    for language in Language::ALL {
        assert!(fault.lines(language).contains("CessationOfOperation"));
    }
}

#[test]
fn every_step_has_its_words_and_its_rules() {
    let rulebook = include_str!("../../../../docs/rulebook.md");
    for step in Step::ALL {
        assert!(text(&format!("demo-step.{}", step.name())).exists(), "{step:?}");
        for rule in step.rules() {
            assert!(rulebook.contains(&format!("| {rule} |")), "{step:?}: {rule}");
        }
    }
    let at = "2026-11-21T01:02:03Z".parse().unwrap();
    let line = Step::Register.line(at, Language::En);
    assert!(line.starts_with("10:02:03  REG-1 VALID-1    The phone registers"), "{line}");
}

#[test]
fn a_demo_begins_at_the_last_ten_o_clock_in_japan() {
    for (now, begins) in [
        ("2026-11-21T09:59:59+09:00", "2026-11-20T10:00:00+09:00"),
        ("2026-11-21T10:00:00+09:00", "2026-11-21T10:00:00+09:00"),
        ("2026-11-21T23:59:59+09:00", "2026-11-21T10:00:00+09:00"),
        ("2026-11-22T00:00:00+09:00", "2026-11-21T10:00:00+09:00"),
    ] {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(last_ten_o_clock(at(now)), at(begins), "{now}");
    }
}
