//! An application's steps, as a phone with a card takes them. What is refused gives its code.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use inrou_api::client::ClientError;
use inrou_api::session::{SessionError, play};
use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    ApplicationAccepted, AttestedKey, BeginEnrolment, BeginRequest, EnrolmentBegun, EnrolmentView,
    Notices, RequestBegun, RequestDone, SessionOutcome, SessionWork, SignedStatement,
};
use inrou_rules::{EnrolmentId, Uses};

use crate::house::{CARD_PASSWORD, House, Phone, SharedChip, set_pins, sign_statement, transmit};

/// The whole application, up to the last screen.
pub async fn apply(
    house: &House,
    phone: &Phone,
    card: &SharedChip,
    uses: Uses,
) -> Result<EnrolmentView, String> {
    apply_by(house, phone, card, uses, false).await
}

/// As [`apply`], for a change of phone: the card signs the consent (MOVE-1).
pub async fn change_phone(
    house: &House,
    phone: &Phone,
    card: &SharedChip,
    uses: Uses,
) -> Result<EnrolmentView, String> {
    apply_by(house, phone, card, uses, true).await
}

async fn apply_by(
    house: &House,
    phone: &Phone,
    card: &SharedChip,
    uses: Uses,
    change_of_phone: bool,
) -> Result<EnrolmentView, String> {
    let begun = begin_by(house, phone, uses, change_of_phone).await?;
    let keys = make_keys(phone, begun.enrolment).await?;
    sign_by(house, phone, card, &begun, &keys, change_of_phone).await?;
    set_pins(&phone.chip, uses, "PHONE567", "5678");
    complete(phone, begun.enrolment).await
}

pub async fn begin(house: &House, phone: &Phone, uses: Uses) -> Result<EnrolmentBegun, String> {
    begin_by(house, phone, uses, false).await
}

pub async fn begin_by(
    house: &House,
    phone: &Phone,
    uses: Uses,
    change_of_phone: bool,
) -> Result<EnrolmentBegun, String> {
    let begin = BeginEnrolment { uses, confirmed: true, change_of_phone };
    let call = phone.client.post("/enrolments").json(&begin).once(&house.key());
    call.answer().await.map_err(code)
}

pub async fn make_keys(phone: &Phone, enrolment: EnrolmentId) -> Result<Vec<AttestedKey>, String> {
    match session(phone, SessionWork::MakeKeys { enrolment }).await? {
        SessionOutcome::KeysAttested { keys } => Ok(keys),
        other => panic!("{other:?}"),
    }
}

/// The card signs (APPLY-4) for the uses of the keys.
pub async fn sign(
    house: &House,
    phone: &Phone,
    card: &SharedChip,
    begun: &EnrolmentBegun,
    keys: &[AttestedKey],
) -> Result<ApplicationAccepted, String> {
    sign_by(house, phone, card, begun, keys, false).await
}

pub async fn sign_by(
    house: &House,
    phone: &Phone,
    card: &SharedChip,
    begun: &EnrolmentBegun,
    keys: &[AttestedKey],
    change_of_phone: bool,
) -> Result<ApplicationAccepted, String> {
    let statement = Statement::Application {
        challenge: begun.challenge.value.clone(),
        change_of_phone,
        chip: phone.id,
        enrolment: begun.enrolment,
        keys: keys_digest(keys),
        terms: begun.terms.clone(),
        uses: keys.iter().map(|key| key.usage).collect(),
    };
    let now = inrou_api::clock::Clock::now(&*house.clock);
    let cms = Base64(sign_statement(card, CARD_PASSWORD, &statement, now));
    let path = format!("/enrolments/{}/application", begun.enrolment);
    phone.client.post(&path).json(&SignedStatement { cms }).answer().await.map_err(code)
}

pub async fn complete(phone: &Phone, enrolment: EnrolmentId) -> Result<EnrolmentView, String> {
    let path = format!("/enrolments/{enrolment}/completion");
    phone.client.post(&path).json(&()).answer().await.map_err(code)
}

/// 登録する (REG-1).
pub async fn register(phone: &Phone, enrolment: EnrolmentId) -> Result<SessionOutcome, String> {
    session(phone, SessionWork::StoreCertificates { enrolment }).await
}

/// The chip deletes what it may no longer hold, and proves it.
pub async fn delete(phone: &Phone) -> Result<SessionOutcome, String> {
    session(phone, SessionWork::Delete).await
}

/// Asks for something with a statement that a chip signs, as the phone's app does.
pub async fn ask(
    house: &House,
    phone: &Phone,
    what: BeginRequest,
    (signer, password): (&SharedChip, &str),
) -> Result<RequestDone, String> {
    let call = phone.client.post("/requests").json(&what).once(&house.key());
    let begun: RequestBegun = call.answer().await.map_err(code)?;
    let (challenge, chip, request) = (begun.challenge.value, phone.id, begun.request.clone());
    let statement = match what {
        BeginRequest::Revocation { with } => {
            Statement::Revocation { challenge, chip, request, with }
        }
        BeginRequest::PinReset { usage } => Statement::PinReset { challenge, chip, request, usage },
        BeginRequest::OtherRevocation => Statement::OtherRevocation { challenge, chip, request },
        BeginRequest::Resumption => Statement::Resumption { challenge, chip, request },
    };
    let now = inrou_api::clock::Clock::now(&*house.clock);
    let cms = Base64(sign_statement(signer, password, &statement, now));
    let path = format!("/requests/{}", begun.request);
    let call = || phone.client.post(&path).json(&SignedStatement { cms: cms.clone() });
    let done: Result<RequestDone, String> = call().answer().await.map_err(code);
    // Repeating it changes nothing.
    if let Ok(done) = &done {
        assert_eq!(&call().answer::<RequestDone>().await.unwrap(), done);
    }
    done
}

/// The codes of what a phone was told.
pub async fn notices(phone: &Phone) -> Vec<String> {
    let notices: Notices = phone.client.get("/notices").answer().await.unwrap();
    notices.notices.into_iter().map(|notice| notice.code).collect()
}

async fn session(phone: &Phone, work: SessionWork) -> Result<SessionOutcome, String> {
    let played = play(&phone.client, &work, |command| transmit(&phone.chip, command)).await;
    played.map_err(|error| match error {
        SessionError::Client(error) => code(error),
        SessionError::Chip(never) => match never {},
    })
}

pub fn code(error: ClientError) -> String {
    error.problem().map_or_else(|| error.to_string(), |problem| problem.code().to_owned())
}
