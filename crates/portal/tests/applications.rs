//! Online applications (USE-2): form, document, signature, receipt.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use inrou_api::page::Page;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{HistoryEntry, Notices};
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationDrawnUp, ApplicationState, ApplicationView, SignedDocument,
};
use inrou_api::wire::transaction::{Purpose, TransactionAnswer, TransactionState};
use inrou_pki::{KeyAlgorithm, Status};
use inrou_relying::testing::{Fault, Issuer};
use inrou_rules::{Medium, RevocationReason, Serial, Use};
use jiff::SignedDuration;
use support::{House, MOVING_OUT, PUBLIC, code, form, key, problem};

async fn detail(house: &House, token: &str, application: &str) -> ApplicationDetail {
    let path = format!("/applications/{application}");
    house.resident(token).get(&path).answer().await.unwrap()
}

async fn codes(house: &House, token: &str) -> Vec<String> {
    let page: Page<HistoryEntry> = house.resident(token).get("/history").answer().await.unwrap();
    page.items.into_iter().map(|entry| entry.code).collect()
}

async fn notices(house: &House, token: &str) -> Notices {
    house.resident(token).get("/notices").answer().await.unwrap()
}

async fn refused(house: &House, token: &str, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let call = house.resident(token).post("/applications").json(&form(fields)).once(&key());
    let refused = problem(call.answer::<ApplicationDrawnUp>().await).unwrap_err();
    assert!(refused.is(Code::FIELDS_INVALID), "{refused}");
    refused.params().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Signs with whatever `sign` makes of what the phone was asked; gives what the phone was told.
async fn told(
    house: &House,
    drawn_up: &ApplicationDrawnUp,
    cms: Vec<u8>,
) -> Result<TransactionState, Problem> {
    let answer = TransactionAnswer::Sign { cms: Base64(cms), proof: None };
    let told = house.answer(&drawn_up.transaction, &answer).await;
    told.map(|transaction| transaction.state)
}

#[tokio::test]
async fn use_2_an_application_is_drawn_up_signed_and_received() {
    for (algorithm, medium) in
        KeyAlgorithm::ALL.into_iter().zip([Medium::Phone, Medium::Phone, Medium::Card])
    {
        let house = House::of(algorithm).await;
        let person = house.person("印籠　花子", medium);
        let token = house.log_in(&person).await;
        let drawn_up = house.draw_up(&token).await;
        let expected = format!(
            "転出届\n\
             提出先：東京都清瀬市長\n\
             届出日：2026年11月21日\n\
             申請番号：{}\n\
             届出人の氏名：印籠　花子\n\
             生年月日：1980年2月17日\n\
             今の住所：東京都清瀬市中里１－２－３\n\
             新しい住所：東京都練馬区豊玉北４－５－６\n\
             引っ越しの日：2026年12月1日\n\
             引っ越しの理由：転勤のため\n\
             以上のとおり届け出ます。\n",
            drawn_up.application
        );
        assert_eq!(drawn_up.document, expected);
        let id = drawn_up.transaction.as_str();
        assert!(drawn_up.link.starts_with(&format!("{PUBLIC}/portal/v1/transactions/{id}?m=")));
        assert_eq!(drawn_up.expires, house.now() + SignedDuration::from_mins(15));
        let waiting = detail(&house, &token, &drawn_up.application).await;
        assert_eq!(waiting.view.state, ApplicationState::WaitsForSignature);
        assert_eq!(waiting.fields, form(MOVING_OUT).fields);

        let asked = house.open(&drawn_up.transaction).await.unwrap();
        assert_eq!((asked.purpose, &asked.text), (Purpose::Sign, &drawn_up.document));
        house.clock.advance_by(SignedDuration::from_mins(5));
        let TransactionAnswer::Sign { cms, .. } = house.sign(&person, &drawn_up).await else {
            panic!()
        };
        let received = detail(&house, &token, &drawn_up.application).await;
        let at = house.now();
        assert_eq!(received.view.state, ApplicationState::Received { at });
        assert_eq!(received.view.reference.as_deref(), Some("20261121-000001"));
        let path = format!("/applications/{}/document", drawn_up.application);
        for _ in 0..2 {
            let signed: SignedDocument = house.resident(&token).get(&path).answer().await.unwrap();
            assert!(signed == SignedDocument { document: expected.clone(), cms: cms.clone() });
        }
        let told = notices(&house, &token).await;
        assert_eq!(told.notices.len(), 1);
        let notice = &told.notices[0];
        assert_eq!((notice.sequence, notice.at, told.next), (1, at, 1));
        assert_eq!(notice.code, "application-received");
        let params = [
            ("at", at.to_string()),
            ("procedure", "moving-out".to_owned()),
            ("reference", "20261121-000001".to_owned()),
        ];
        let params = params.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(notice.params, BTreeMap::from(params));
        assert_eq!(
            codes(&house, &token).await,
            ["document-viewed", "application-sent", "application-drawn-up", "logged-in"]
        );
    }
}

#[tokio::test]
async fn every_fault_of_a_form_is_told_by_its_field() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let long = format!("東京都{}", "あ".repeat(198));
    let (today, ok_date) = ("2026-11-21", ("moving_date", "2026-12-01"));
    let ok_address = ("new_address", "東京都練馬区");
    for (field, typed, fault) in [
        ("new_address", "", "missing"),
        ("new_address", " \u{3000} ", "missing"),
        ("new_address", "東京都練馬区\n1", "character"),
        ("new_address", "東京都練馬区\u{202E}", "character"),
        ("new_address", long.as_str(), "too-long"),
        ("new_address", "練馬区豊玉北", "no-prefecture"),
        ("new_address", "東京都清瀬市中里１－２－３", "unchanged"),
        ("moving_date", "", "missing"),
        ("moving_date", "1 December", "form"),
        ("moving_date", "2026-12-01T00:00:00", "form"),
        ("moving_date", "20261201", "form"),
        ("moving_date", "2026-02-30", "form"),
        ("moving_date", "2026-11-06", "too-early"),
        ("moving_date", "2026-12-22", "too-late"),
        ("moving_date", "-009999-01-01", "too-early"),
        ("reason", "a\u{7}b", "character"),
        ("reason", long.as_str(), "too-long"),
    ] {
        let mut fields = BTreeMap::from([ok_address, ok_date]);
        fields.insert(field, typed);
        let fields: Vec<_> = fields.into_iter().collect();
        let params = refused(&house, &token, &fields).await;
        let expected = [("fault", fault), ("field", field), (field, fault)];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(params, BTreeMap::from(expected), "{typed:?}");
    }
    let all = [("moving_date", "tomorrow"), ("reason", "\u{0}"), ("color", "red")];
    let params = refused(&house, &token, &all).await;
    let expected = [
        ("fault", "missing"),
        ("field", "new_address"),
        ("moving_date", "form"),
        ("new_address", "missing"),
        ("other", "unknown"),
        ("reason", "character"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(params, BTreeMap::from(expected));
    // The edges are within.
    for date in ["2026-11-07", "2026-12-21", today] {
        let fields = [ok_address, ("moving_date", date)];
        let call = house.resident(&token).post("/applications").json(&form(&fields));
        let drawn_up: ApplicationDrawnUp = call.once(&key()).answer().await.unwrap();
        assert!(!drawn_up.document.contains("引っ越しの理由"));
    }
    assert_eq!(codes(&house, &token).await.len(), 4, "what was refused was not drawn up");
}

#[tokio::test]
async fn a_day_is_a_day_in_japan() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    // 23:59:59 and midnight.
    house.clock.advance_to("2026-11-21T14:59:59Z".parse().unwrap());
    let token = house.log_in(&person).await;
    assert!(house.draw_up(&token).await.document.contains("届出日：2026年11月21日\n"));
    house.clock.advance_by(SignedDuration::from_secs(1));
    assert!(house.draw_up(&token).await.document.contains("届出日：2026年11月22日\n"));
}

#[tokio::test]
async fn the_applicants_record_is_asked_from_the_authority_each_time() {
    let house = House::new().await;
    let mut person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    person.attributes.name = "清瀬　花子".to_owned();
    house.know(&person);
    assert!(house.draw_up(&token).await.document.contains("氏名：清瀬　花子\n"));

    let draw_up = || house.resident(&token).post("/applications").json(&form(MOVING_OUT));
    let refused = async || code(draw_up().once(&key()).answer::<ApplicationDrawnUp>().await);
    person.attributes.address = "火星市１－２".to_owned();
    house.know(&person);
    assert_eq!(refused().await, "municipality-unknown");
    house.role_api.set_secretive(true);
    assert_eq!(refused().await, "internal-error");
    let keyless = draw_up().answer::<ApplicationDrawnUp>().await;
    assert_eq!(code(keyless), "idempotency-key-missing");
}

#[tokio::test]
async fn an_application_signed_by_another_person_is_refused() {
    let house = House::new().await;
    let (hanako, taro) =
        (house.person("印籠　花子", Medium::Phone), house.person("印籠　太郎", Medium::Phone));
    let token = house.log_in(&hanako).await;
    let drawn_up = house.draw_up(&token).await;
    let document = drawn_up.document.as_bytes();
    let cms = taro.signature.sign_content(document, false, house.now());
    let refused = told(&house, &drawn_up, cms.clone()).await.unwrap_err();
    assert!(refused.is(Code::SIGNER_OTHER_PERSON));
    let again = told(&house, &drawn_up, cms).await.unwrap_err();
    assert!(again.is(Code::SIGNER_OTHER_PERSON), "the same answer is told the same");
    let state = detail(&house, &token, &drawn_up.application).await.view.state;
    assert_eq!(state, ApplicationState::NotSigned { code: "signer-other-person".to_owned() });
    assert!(notices(&house, &token).await.notices.is_empty());
    assert_eq!(codes(&house, &token).await[0], "signing-failed");
    let path = format!("/applications/{}/document", drawn_up.application);
    let unsigned = house.resident(&token).get(&path).answer::<SignedDocument>().await;
    assert_eq!(code(unsigned), "application-settled");
}

#[tokio::test]
async fn a_signature_that_does_not_hold_is_refused() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let now = house.now();
    let settings = house.authority.issuer_settings().clone();
    let forger = Issuer::new(settings, Use::Signature, now);
    let forged = forger.issue(Medium::Phone, Serial(9), &person.attributes, now);
    let revoked = house.person("印籠　花子", Medium::Phone).signature;
    let at = now;
    let status = Status::Revoked { at, reason: RevocationReason::AffiliationChanged };
    house.authority.set_status(&revoked.certificate, status);
    let held = house.person("印籠　花子", Medium::Phone).signature;
    house.authority.set_status(&held.certificate, Status::OnHold { since: at });
    let token = house.log_in(&person).await;
    type Sign<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
    let cases: [(Sign<'_>, &str); 9] = [
        (
            &|document| person.signature.sign_content(&[document, b" "].concat(), false, now),
            "application-content-mismatch",
        ),
        (
            &|document| person.signature.sign_content(document, true, now),
            "application-signature-invalid",
        ),
        (&|_| b"no message".to_vec(), "application-signature-invalid"),
        (&|_| Vec::new(), "application-signature-invalid"),
        (
            &|document| {
                let mut cms = person.signature.sign_content(document, false, now);
                *cms.last_mut().unwrap() ^= 1;
                cms
            },
            "application-signature-invalid",
        ),
        (
            &|document| person.user_authentication.sign_content(document, false, now),
            "certificate-wrong-kind",
        ),
        (&|document| forged.sign_content(document, false, now), "certificate-untrusted"),
        (&|document| revoked.sign_content(document, false, now), "certificate-revoked"),
        (&|document| held.sign_content(document, false, now), "certificate-on-hold"),
    ];
    for (sign, result) in cases {
        let drawn_up = house.draw_up(&token).await;
        let cms = sign(drawn_up.document.as_bytes());
        let refused = told(&house, &drawn_up, cms).await.unwrap_err();
        assert_eq!(refused.code(), result);
        let state = detail(&house, &token, &drawn_up.application).await.view.state;
        assert_eq!(state, ApplicationState::NotSigned { code: result.to_owned() });
        // Once failed, the right signature comes too late.
        let right = person.signature.sign_content(drawn_up.document.as_bytes(), false, now);
        assert!(told(&house, &drawn_up, right).await.unwrap_err().is(Code::TRANSACTION_DONE));
    }
}

#[tokio::test]
async fn a_signature_for_one_application_does_not_sign_another() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let (one, other) = (house.draw_up(&token).await, house.draw_up(&token).await);
    assert_ne!(one.document, other.document, "each has its number");
    let cms = person.signature.sign_content(one.document.as_bytes(), false, house.now());
    let refused = told(&house, &other, cms.clone()).await.unwrap_err();
    assert!(refused.is(Code::APPLICATION_CONTENT_MISMATCH));
    assert_eq!(told(&house, &one, cms).await.unwrap(), TransactionState::Done);
}

