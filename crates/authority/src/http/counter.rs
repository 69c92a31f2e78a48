//! What counters and the hotline call: residents, cards, changes, holds.

use axum::extract::State as Shared;
use inrou_api::idempotency::{Answer, KeyHeader, KeyedJson};
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{
    AdmitResident, CardIssued, ChangeRecord, ChooseCertificates, IssueCard, ReportLoss,
    ResidentAdmitted, ResidentSummary, ResidentView, UnlockCard,
};
use inrou_rules::{CardId, ResidentId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, keyed, once, role};
use crate::Authority;
use crate::problem::Failed;
use crate::settings::Permission;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(admit, list))
        .routes(routes!(view))
        .routes(routes!(issue_card))
        .routes(routes!(choose_certificates))
        .routes(routes!(change_record))
        .routes(routes!(unlock_card))
        .routes(routes!(hold))
}

/// Enters a resident.
#[utoipa::path(post, path = "/residents", operation_id = "admit_resident", tag = "counter",
    request_body = AdmitResident,
    params(KeyHeader),
    extensions(("x-problems" = json!([
        "attributes-malformed", "conflict", "municipality-unknown", "resident-known",
        "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentAdmitted)))]
async fn admit(
    Shared(state): Shared<State>,
    by: SignedBy,
    body: KeyedJson<AdmitResident>,
) -> Result<Answer, Problem> {
    let (role, (request, admit)) = (role(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Counter)?;
        let resident = ResidentId::from_bytes(authority.new_id("resident", &request));
        once(authority, &request, |keep| authority.admit(resident, &admit, keep))
    })
    .await
}

/// Residents, a page at a time.
#[utoipa::path(get, path = "/residents", operation_id = "residents", tag = "counter",
    params(PageQuery),
    responses((status = 200, body = Page<ResidentSummary>)))]
async fn list(
    Shared(state): Shared<State>,
    by: SignedBy,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ResidentSummary>>, Problem> {
    as_counter(state, &by, move |authority| authority.residents(&query)).await
}

/// A resident with card and certificates.
#[utoipa::path(get, path = "/residents/{resident}", operation_id = "resident", tag = "counter",
    params(("resident" = inline(ResidentId), Path)),
    extensions(("x-problems" = json!(["resident-unknown"]))),
    responses((status = 200, body = ResidentView)))]
async fn view(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
) -> Result<Json<ResidentView>, Problem> {
    as_counter(state, &by, move |authority| authority.resident_view(resident)).await
}

/// Issues a card (CARD-1). Its chip is written in sessions.
#[utoipa::path(post, path = "/residents/{resident}/card", tag = "counter",
    params(("resident" = inline(ResidentId), Path), KeyHeader),
    request_body = IssueCard,
    extensions(("x-problems" = json!([
        "card-in-force", "conflict", "in-person-only", "municipality-unknown", "no-card",
        "not-on-register", "other-municipality", "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = CardIssued)))]
async fn issue_card(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    body: KeyedJson<IssueCard>,
) -> Result<Answer, Problem> {
    let (role, (request, issue)) = (role(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Counter)?;
        let card = CardId::from_bytes(authority.new_id("card", &request));
        once(authority, &request, |keep| authority.issue_card(resident, card, &issue, keep))
    })
    .await
}

/// Changes which certificates the card carries (CARD-1). Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/card/certificates", tag = "counter",
    params(("resident" = inline(ResidentId), Path)), request_body = ChooseCertificates,
    extensions(("x-problems" = json!([
        "card-expired", "card-reported-lost", "conflict", "in-person-only", "no-card",
        "not-on-register", "other-municipality", "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn choose_certificates(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    Json(choice): Json<ChooseCertificates>,
) -> Result<Json<ResidentView>, Problem> {
    as_counter(state, &by, move |authority| authority.choose_certificates(resident, &choice)).await
}

/// Records a change of name, address, birth date or sex (CARD-7). Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/record", tag = "counter",
    params(("resident" = inline(ResidentId), Path)), request_body = ChangeRecord,
    extensions(("x-problems" = json!([
        "attributes-malformed", "card-expired", "card-reported-lost", "conflict", "in-person-only",
        "municipality-unknown", "no-card", "not-on-register", "record-out-of-order",
        "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn change_record(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    Json(change): Json<ChangeRecord>,
) -> Result<Json<ResidentView>, Problem> {
    as_counter(state, &by, move |authority| authority.change_record(resident, &change)).await
}

/// Lets a PIN of the card be set anew (CARD-6): the chip is told in a session.
#[utoipa::path(post, path = "/residents/{resident}/card/unlock", tag = "counter",
    params(("resident" = inline(ResidentId), Path)), request_body = UnlockCard,
    extensions(("x-problems" = json!([
        "card-carries-none", "card-expired", "card-reported-lost", "conflict", "in-person-only",
        "no-card", "not-on-register", "other-municipality", "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn unlock_card(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    Json(unlock): Json<UnlockCard>,
) -> Result<Json<ResidentView>, Problem> {
    as_counter(state, &by, move |authority| {
        authority.unlock_card(resident, &unlock)?;
        authority.resident_view(resident)
    })
    .await
}

/// Puts the certificates of a lost card or phone on hold (LOSS-1, CARD-11). Repeating it changes
/// nothing.
#[utoipa::path(post, path = "/residents/{resident}/hold", operation_id = "report_loss",
    tag = "hotline",
    params(("resident" = inline(ResidentId), Path)), request_body = ReportLoss,
    extensions(("x-problems" = json!(["conflict", "nothing-to-hold", "resident-unknown"]))),
    responses((status = 200, body = ResidentView)))]
async fn hold(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    Json(loss): Json<ReportLoss>,
) -> Result<Json<ResidentView>, Problem> {
    let role = role(&by)?;
    let held = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Hotline)?;
        authority.hold(resident, &loss)
    });
    held.await.map(Json)
}

async fn as_counter<T: Send + 'static>(
    state: State,
    by: &SignedBy,
    work: impl FnOnce(&Authority) -> Result<T, Failed> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let role = role(by)?;
    let done = blocking(state.authority, move |authority| {
        authority.permit(&role, Permission::Counter)?;
        work(authority)
    });
    done.await.map(Json)
}
