//! The receiving office: who may see what, and what a clerk does.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::process::Command;

use inrou_api::page::Page;
use inrou_api::wire::authority::Notices;
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationState, Decision, EvidenceKind, OfficeFile, OfficeState,
    ReceivedApplication, Signer,
};
use inrou_api::wire::transaction::Purpose;
use inrou_pki::{Certificate, KeyAlgorithm};
use inrou_relying::testing::Fault;
use inrou_relying::{StatusEvidence, StatusSource};
use inrou_rules::Medium;
use jiff::SignedDuration;
use support::{House, code, key, role_key};

async fn list(house: &House, query: &str) -> Page<ReceivedApplication> {
    house.clerk().get(&format!("/applications{query}")).answer().await.unwrap()
}

fn returned(reason: &str) -> Decision {
    Decision::Return { reason: reason.to_owned() }
}

#[tokio::test]
async fn use_2_a_clerk_reads_all_that_the_signature_rests_on() {
    for fault in [None, Some(Fault::OcspDown)] {
        let house = House::new().await;
        let person = house.person("印籠　花子", Medium::Phone);
        house.authority.set_fault(None);
        let token = house.log_in(&person).await;
        let drawn_up = house.draw_up(&token).await;
        house.authority.set_fault(fault);
        house.sign(&person, &drawn_up).await;
        let at = house.now();
        house.clock.advance_by(SignedDuration::from_hours(24 * 365 * 3));

        let page = list(&house, "").await;
        let received = ReceivedApplication {
            application: drawn_up.application.clone(),
            reference: "20261121-000001".to_owned(),
            procedure: inrou_api::wire::portal::Procedure::MovingOut,
            municipality: "13221".parse().unwrap(),
            received: at,
            state: ApplicationState::Received { at },
        };
        assert_eq!((page.items, page.next), (vec![received.clone()], None));
        let path = format!("/applications/{}", drawn_up.application);
        let file: OfficeFile = house.clerk().get(&path).answer().await.unwrap();
        assert_eq!(file.received, received);
        assert_eq!(file.checked_at, at);
        let signer = Signer {
            name: "印籠　花子".to_owned(),
            address: "東京都清瀬市中里１－２－３".to_owned(),
            birth_date: Some("1980-02-17".to_owned()),
        };
        assert!(file.signer == signer);
        // Three years later it is still proven that it was good then.
        let source = match file.evidence_kind {
            EvidenceKind::Ocsp => StatusSource::Ocsp,
            EvidenceKind::Crl => StatusSource::Crl,
        };
        assert_eq!(source == StatusSource::Crl, fault.is_some());
        let certificate = Certificate::from_der(&file.certificate.0).unwrap();
        assert_eq!(certificate, person.signature.certificate);
        let evidence = StatusEvidence::new(source, file.status_evidence.0.clone(), at);
        let validator = house.authority.validator(house.authority.relying_settings());
        validator.validate_with(&certificate, Purpose::Sign, &evidence).unwrap();

        for (rest, bytes) in [
            ("document", drawn_up.document.as_bytes()),
            ("signature", &file.signed.cms.0),
            ("certificate", &file.certificate.0),
            ("evidence", &file.status_evidence.0),
        ] {
            let path = format!("{path}/{rest}");
            assert_eq!(house.clerk().get(&path).bytes().await.unwrap(), bytes, "{rest}");
        }
    }
}

