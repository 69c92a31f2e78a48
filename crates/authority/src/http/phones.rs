//! What phones call: themselves, enrolments, requests, notices.

#![allow(unused_qualifications, reason = "the code that utoipa writes for a query's type")]

use axum::extract::State as Shared;
use inrou_api::idempotency::{Answer, KeyHeader, KeyedJson};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query, Wait, long_poll};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{
    ApplicationAccepted, BeginEnrolment, BeginRequest, EnrolmentBegun, EnrolmentView, Notices,
    PhoneView, RequestBegun, RequestDone, SignedStatement,
};
use inrou_rules::EnrolmentId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, keyed, once, phone};

/// How many notices one answer has at most.
const NOTICES: u32 = 100;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(view))
        .routes(routes!(begin_enrolment))
        .routes(routes!(enrolment))
        .routes(routes!(take_application))
        .routes(routes!(complete))
        .routes(routes!(begin_request))
        .routes(routes!(carry_out_request))
        .routes(routes!(notices))
}

/// The phone that asks.
#[utoipa::path(get, path = "/phones/self", operation_id = "phone_self", tag = "phone",
    responses((status = 200, body = PhoneView)))]
async fn view(Shared(state): Shared<State>, by: SignedBy) -> Result<Json<PhoneView>, Problem> {
    let chip = phone(&by)?;
    blocking(state.authority, move |authority| authority.phone_view(chip)).await.map(Json)
}

/// Begins an application (APPLY-2, APPLY-3), or a change of phone (MOVE-1).
#[utoipa::path(post, path = "/enrolments", tag = "phone", request_body = BeginEnrolment,
    params(KeyHeader),
    extensions(("x-problems" = json!([
        "application-under-way", "conflict", "enrolment-unknown", "none-selected", "not-confirmed",
        "too-many-requests"
    ]))),
    responses((status = 200, body = EnrolmentBegun)))]
async fn begin_enrolment(
    Shared(state): Shared<State>,
    by: SignedBy,
    body: KeyedJson<BeginEnrolment>,
) -> Result<Answer, Problem> {
    let (chip, (request, begin)) = (phone(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        let id = EnrolmentId::from_bytes(authority.new_id("enrolment", &request));
        once(authority, &request, |keep| {
            authority.begin_enrolment(chip, id, &begin, &|begun| vec![keep(begun)])
        })
    })
    .await
}

/// How far an application is.
#[utoipa::path(get, path = "/enrolments/{enrolment}", operation_id = "enrolment_status",
    tag = "phone",
    params(("enrolment" = inline(EnrolmentId), Path)),
    extensions(("x-problems" = json!(["enrolment-unknown"]))),
    responses((status = 200, body = EnrolmentView)))]
async fn enrolment(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<EnrolmentId>,
) -> Result<Json<EnrolmentView>, Problem> {
    let chip = phone(&by)?;
    let found =
        blocking(state.authority, move |authority| Ok(authority.enrolment_of(chip, id)?.1.view()));
    found.await.map(Json)
}

/// Hands in the application that the card signed (APPLY-4). Repeating it changes nothing.
#[utoipa::path(post, path = "/enrolments/{enrolment}/application",
    operation_id = "submit_application", tag = "phone",
    params(("enrolment" = inline(EnrolmentId), Path)), request_body = SignedStatement,
    extensions(("x-problems" = json!([
        "already-carried", "application-content-mismatch", "application-signature-invalid",
        "application-under-way", "card-signature-expired", "card-signature-held",
        "card-signature-not-active", "card-signature-revoked", "card-signature-unknown",
        "certificate-untrusted", "certificate-wrong-kind", "challenge-expired", "conflict",
        "delete-on-iphone-first", "deletion-due", "enrolment-in-use", "enrolment-unknown",
        "keys-not-made", "no-card", "no-such-application", "none-selected", "not-confirmed",
        "not-on-register", "phone-elsewhere", "phone-serves-another", "resident-unknown",
        "revoke-on-android-first", "source-held", "under-fifteen"
    ]))),
    responses((status = 200, body = ApplicationAccepted)))]
async fn take_application(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<EnrolmentId>,
    Json(statement): Json<SignedStatement>,
) -> Result<Json<ApplicationAccepted>, Problem> {
    let chip = phone(&by)?;
    let taken = blocking(state.authority, move |authority| {
        authority.take_application(chip, id, &statement.cms.0)
    });
    taken.await.map(Json)
}