#[tokio::test]
async fn while_status_or_authority_do_not_answer_the_signature_can_be_sent_again() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let drawn_up = house.draw_up(&token).await;
    let cms = person.signature.sign_content(drawn_up.document.as_bytes(), false, house.now());
    house.authority.set_fault(Some(Fault::Down));
    let refused = told(&house, &drawn_up, cms.clone()).await.unwrap_err();
    assert!(refused.is(Code::STATUS_UNAVAILABLE));
    house.authority.set_fault(None);
    house.role_api.set_down(true);
    let refused = told(&house, &drawn_up, cms.clone()).await.unwrap_err();
    assert!(refused.is(Code::SERVICE_UNAVAILABLE));
    house.role_api.set_down(false);
    assert_eq!(told(&house, &drawn_up, cms).await.unwrap(), TransactionState::Done);
    assert_eq!(notices(&house, &token).await.notices.len(), 1);
}

#[tokio::test]
async fn a_refused_or_late_signature_is_asked_for_again_without_typing_anything() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let first = house.draw_up(&token).await;
    let path = format!("/applications/{}/signature", first.application);
    let again = async || -> ApplicationDrawnUp {
        house.resident(&token).post(&path).once(&key()).answer().await.unwrap()
    };
    assert!(again().await == first, "while the phone is asked nothing changes");
    house.answer(&first.transaction, &TransactionAnswer::Refused).await.unwrap();
    let state = detail(&house, &token, &first.application).await.view.state;
    assert_eq!(state, ApplicationState::NotSigned { code: "transaction-refused".to_owned() });

    let same = key();
    let call = || house.resident(&token).post(&path).once(&same);
    let second: ApplicationDrawnUp = call().answer().await.unwrap();
    assert!(call().answer::<ApplicationDrawnUp>().await.unwrap() == second, "once a request");
    assert_eq!((&second.application, &second.document), (&first.application, &first.document));
    assert_ne!(second.transaction, first.transaction);
    let gone = house.open(&first.transaction).await.unwrap_err();
    assert!(gone.is(Code::TRANSACTION_UNKNOWN));
    house.clock.advance_to(second.expires);
    let late = detail(&house, &token, &first.application).await;
    let expired = ApplicationState::NotSigned { code: "transaction-expired".to_owned() };
    assert_eq!(late.view.state, expired);
    assert_eq!(late.fields, form(MOVING_OUT).fields);

    let third = again().await;
    house.sign(&person, &third).await;
    let refused = house.resident(&token).post(&path).once(&key());
    assert_eq!(code(refused.answer::<ApplicationDrawnUp>().await), "application-settled");
    assert_eq!(
        codes(&house, &token).await,
        [
            "application-sent",
            "application-drawn-up",
            "application-drawn-up",
            "signing-refused",
            "application-drawn-up",
            "logged-in"
        ]
    );
}

