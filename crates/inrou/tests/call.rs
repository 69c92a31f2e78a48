//! `inrou call` plays the roles of a running sandbox.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{inrou, inrou_told, said, sandbox, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_played_and_may_do_no_more_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let running = sandbox(folder.path()).await;
    let call = |arguments: &[&str]| inrou(folder.path(), &[&["call", "--as"], arguments].concat());

    let residents = call(&["counter", "GET", "/authority/v1/residents?limit=1"]);
    assert!(residents.status.success(), "{}", said(&residents));
    assert!(shown(&residents).contains(r#""items":[{"resident":""#), "{}", shown(&residents));
    let received = call(&["clerk", "GET", "/office/v1/applications"]);
    assert_eq!(shown(&received).trim(), r#"{"items":[]}"#);

    let decision = ["clerk", "POST", "/office/v1/applications/none/decision", "--body", "-"];
    let arguments = [&["call", "--as"], &decision[..]].concat();
    let nothing = inrou_told(folder.path(), &arguments, r#"{"decision":"accept"}"#);
    for (refused, why) in [
        (call(&["clerk", "GET", "/authority/v1/residents"]), "not allowed"),
        (call(&["clerk", "GET", "/nowhere"]), "nothing here"),
        (nothing, "nothing here"),
        (inrou_told(folder.path(), &arguments, "no JSON"), "[body-not-json]"),
        (call(&["clerk", "POST", "/", "--key", "\""]), "[key-not-readable]"),
    ] {
        assert!(!refused.status.success());
        assert!(said(&refused).contains(why), "{why}: {}", said(&refused));
        assert_eq!(said(&refused).lines().count(), 2, "{}", said(&refused));
    }
    // What is no JSON comes as it is, byte for byte.
    let issuer = call(&["clerk", "GET", "/ca/signature/1.cer"]);
    let certificate = inrou_pki::Certificate::from_der(&issuer.stdout).unwrap();
    assert_eq!(certificate.as_der(), issuer.stdout);
    running.stop().await;
    let gone = call(&["clerk", "GET", "/office/v1/applications"]);
    assert!(said(&gone).contains("No sandbox runs"), "{}", said(&gone));
}