#[tokio::test]
async fn openssl_verifies_what_a_clerk_downloads() {
    let house = House::of(KeyAlgorithm::Rsa2048).await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let folder = tempfile::tempdir().unwrap();
    for name in ["document", "signature", "evidence", "certificate"] {
        let path = format!("/applications/{application}/{name}");
        let bytes = house.clerk().get(&path).bytes().await.unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let anchors = house.authority.anchors();
    let pem: String = anchors.certificates().iter().map(Certificate::to_pem).collect();
    std::fs::write(folder.path().join("anchors.pem"), pem).unwrap();
    let at = house.now().as_second().to_string();
    let openssl = |arguments: &str| {
        let run = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = [run.stdout, run.stderr].concat();
        (run.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let verify = format!(
        "cms -verify -inform DER -in signature -binary -CAfile anchors.pem -purpose any -attime {at}"
    );
    let (good, said) = openssl(&format!("{verify} -content document"));
    assert!(good, "{said}");
    std::fs::write(folder.path().join("tampered"), "転入届\n").unwrap();
    let (good, said) = openssl(&format!("{verify} -content tampered"));
    assert!(!good, "{said}");
    let (_, said) = openssl("ocsp -respin evidence -CAfile anchors.pem -resp_text -noverify");
    assert!(said.contains("Cert Status: good"), "{said}");
}

#[tokio::test]
async fn a_decision_reaches_the_resident_as_notice_state_and_history() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (token, application) = house.apply(&person).await;
    let resident = house.resident(&token);
    house.clock.advance_by(SignedDuration::from_mins(10));
    let at = house.now();
    let reason = "引っ越しの日を確かめてください。";
    let path = format!("/applications/{application}/decision");
    let call = house.clerk().post(&path).json(&returned(reason)).once(&key());
    let decided: ReceivedApplication = call.answer().await.unwrap();
    let state = ApplicationState::Returned { at, reason: reason.to_owned() };
    assert_eq!(decided.state, state);
    let path = format!("/applications/{application}");
    let seen: ApplicationDetail = resident.get(&path).answer().await.unwrap();
    assert_eq!(seen.view.state, state);
    let told: Notices = resident.get("/notices?since=1").answer().await.unwrap();
    assert_eq!(told.notices[0].code, "application-returned");
    assert_eq!(told.notices[0].params["reason"], reason);
    let history: Page<inrou_api::wire::authority::HistoryEntry> =
        resident.get("/history?limit=1").answer().await.unwrap();
    let newest = &history.items[0];
    assert_eq!((newest.code.as_str(), newest.actor.as_str()), ("application-returned", "counter"));
    assert!(!newest.params.contains_key("reason"), "a clerk's words stay out of the history");
}

#[tokio::test]
async fn an_application_is_decided_once() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (token, application) = house.apply(&person).await;
    let path = format!("/applications/{application}/decision");
    let (first, second) = (key(), key());
    let decide = async |decision: &Decision, key: &_| {
        let call = house.clerk().post(&path).json(decision).once(key);
        call.answer::<ReceivedApplication>().await
    };
    let accepted = decide(&Decision::Accept, &first).await.unwrap();
    assert!(matches!(accepted.state, ApplicationState::Accepted { .. }));
    assert_eq!(decide(&Decision::Accept, &first).await.unwrap(), accepted);
    assert_eq!(decide(&Decision::Accept, &second).await.unwrap(), accepted);
    assert_eq!(code(decide(&returned("no"), &first).await), "idempotency-key-reused");
    assert_eq!(code(decide(&returned("no"), &key()).await), "application-settled");
    let told: Notices = house.resident(&token).get("/notices").answer().await.unwrap();
    let codes: Vec<_> = told.notices.iter().map(|notice| notice.code.as_str()).collect();
    assert_eq!(codes, ["application-received", "application-accepted"]);

    let other = house.apply(&person).await.1;
    let path = format!("/applications/{other}/decision");
    for reason in ["", "  \n ", &"あ".repeat(501)] {
        let call = house.clerk().post(&path).json(&returned(reason)).once(&key());
        assert_eq!(code(call.bytes().await), "bad-request");
    }
    let call = house.clerk().post(&path).json(&returned(&"あ".repeat(500))).once(&key());
    assert!(call.bytes().await.is_ok());
}

#[tokio::test]
async fn two_clerks_at_once_make_one_decision() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (token, application) = house.apply(&person).await;
    let path = format!("/applications/{application}/decision");
    let (one, other) = (house.clerk(), house.clerk());
    let (accept, back) = (Decision::Accept, returned("no"));
    let (first, second) = tokio::join!(
        one.post(&path).json(&accept).once(&key()).answer::<ReceivedApplication>(),
        other.post(&path).json(&back).once(&key()).answer::<ReceivedApplication>(),
    );
    assert!(first.is_ok() != second.is_ok());
    let told: Notices = house.resident(&token).get("/notices").answer().await.unwrap();
    assert_eq!(told.notices.len(), 2);
}