#[tokio::test]
async fn an_application_is_drawn_up_once_a_request() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let key = key();
    let draw_up = async |fields: &[(&str, &str)]| {
        let call = house.resident(&token).post("/applications").json(&form(fields));
        call.once(&key).answer::<ApplicationDrawnUp>().await
    };
    let first = draw_up(MOVING_OUT).await.unwrap();
    assert!(draw_up(MOVING_OUT).await.unwrap() == first);
    assert_eq!(code(draw_up(&MOVING_OUT[..2]).await), "idempotency-key-reused");
    house.sign(&person, &first).await;
    assert!(draw_up(MOVING_OUT).await.unwrap() == first, "answered as the first time");
    let page: Page<ApplicationView> =
        house.resident(&token).get("/applications").answer().await.unwrap();
    assert_eq!(page.items.len(), 1);
    // Keys of different residents have nothing to do with each other.
    let other = house.log_in(&house.person("印籠　太郎", Medium::Phone)).await;
    let call = house.resident(&other).post("/applications").json(&form(MOVING_OUT));
    let theirs: ApplicationDrawnUp = call.once(&key).answer().await.unwrap();
    assert_ne!(theirs.application, first.application);
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_found() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (token, application) = house.apply(&person).await;
    let stranger = house.log_in(&house.person("印籠　太郎", Medium::Phone)).await;
    let at = |rest: &str| format!("/applications/{application}{rest}");
    for path in [at(""), at("/document")] {
        assert!(house.resident(&token).get(&path).bytes().await.is_ok());
        assert_eq!(code(house.resident(&stranger).get(&path).bytes().await), "not-found");
        assert_eq!(code(house.anybody().get(&path).bytes().await), "login-required");
    }
    let sign = house.resident(&stranger).post(&at("/signature")).once(&key());
    assert_eq!(code(sign.bytes().await), "not-found");
    let theirs: Page<ApplicationView> =
        house.resident(&stranger).get("/applications").answer().await.unwrap();
    assert!(theirs.items.is_empty());
    assert!(notices(&house, &stranger).await.notices.is_empty());
}

