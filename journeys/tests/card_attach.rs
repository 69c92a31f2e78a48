//! `inrou card attach` on the chips of a sandbox, with OpenSC at the reader: what is done to a card or
//! phone there stays done, whoever is started again.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_api::wire::phone::{AllowContactless, ChipContents, PhoneState, ReadContents, Typed};
use inrou_journeys::hana::{CARD_PIN, PHONE, PHONE_PIN, apply, register};
use inrou_journeys::vpcd::{Attached, Pcscd, isolated};

const COMMAND: &str = env!("CARGO_BIN_EXE_inrou-for-journeys");

#[tokio::test(flavor = "multi_thread")]
async fn card_6_wrong_pins_at_a_reader_lock_card_and_phone_for_good() {
    if !isolated("card_6_wrong_pins_at_a_reader_lock_card_and_phone_for_good") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = sandbox(folder.path()).await;
    let phone = running.anybody("/phone/v1").unwrap();
    apply(&phone).await;
    register(&phone).await;
    let allowed = AllowContactless { allowed: true };
    let call = phone.put(&format!("{PHONE}/contactless")).json(&allowed);
    call.answer::<PhoneState>().await.unwrap();

    let pcscd = Pcscd::start();
    let chips: [(&[&str], &str); 2] = [(&["hana"], CARD_PIN), (&["hana", "--phone"], PHONE_PIN)];
    for (name, right) in chips {
        let attached = Attached::new(&pcscd, COMMAND, folder.path(), name);
        assert_eq!(run("opensc-tool", &["--name"]).1.lines().next(), Some("jpki"));
        assert_reader_is_unknown("none such");
        for left in ["3", "2", "1"] {
            assert_tries_left(left);
            assert!(!verifies("9999"));
        }
        assert_tries_left("0");
        drop(attached);

        let _attached = Attached::new(&pcscd, COMMAND, folder.path(), name);
        assert_tries_left("0");
        assert!(!verifies(right), "the right PIN is too late");
    }
    running.stop().await;

    let running = sandbox(folder.path()).await;
    for (name, right) in chips {
        let _attached = Attached::new(&pcscd, COMMAND, folder.path(), name);
        assert_tries_left("0");
        assert!(!verifies(right), "{name:?}");
    }
    // The phone's own app hears the same (PIN-1), once it has its chip back.
    let phone = running.anybody("/phone/v1").unwrap();
    let pin = Some(Typed::new(PHONE_PIN));
    let asked = ReadContents { signature_password: None, user_authentication_pin: pin };
    let blocked = loop {
        let call = phone.post(&format!("{PHONE}/contents")).json(&asked);
        let error = call.answer::<ChipContents>().await.unwrap_err();
        let code = error.problem().unwrap().code().to_owned();
        if code != "phone-busy" {
            break code;
        }
    };
    assert_eq!(blocked, "pin-blocked");
    running.stop().await;
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

/// Whether OpenSC gets the user-authentication PIN past the chip.
fn verifies(pin: &str) -> bool {
    run("pkcs15-tool", &["--verify-pin", "--auth-id", "1", "--pin", pin]).0
}

/// What OpenSC reads of the user-authentication PIN, the first of the two.
fn assert_tries_left(left: &str) {
    let (_, pins) = run("pkcs15-tool", &["--list-pins"]);
    let line = pins.lines().find(|line| line.contains("Tries left")).unwrap_or_default();
    assert!(line.ends_with(&format!(": {left}")), "{left} expected: {pins}");
}

/// No card is read in a reader that is not there.
fn assert_reader_is_unknown(reader: &str) {
    let (done, said) = run(
        env!("CARGO_BIN_EXE_inrou-for-journeys"),
        &["--lang", "en", "card", "read", "--reader", reader],
    );
    assert!(!done && said.contains("[reader-unknown]"), "{said}");
}

/// Runs a program of OpenSC: whether it succeeded, and what it wrote.
fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
