//! Log-in by hand-over to a phone or card (USE-1), and every way in which it does not succeed.
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::time::Duration;

use inrou_api::page::Page;
use inrou_api::problem::Code;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::HistoryEntry;
use inrou_api::wire::portal::{LoginBegun, LoginView, SessionView};
use inrou_api::wire::transaction::{
    Purpose, Transaction, TransactionAnswer, TransactionId, TransactionState,
};
use inrou_pki::{KeyAlgorithm, Status};
use inrou_relying::testing::{Fault, Holder, Issuer};
use inrou_rules::{Medium, RevocationReason, Serial, Use};
use inrou_words::Language;
use jiff::SignedDuration;
use support::{House, PUBLIC, Person, code, key};

/// Has `holder` answer a new log-in; gives the log-in and what the phone was told.
async fn answered_by(house: &House, holder: &Holder) -> (LoginBegun, Result<Transaction, String>) {
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answer = house.answer(&login.transaction, &holder.log_in(&asked)).await;
    (login, answer.map_err(|problem| problem.code().to_owned()))
}

fn failed(view: &LoginView, result: &str) {
    let expected = LoginView {
        state: TransactionState::Failed,
        result: Some(result.to_owned()),
        session: None,
    };
    assert_eq!(*view, expected);
}

async fn history(house: &House, token: &str) -> Vec<HistoryEntry> {
    let page: Page<HistoryEntry> = house.resident(token).get("/history").answer().await.unwrap();
    page.items
}

#[tokio::test]
async fn use_1_phone_and_card_log_in_with_keys_of_every_kind() {
    for algorithm in KeyAlgorithm::ALL {
        let house = House::of(algorithm).await;
        for (medium, name) in [(Medium::Phone, "phone"), (Medium::Card, "card")] {
            let person = house.person("印籠　花子", medium);
            let login = house.begin().await;
            let id = login.transaction.as_str();
            assert!(login.link.starts_with(&format!("{PUBLIC}/portal/v1/transactions/{id}?m=")));
            assert_eq!(login.expires, house.now() + SignedDuration::from_mins(3));
            assert_eq!(house.poll(&login).await.state, TransactionState::Open);

            let asked = house.open(&login.transaction).await.unwrap();
            assert_eq!((asked.purpose, asked.asker.as_str()), (Purpose::LogIn, PUBLIC));
            assert_eq!(asked.asker_name, "マイナポータル（サンドボックス）");
            assert!(asked.text.starts_with(&asked.asker_name), "{}", asked.text);
            let answer = person.user_authentication.log_in(&asked);
            let told = house.answer(&login.transaction, &answer).await.unwrap();
            assert_eq!((told.state, told.result), (TransactionState::Done, None));

            let token = house.poll(&login).await.session.unwrap();
            let entries = history(&house, &token).await;
            assert_eq!(entries.len(), 1);
            assert_eq!((entries[0].code.as_str(), entries[0].actor.as_str()), ("logged-in", name));
            assert_eq!(entries[0].params["medium"], name);
        }
    }
}

#[tokio::test]
async fn the_text_is_in_the_language_of_the_asking_page() {
    let house = House::new().await;
    for (language, begins) in [
        (Language::Ja, "マイナポータル（サンドボックス）にログインします。"),
        (Language::En, "You log in to マイナポータル（サンドボックス）."),
    ] {
        let call = house.anybody().speaking(language).post("/logins").once(&key());
        let login: LoginBegun = call.answer().await.unwrap();
        support::links::note(&login.link);
        let asked = house.open(&login.transaction).await.unwrap();
        assert!(asked.text.starts_with(begins), "{}", asked.text);
    }
    let call = house.anybody().speaking(Language::JaEasy).post("/logins").once(&key());
    let login: LoginBegun = call.answer().await.unwrap();
    support::links::note(&login.link);
    let asked = house.open(&login.transaction).await.unwrap();
    assert!(asked.text.contains("りよう"), "in kana: {}", asked.text);
}

#[tokio::test]
async fn loss_4_a_revoked_or_held_certificate_does_not_log_in_and_its_holder_is_told() {
    let house = House::new().await;
    let since = house.now();
    let reason = RevocationReason::CessationOfOperation;
    for (status, result) in [
        (Status::Revoked { at: since, reason }, "certificate-revoked"),
        (Status::OnHold { since }, "certificate-on-hold"),
    ] {
        let person = house.person("印籠　花子", Medium::Phone);
        house.authority.set_status(&person.user_authentication.certificate, status);
        let (login, told) = answered_by(&house, &person.user_authentication).await;
        assert_eq!(told.unwrap_err(), result);
        failed(&house.poll(&login).await, result);
        // Later the resident logs in with another phone.
        let holder =
            house.authority.issue(Use::UserAuthentication, Medium::Phone, &person.attributes);
        let again = Person { user_authentication: holder, ..person };
        house.know(&again);
        let token = house.log_in(&again).await;
        let entries = history(&house, &token).await;
        let codes: Vec<_> = entries.iter().map(|entry| entry.code.as_str()).collect();
        assert_eq!(codes, ["logged-in", "login-failed"]);
        assert_eq!(entries[1].params["code"], result);
    }
}