#[tokio::test]
async fn applications_come_in_pages_newest_first() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, house.draw_up(&token).await.application);
    }
    let mut found = Vec::new();
    let mut path = "/applications?limit=2".to_owned();
    for pages in 1.. {
        let page: Page<ApplicationView> = house.resident(&token).get(&path).answer().await.unwrap();
        found.extend(page.items.into_iter().map(|view| view.application));
        match page.next {
            Some(next) => path = format!("/applications?limit=2&cursor={}", next.as_str()),
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(found, expected);
    let wrong = house.resident(&token).get("/applications?cursor=x").bytes().await;
    assert_eq!(code(wrong), "bad-request");
}

#[tokio::test]
async fn a_waiting_page_hears_of_signature_and_notice_at_once() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    let drawn_up = house.draw_up(&token).await;
    let client = house.resident(&token);
    let path = format!("/applications/{}?wait=30", drawn_up.application);
    let long = Duration::from_secs(30);
    let state = client.get(&path).waiting(long).answer::<ApplicationDetail>();
    let told = client.get("/notices?since=0&wait=30").waiting(long).answer::<Notices>();
    let (state, told, _) = tokio::join!(state, told, house.sign(&person, &drawn_up));
    assert!(matches!(state.unwrap().view.state, ApplicationState::Received { .. }));
    assert_eq!(told.unwrap().notices.len(), 1);
    let after: Notices = client.get("/notices?since=1").answer().await.unwrap();
    assert_eq!((after.notices.len(), after.next), (0, 1));
}

