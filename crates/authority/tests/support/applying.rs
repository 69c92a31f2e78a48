//! An application's steps, as a phone with a card takes them. What is refused gives its code.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use inrou_api::client::ClientError;
use inrou_api::session::{SessionError, play};
use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    ApplicationAccepted, AttestedKey, BeginEnrolment, EnrolmentBegun, EnrolmentView, Notices,
    SessionOutcome, SessionWork, SignedStatement,
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
    let begun = begin(house, phone, uses).await?;
    let keys = make_keys(phone, begun.enrolment).await?;
    sign(house, phone, card, &begun, &keys).await?;
    set_pins(&phone.chip, uses, "PHONE567", "5678");
    complete(phone, begun.enrolment).await
}

pub async fn begin(house: &House, phone: &Phone, uses: Uses) -> Result<EnrolmentBegun, String> {
    let begin = BeginEnrolment { uses, confirmed: true };
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
    let statement = Statement::Application {
        challenge: begun.challenge.value.clone(),
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

fn code(error: ClientError) -> String {
    error.problem().map_or_else(|| error.to_string(), |problem| problem.code().to_owned())
}