#[tokio::test]
async fn a_stolen_certificate_without_its_key_leaves_no_trace_in_its_holders_history() {
    let house = House::new().await;
    let (person, thief) =
        (house.person("印籠　花子", Medium::Phone), house.person("盗人　太郎", Medium::Phone));
    let stolen = Holder {
        certificate: person.user_authentication.certificate.clone(),
        key: thief.user_authentication.key.clone(),
    };
    let since = house.now();
    house.authority.set_status(&stolen.certificate, Status::OnHold { since });
    let (login, told) = answered_by(&house, &stolen).await;
    assert_eq!(told.unwrap_err(), "login-signature-invalid");
    failed(&house.poll(&login).await, "login-signature-invalid");
    house.authority.set_status(&stolen.certificate, Status::Good);
    let token = house.log_in(&person).await;
    assert_eq!(history(&house, &token).await.len(), 1);
}

#[tokio::test]
async fn a_certificate_that_has_expired_or_not_begun_does_not_log_in() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let issuer = house.authority.issuer(Use::UserAuthentication);
    let tomorrow = house.now() + SignedDuration::from_hours(24);
    let early = issuer.issue(Medium::Phone, Serial(99), &person.attributes, tomorrow);
    let (login, told) = answered_by(&house, &early).await;
    assert_eq!(told.unwrap_err(), "certificate-not-yet-valid");
    failed(&house.poll(&login).await, "certificate-not-yet-valid");
    let end = person.user_authentication.certificate.not_after();
    house.clock.advance_to(end + SignedDuration::from_secs(1));
    let (login, told) = answered_by(&house, &person.user_authentication).await;
    assert_eq!(told.unwrap_err(), "certificate-expired");
    failed(&house.poll(&login).await, "certificate-expired");
}

#[tokio::test]
async fn a_certificate_of_another_kind_or_issuer_does_not_log_in() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, told) = answered_by(&house, &person.signature).await;
    assert_eq!(told.unwrap_err(), "certificate-wrong-kind");

    let settings = house.authority.issuer_settings().clone();
    let forger = Issuer::new(settings, Use::UserAuthentication, house.now());
    let forged = forger.issue(Medium::Phone, Serial(9), &person.attributes, house.now());
    let (_, told) = answered_by(&house, &forged).await;
    assert_eq!(told.unwrap_err(), "certificate-untrusted");

    let login = house.begin().await;
    let garbage = TransactionAnswer::LogIn {
        certificate: Base64(b"no certificate".to_vec()),
        signature: Base64(Vec::new()),
    };
    let told = house.answer(&login.transaction, &garbage).await.unwrap_err();
    assert!(told.is(Code::CERTIFICATE_UNTRUSTED));
}

#[tokio::test]
async fn whom_the_authority_does_not_know_does_not_log_in() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    house.role_api.forget(&person.user_authentication.certificate);
    let (login, told) = answered_by(&house, &person.user_authentication).await;
    assert_eq!(told.unwrap_err(), "certificate-untrusted");
    failed(&house.poll(&login).await, "certificate-untrusted");
}

#[tokio::test]
async fn the_signature_of_one_transaction_is_worth_nothing_in_another() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (one, other) = (house.begin().await, house.begin().await);
    let asked = house.open(&one.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    let told = house.answer(&other.transaction, &answer).await.unwrap_err();
    assert!(told.is(Code::LOGIN_SIGNATURE_INVALID));
    failed(&house.poll(&other).await, "login-signature-invalid");
    // The transaction for which it was made is not hurt by that.
    house.answer(&one.transaction, &answer).await.unwrap();
    assert!(house.poll(&one).await.session.is_some());
}

#[tokio::test]
async fn a_transaction_is_answered_once_and_the_same_answer_may_come_again() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    for _ in 0..3 {
        let told = house.answer(&login.transaction, &answer).await.unwrap();
        assert_eq!(told.state, TransactionState::Done);
    }
    for other in [TransactionAnswer::Refused, person.user_authentication.log_in(&asked)] {
        let told = house.answer(&login.transaction, &other).await.unwrap_err();
        assert!(told.is(Code::TRANSACTION_DONE), "ECDSA signs anew each time");
    }
    let token = house.poll(&login).await.session.unwrap();
    assert_eq!(history(&house, &token).await.len(), 1);

    let (login, told) = answered_by(&house, &person.signature).await;
    assert_eq!(told.unwrap_err(), "certificate-wrong-kind");
    let asked = house.open(&login.transaction).await.unwrap();
    let right = person.user_authentication.log_in(&asked);
    let told = house.answer(&login.transaction, &right).await.unwrap_err();
    assert!(told.is(Code::TRANSACTION_DONE), "what failed is over as well");
}