#[tokio::test]
async fn the_list_is_paged_by_receipt_and_filtered_by_state() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(house.apply(&person).await.1);
        house.clock.advance_by(SignedDuration::from_mins(1));
    }
    // One that waits for its signature is none of the office's business.
    let token = house.log_in(&person).await;
    let unsigned = house.draw_up(&token).await.application;
    let path = format!("/applications/{unsigned}");
    assert_eq!(code(house.clerk().get(&path).bytes().await), "not-found");
    for (application, decision) in [(&all[1], Decision::Accept), (&all[3], returned("no"))] {
        let path = format!("/applications/{application}/decision");
        house.clerk().post(&path).json(&decision).once(&key()).bytes().await.unwrap();
    }
    let ids = |page: Page<ReceivedApplication>| {
        page.items.into_iter().map(|item| item.application).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let mut query = "?limit=2".to_owned();
    while !query.is_empty() {
        let mut page = list(&house, &query).await;
        let next = page.next.take();
        query = next.map_or(String::new(), |next| format!("?limit=2&cursor={}", next.as_str()));
        found.extend(ids(page));
    }
    assert_eq!(found, all);
    for (state, expected) in [
        (OfficeState::Received, vec![&all[0], &all[2], &all[4]]),
        (OfficeState::Accepted, vec![&all[1]]),
        (OfficeState::Returned, vec![&all[3]]),
    ] {
        let name = serde_json::to_value(state).unwrap();
        let page = list(&house, &format!("?state={}", name.as_str().unwrap())).await;
        assert_eq!(ids(page).iter().collect::<Vec<_>>(), expected);
    }
    for query in ["?state=lost", "?cursor=%00", "?more=1"] {
        let wrong = house.clerk().get(&format!("/applications{query}")).bytes().await;
        assert_eq!(code(wrong), "bad-request", "{query}");
    }
}

#[tokio::test]
async fn only_a_signed_request_of_a_clerk_is_answered() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (token, application) = house.apply(&person).await;
    let office = house.portal.base.clone() + "/office/v1";
    let unsigned =
        inrou_api::client::Client::new(&office, &[], house.clock.clone(), support::entropy())
            .unwrap();
    let stranger = house.role("role:clerk", role_key());
    for (client, expected) in [
        (unsigned.clone(), "signature-missing"),
        (unsigned.showing(token), "signature-missing"),
        (stranger, "signature-invalid"),
        (house.role("role:nobody", role_key()), "caller-unknown"),
        (house.role("phone:1", role_key()), "caller-unknown"),
        (house.clerk_as("idler"), "permission-denied"),
    ] {
        for path in ["/applications", &format!("/applications/{application}")] {
            assert_eq!(code(client.get(path).bytes().await), expected);
        }
        let path = format!("/applications/{application}/decision");
        let call = client.post(&path).json(&Decision::Accept).once(&key());
        assert_eq!(code(call.bytes().await), expected);
    }
}

#[tokio::test]
async fn a_municipalitys_clerk_sees_what_is_addressed_to_it() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let (kiyose, nerima) = (house.clerk_as("kiyose"), house.clerk_as("nerima"));
    let seen: Page<ReceivedApplication> = kiyose.get("/applications").answer().await.unwrap();
    assert_eq!(seen.items.len(), 1);
    let seen: Page<ReceivedApplication> = nerima.get("/applications").answer().await.unwrap();
    assert!(seen.items.is_empty());
    let path = format!("/applications/{application}");
    assert!(kiyose.get(&path).bytes().await.is_ok());
    for path in [path.clone(), format!("{path}/document")] {
        assert_eq!(code(nerima.get(&path).bytes().await), "not-found");
    }
    let path = format!("{path}/decision");
    let decide =
        |client: inrou_api::client::Client| client.post(&path).json(&Decision::Accept).once(&key());
    assert_eq!(code(decide(nerima).bytes().await), "not-found");
    assert!(decide(kiyose).bytes().await.is_ok());
}
