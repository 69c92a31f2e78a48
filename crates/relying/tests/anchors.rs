//! Where trust comes from.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use inrou_api::clock::TestClock;
use inrou_pki::{KeyAlgorithm, SystemEntropy};
use inrou_relying::anchors::{AnchorError, fetch, fingerprint, from_bytes, from_files};
use inrou_relying::testing::{Fault, TestAuthority, resident};
use inrou_relying::{Settings, StatusClient};
use inrou_rules::{Medium, Use};

async fn authority() -> TestAuthority {
    let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
    TestAuthority::open(clock, KeyAlgorithm::EcP256).await
}

#[tokio::test]
async fn anchors_are_read_from_der_and_pem_files() {
    let authority = authority().await;
    let folder = tempfile::tempdir().unwrap();
    let anchors = authority.anchors();
    let [one, other] = anchors.certificates() else { panic!() };
    let (der, pem) = (folder.path().join("one.cer"), folder.path().join("both.pem"));
    std::fs::write(&der, one.as_der()).unwrap();
    let both = format!("# both\n{}\n{}", one.to_pem(), other.to_pem());
    std::fs::write(&pem, &both).unwrap();
    assert_eq!(from_files([&der]).unwrap().certificates(), std::slice::from_ref(one));
    assert_eq!(from_files([&pem]).unwrap().certificates(), [one.clone(), other.clone()]);
    assert_eq!(from_bytes(both.as_bytes()).unwrap().certificates().len(), 2);

    let missing = folder.path().join("missing.pem");
    assert!(matches!(from_files([missing]), Err(AnchorError::File { .. })));
    let none: [&std::path::Path; 0] = [];
    assert!(matches!(from_files(none), Err(AnchorError::None)));
    std::fs::write(&pem, "hello").unwrap();
    assert!(matches!(from_files([&pem]), Err(AnchorError::Certificate(_))));
    std::fs::write(&pem, vec![b' '; 1024 * 1024 + 1]).unwrap();
    assert!(matches!(from_files([&pem]), Err(AnchorError::TooLong)));
}

#[tokio::test]
async fn a_holders_certificate_is_no_anchor() {
    let authority = authority().await;
    let attributes = resident("印籠　花子", "東京都清瀬市");
    let holder = authority.issue(Use::Signature, Medium::Card, &attributes);
    let read = from_bytes(holder.certificate.as_der());
    assert!(matches!(read, Err(AnchorError::Invalid(_))), "{read:?}");
}

#[tokio::test]
async fn fetched_anchors_are_those_that_the_caller_pinned() {
    let authority = authority().await;
    let address = format!("{}/ca/anchors.pem", authority.base());
    let client = StatusClient::new(&Settings::default(), Arc::new(SystemEntropy)).unwrap();
    let anchors = authority.anchors();
    let [one, other] = anchors.certificates() else { panic!() };
    let pins = [fingerprint(one).to_uppercase(), fingerprint(other)];
    let both = fetch(&client, &address, &pins).await.unwrap();
    assert_eq!(both.certificates(), [one.clone(), other.clone()]);
    let single = fetch(&client, &address, &pins[1..]).await.unwrap();
    assert_eq!(
        single.certificates(),
        std::slice::from_ref(other),
        "what is not pinned is not trusted"
    );

    let wrong = ["00".repeat(32)];
    let refused = fetch(&client, &address, &wrong).await;
    assert!(matches!(refused, Err(AnchorError::Pin(pin)) if pin == wrong[0]));
    assert!(matches!(fetch(&client, &address, &[]).await, Err(AnchorError::None)));
    authority.set_fault(Some(Fault::Down));
    let refused = fetch(&client, &address, &pins).await;
    assert!(matches!(refused, Err(AnchorError::Fetch(_))));
    authority.set_fault(Some(Fault::Endless));
    let refused = fetch(&client, &address, &pins).await;
    assert!(refused.is_err());
}