#[tokio::test]
async fn two_answers_at_once_lead_to_one_session() {
    let house = House::new().await;
    let (one, other) =
        (house.person("印籠　花子", Medium::Phone), house.person("印籠　太郎", Medium::Phone));
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answers =
        [one.user_authentication.log_in(&asked), other.user_authentication.log_in(&asked)];
    let (first, second) = tokio::join!(
        house.answer(&login.transaction, &answers[0]),
        house.answer(&login.transaction, &answers[1]),
    );
    let lost = match (first, second) {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
        both => panic!("{both:?}"),
    };
    assert!(lost.is(Code::TRANSACTION_DONE));
    let token = house.poll(&login).await.session.unwrap();
    let sessions: Vec<SessionView> =
        house.resident(&token).get("/sessions").answer().await.unwrap();
    assert_eq!(sessions.len(), 1);
}

#[tokio::test]
async fn a_log_in_expires_on_the_second() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    house.clock.advance_to(login.expires - SignedDuration::from_secs(1));
    assert_eq!(house.poll(&login).await.state, TransactionState::Open);
    house.clock.advance_to(login.expires);
    let view = house.poll(&login).await;
    assert_eq!(view.state, TransactionState::Expired);
    assert_eq!(view.result.as_deref(), Some("transaction-expired"));
    let told = house.answer(&login.transaction, &answer).await.unwrap_err();
    assert!(told.is(Code::TRANSACTION_EXPIRED));
    let asked = house.open(&login.transaction).await.unwrap();
    assert_eq!(asked.state, TransactionState::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_an_answer_whose_judging_outlasts_its_time_is_too_late() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    // The authority takes its time to say who that is. Meanwhile the page is told that nobody came.
    house.role_api.set_silent(true);
    let (late, told) = tokio::join!(house.answer(&login.transaction, &answer), async {
        house.role_api.is_waited_for().await;
        house.clock.advance_to(login.expires);
        let told = house.poll(&login).await;
        house.role_api.set_silent(false);
        told
    });
    assert_eq!(told.state, TransactionState::Expired);
    assert!(late.unwrap_err().is(Code::TRANSACTION_EXPIRED));
    failed_by_time(&house.poll(&login).await);
}

fn failed_by_time(view: &LoginView) {
    assert_eq!((view.state, &view.session), (TransactionState::Expired, &None));
    assert_eq!(view.result.as_deref(), Some("transaction-expired"));
}

#[tokio::test]
async fn a_refusal_on_the_phone_ends_the_log_in() {
    let house = House::new().await;
    let login = house.begin().await;
    for _ in 0..2 {
        let told = house.answer(&login.transaction, &TransactionAnswer::Refused).await.unwrap();
        assert_eq!(told.state, TransactionState::Refused);
    }
    let view = house.poll(&login).await;
    assert_eq!(view.result.as_deref(), Some("transaction-refused"));
    assert_eq!((view.state, view.session), (TransactionState::Refused, None));
}

#[tokio::test]
async fn what_cannot_be_judged_for_the_moment_leaves_the_log_in_open() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    house.authority.set_fault(Some(Fault::Down));
    let told = house.answer(&login.transaction, &answer).await.unwrap_err();
    assert!(told.is(Code::STATUS_UNAVAILABLE));
    house.authority.set_fault(None);
    // HOURS-3: it is on the phone, and not visible yet.
    house.authority.set_status(&person.user_authentication.certificate, Status::Unknown);
    let told = house.answer(&login.transaction, &answer).await.unwrap_err();
    assert!(told.is(Code::STATUS_UNAVAILABLE));
    house.authority.set_status(&person.user_authentication.certificate, Status::Good);
    house.role_api.set_down(true);
    let told = house.answer(&login.transaction, &answer).await.unwrap_err();
    assert!(told.is(Code::SERVICE_UNAVAILABLE));
    assert_eq!(house.poll(&login).await.state, TransactionState::Open);
    house.role_api.set_down(false);
    house.answer(&login.transaction, &answer).await.unwrap();
    assert!(house.poll(&login).await.session.is_some());
}