#[tokio::test]
async fn what_is_malformed_is_a_problem_and_changes_nothing() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let token = house.log_in(&person).await;
    for body in [
        serde_json::json!({}),
        serde_json::json!({"procedure": "flying", "fields": {}}),
        serde_json::json!({"procedure": "moving-out", "fields": {"reason": 1}}),
        serde_json::json!({"procedure": "moving-out", "fields": {}, "more": 1}),
        serde_json::json!([]),
    ] {
        let call = house.resident(&token).post("/applications").json(&body).once(&key());
        assert_eq!(code(call.bytes().await), "body-malformed", "{body}");
    }
    let long = form(&[("reason", &"あ".repeat(30_000))]);
    let call = house.resident(&token).post("/applications").json(&long).once(&key());
    assert_eq!(code(call.bytes().await), "body-too-large");
    for path in ["/applications/x", "/applications/%FF", "/applications//document"] {
        assert_eq!(code(house.resident(&token).get(path).bytes().await), "not-found", "{path}");
    }
    for path in ["/applications?limit=x", "/notices?since=-1", "/notices?more=1", "/history?from=x"]
    {
        assert_eq!(code(house.resident(&token).get(path).bytes().await), "bad-request", "{path}");
    }
    assert_eq!(codes(&house, &token).await, ["logged-in"]);
}