/// The new PINs are set: the last screen was passed (HOURS-1). Repeating it changes nothing.
#[utoipa::path(post, path = "/enrolments/{enrolment}/completion",
    operation_id = "complete_application", tag = "phone",
    params(("enrolment" = inline(EnrolmentId), Path)),
    extensions(("x-problems" = json!([
        "application-under-way", "conflict", "enrolment-unknown", "no-such-application",
        "phone-elsewhere", "resident-unknown"
    ]))),
    responses((status = 200, body = EnrolmentView)))]
async fn complete(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<EnrolmentId>,
) -> Result<Json<EnrolmentView>, Problem> {
    let chip = phone(&by)?;
    blocking(state.authority, move |authority| authority.complete_application(chip, id))
        .await
        .map(Json)
}

/// Begins a request that will be signed: revocation of this phone's certificates (END-2, END-3) or
/// another's (MOVE-6), resumption (LOSS-2), PIN reset (PIN-2).
#[utoipa::path(post, path = "/requests", tag = "phone", request_body = BeginRequest,
    params(KeyHeader),
    extensions(("x-problems" = json!(["conflict", "request-unknown"]))),
    responses((status = 200, body = RequestBegun)))]
async fn begin_request(
    Shared(state): Shared<State>,
    by: SignedBy,
    body: KeyedJson<BeginRequest>,
) -> Result<Answer, Problem> {
    let (chip, (request, asked)) = (phone(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        let id = u128::from_be_bytes(authority.new_id("request", &request));
        once(authority, &request, |keep| {
            authority.begin_request(chip, format!("{id:032x}"), asked, keep)
        })
    })
    .await
}

/// Hands in the signed request. Repeating it changes nothing.
#[utoipa::path(post, path = "/requests/{request}", tag = "phone",
    params(("request" = String, Path, description = "`request` of the answer to `POST /requests`.")),
    request_body = SignedStatement,
    extensions(("x-problems" = json!([
        "application-content-mismatch", "application-signature-invalid",
        "asking-phone-serves-another", "card-signature-expired", "card-signature-held",
        "card-signature-not-active", "card-signature-revoked", "card-signature-unknown",
        "certificate-held", "certificate-untrusted", "certificate-wrong-kind",
        "challenge-expired", "conflict", "held-by-operator", "no-card", "no-such-phone",
        "nothing-elsewhere", "nothing-held", "phone-carries-none", "phone-elsewhere",
        "phone-signature-unusable", "request-unknown", "resident-unknown"
    ]))),
    responses((status = 200, body = RequestDone)))]
async fn carry_out_request(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(id): Path<String>,
    Json(statement): Json<SignedStatement>,
) -> Result<Json<RequestDone>, Problem> {
    let chip = phone(&by)?;
    let done = blocking(state.authority, move |authority| {
        authority.carry_out_request(chip, &id, &statement.cms.0)
    });
    done.await.map(Json)
}

/// From where on, and how long to wait for something new.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    /// `next` of the last answer; 0 or absent for all.
    #[serde(default)]
    since: u64,
    /// How many seconds to wait for something new: up to 30, more counts as 30.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    wait: Wait,
}

/// Notices to the phone (HOURS-2), held back until there is one.
#[utoipa::path(get, path = "/notices", operation_id = "phone_notices", tag = "phone",
    params(NoticesQuery),
    responses((status = 200, body = Notices)))]
async fn notices(
    Shared(state): Shared<State>,
    by: SignedBy,
    Query(query): Query<NoticesQuery>,
) -> Result<Json<Notices>, Problem> {
    let (chip, since) = (phone(&by)?, query.since);
    let look = || {
        let found = blocking(state.authority.clone(), move |authority| {
            Ok(authority.store.messages(chip, since, NOTICES)?)
        });
        async { Ok::<_, Problem>(Some(found.await?).filter(|messages| !messages.is_empty())) }
    };
    let changes = state.authority.changed.subscribe();
    let found = long_poll(changes, query.wait.duration(), &state.shutdown, look).await;
    let messages = found?.unwrap_or_default();
    let next = messages.last().map_or(since, |last| last.sequence);
    let notices = messages.into_iter().map(crate::views::notice).collect();
    Ok(Json(Notices { notices, next }))
}