#[tokio::test]
async fn the_token_is_given_until_it_is_used_and_to_the_asking_page_alone() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    house.answer(&login.transaction, &person.user_authentication.log_in(&asked)).await.unwrap();
    let first = house.poll(&login).await.session.unwrap();
    assert_eq!(house.poll(&login).await.session, Some(first.clone()), "an answer may be lost");
    house.resident(&first).get("/sessions").bytes().await.unwrap();
    let view = house.poll(&login).await;
    assert_eq!((view.state, view.session), (TransactionState::Done, None));
    // Who knows the link knows nothing of the session.
    let id = login.transaction.as_str();
    let guess = house.anybody().get(&format!("/logins/{id}")).answer::<LoginView>().await;
    assert_eq!(code(guess), "not-found");
    for token in [id, login.login.as_str(), "", "x"] {
        let refused = house.resident(token).get("/sessions").bytes().await;
        assert_eq!(code(refused), "login-required", "{token}");
    }
    assert_eq!(code(house.anybody().get("/sessions").bytes().await), "login-required");
}

#[tokio::test]
async fn a_log_in_is_begun_once_a_key_and_the_key_is_no_guess() {
    let house = House::new().await;
    let key = key();
    let begin = async || -> LoginBegun {
        house.anybody().post("/logins").once(&key).answer().await.unwrap()
    };
    assert_eq!(begin().await, begin().await);
    let short = "a".repeat(21).parse().unwrap();
    let refused = house.anybody().post("/logins").once(&short).answer::<LoginBegun>().await;
    assert_eq!(code(refused), "idempotency-key-malformed");
    let refused = house.anybody().post("/logins").answer::<LoginBegun>().await;
    assert_eq!(code(refused), "idempotency-key-missing");
}

#[tokio::test]
async fn an_answer_to_another_purpose_is_no_answer() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let signed = person.signature.sign(&asked, house.now());
    let told = house.answer(&login.transaction, &signed).await.unwrap_err();
    assert!(told.is(Code::BAD_REQUEST));
    assert_eq!(house.poll(&login).await.state, TransactionState::Open);
    let nothing = TransactionId::from_random([0; 16]);
    assert!(house.open(&nothing).await.unwrap_err().is(Code::TRANSACTION_UNKNOWN));
    let told = house.answer(&nothing, &signed).await.unwrap_err();
    assert!(told.is(Code::TRANSACTION_UNKNOWN));
    for path in ["/transactions/x", "/transactions/..%2F..", "/logins/%00"] {
        assert!(house.anybody().get(path).bytes().await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn a_waiting_page_is_told_at_once() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let wait = async |login: &LoginBegun| -> LoginView {
        let path = format!("/logins/{}?wait=30", login.login);
        let call = house.anybody().get(&path).waiting(Duration::from_secs(30));
        call.answer().await.unwrap()
    };
    let login = house.begin().await;
    let asked = house.open(&login.transaction).await.unwrap();
    let answer = person.user_authentication.log_in(&asked);
    let (view, told) = tokio::join!(wait(&login), house.answer(&login.transaction, &answer));
    told.unwrap();
    assert!(view.session.is_some());

    let login = house.begin().await;
    let turn = async {
        tokio::task::yield_now().await;
        house.clock.advance_to(login.expires);
    };
    let (view, ()) = tokio::join!(wait(&login), turn);
    assert_eq!(view.state, TransactionState::Expired);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_resident_alone() {
    let house = House::new().await;
    let (hanako, taro) =
        (house.person("印籠　花子", Medium::Phone), house.person("印籠　太郎", Medium::Phone));
    let (first, second) = (house.log_in(&hanako).await, house.log_in(&hanako).await);
    let stranger = house.log_in(&taro).await;
    let list = async |token: &str| -> Vec<SessionView> {
        house.resident(token).get("/sessions").answer().await.unwrap()
    };
    let sessions = list(&first).await;
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| !session.current).unwrap();
    assert_eq!(other.expires, other.since + SignedDuration::from_mins(30));
    let end = async |token: &str| {
        let path = format!("/sessions/{}/end", other.session);
        house.resident(token).post(&path).answer::<()>().await
    };
    assert_eq!(code(end(&stranger).await), "not-found");
    assert_eq!(list(&second).await.len(), 2);
    for _ in 0..2 {
        end(&first).await.unwrap();
    }
    assert_eq!(code(house.resident(&second).get("/sessions").bytes().await), "login-required");
    assert_eq!(list(&first).await.len(), 1);
    let codes: Vec<_> = history(&house, &first).await.into_iter().map(|e| e.code).collect();
    assert_eq!(codes, ["session-ended", "logged-in", "logged-in"]);

    for _ in 0..2 {
        house.resident(&first).post("/logout").answer::<()>().await.unwrap();
    }
    assert_eq!(code(house.resident(&first).get("/sessions").bytes().await), "login-required");
    let third = house.log_in(&hanako).await;
    let codes: Vec<_> = history(&house, &third).await.into_iter().map(|e| e.code).collect();
    assert_eq!(codes[..2], ["logged-in", "logged-out"]);
    house.clock.advance_by(SignedDuration::from_mins(30));
    assert_eq!(code(house.resident(&third).get("/sessions").bytes().await), "login-required");
}
