//! What counters call: residents, cards, changes.

use axum::extract::State as Shared;
use inrou_api::acting::{ActingHeader, SaidActing};
use inrou_api::idempotency::{Answer, KeyHeader, KeyedJson};
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::server::{Json, Path, Query};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{
    AdmitResident, CardFound, CardIssued, ChangeRecord, ChooseCertificates, FindResidents,
    IssueCard, RenewCertificates, ReportDeparture, ReportFound, ResidentAdmitted, ResidentSummary,
    ResidentView, UnlockCard,
};
use inrou_rules::{CardId, Municipality, Refusal, ResidentId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{State, blocking, keyed, once, role};
use crate::Authority;
use crate::problem::Failed;

pub(super) fn router() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(admit, list))
        .routes(routes!(find))
        .routes(routes!(view))
        .routes(routes!(issue_card))
        .routes(routes!(choose_certificates))
        .routes(routes!(renew_certificates))
        .routes(routes!(find_card))
        .routes(routes!(change_record))
        .routes(routes!(depart))
        .routes(routes!(unlock_card))
}

/// Enters a resident.
#[utoipa::path(post, path = "/residents", operation_id = "admit_resident", tag = "counter",
    request_body = AdmitResident,
    params(KeyHeader, ActingHeader),
    extensions(("x-problems" = json!([
        "attributes-malformed", "conflict", "municipality-unknown", "other-municipality",
        "resident-known", "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentAdmitted)))]
async fn admit(
    Shared(state): Shared<State>,
    by: SignedBy,
    SaidActing(acting): SaidActing,
    body: KeyedJson<AdmitResident>,
) -> Result<Answer, Problem> {
    let (role, (request, admit)) = (role(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        authority.permit_counter(&role, admit.municipality)?;
        let resident = ResidentId::from_bytes(authority.new_id("resident", &request));
        once(authority, &request, |keep| authority.admit(resident, &admit, acting, keep))
    })
    .await
}

/// Residents, a page at a time: of its own municipality, for the counter of one.
#[utoipa::path(get, path = "/residents", operation_id = "residents", tag = "counter",
    params(PageQuery),
    responses((status = 200, body = Page<ResidentSummary>)))]
async fn list(
    Shared(state): Shared<State>,
    by: SignedBy,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ResidentSummary>>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        let of = authority.permit_view(&role)?;
        authority.residents(&query, of)
    });
    found.await.map(Json)
}

/// Residents by name and birth date, a page at a time: of its own municipality, for the counter of one. The name
/// is the whole or the family name, written or in kana, in whichever way.
#[utoipa::path(post, path = "/residents/search", operation_id = "find_residents", tag = "counter",
    params(PageQuery), request_body = FindResidents,
    responses((status = 200, body = Page<ResidentSummary>)))]
async fn find(
    Shared(state): Shared<State>,
    by: SignedBy,
    Query(query): Query<PageQuery>,
    Json(request): Json<FindResidents>,
) -> Result<Json<Page<ResidentSummary>>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        let of = authority.permit_view(&role)?;
        // Another's residents are nobody's that it may see.
        if of.zip(request.municipality).is_some_and(|(of, asked)| of != asked) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        authority.find_residents(&request, &query, of.or(request.municipality))
    });
    found.await.map(Json)
}

/// A resident with card and certificates.
#[utoipa::path(get, path = "/residents/{resident}", operation_id = "resident", tag = "counter",
    params(("resident" = inline(ResidentId), Path)),
    extensions(("x-problems" = json!(["other-municipality", "resident-unknown"]))),
    responses((status = 200, body = ResidentView)))]
async fn view(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
) -> Result<Json<ResidentView>, Problem> {
    let role = role(&by)?;
    let found = blocking(state.authority, move |authority| {
        let of = authority.permit_view(&role)?;
        let view = authority.resident_view(resident)?;
        if of.is_some_and(|of| of != view.municipality) {
            return Err(Refusal::OtherMunicipality.into());
        }
        Ok(view)
    });
    found.await.map(Json)
}

/// Issues a card (CARD-1), in place of one that is lost, has expired or is about to. Its chip is written
/// in sessions.
#[utoipa::path(post, path = "/residents/{resident}/card", tag = "counter",
    params(("resident" = inline(ResidentId), Path), KeyHeader, ActingHeader),
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
    SaidActing(acting): SaidActing,
    body: KeyedJson<IssueCard>,
) -> Result<Answer, Problem> {
    let (role, (request, issue)) = (role(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        authority.permit_counter(&role, issue.counter)?;
        let card = CardId::from_bytes(authority.new_id("card", &request));
        once(authority, &request, |keep| authority.issue_card(resident, card, &issue, acting, keep))
    })
    .await
}

/// Changes which certificates the card carries (CARD-1). Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/card/certificates", tag = "counter",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = ChooseCertificates,
    extensions(("x-problems" = json!([
        "card-expired", "card-reported-lost", "conflict", "in-person-only", "no-card",
        "not-on-register", "other-municipality", "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn choose_certificates(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(choice): Json<ChooseCertificates>,
) -> Result<Json<ResidentView>, Problem> {
    at_counter(state, &by, choice.counter, move |authority| {
        authority.choose_certificates(resident, &choice, acting)
    })
    .await
}

/// Orders new certificates in place of those that are about to expire (CARD-9); they are issued and
/// written in sessions. Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/card/renewal", tag = "counter",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = RenewCertificates,
    extensions(("x-problems" = json!([
        "card-expired", "card-reported-lost", "conflict", "in-person-only", "no-card",
        "not-on-register", "nothing-to-renew", "other-municipality", "renewal-not-open",
        "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn renew_certificates(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(renewal): Json<RenewCertificates>,
) -> Result<Json<ResidentView>, Problem> {
    at_counter(state, &by, renewal.counter, move |authority| {
        authority.renew_certificates(resident, &renewal, acting)
    })
    .await
}

/// Takes a card back that was reported lost (CARD-12). What is ordered anew is written in sessions.
#[utoipa::path(post, path = "/residents/{resident}/card/found", tag = "counter",
    params(("resident" = inline(ResidentId), Path), KeyHeader, ActingHeader),
    request_body = ReportFound,
    extensions(("x-problems" = json!([
        "card-expired", "card-not-lost", "conflict", "in-person-only", "no-card",
        "not-on-register", "other-municipality", "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = CardFound)))]
async fn find_card(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    body: KeyedJson<ReportFound>,
) -> Result<Answer, Problem> {
    let (role, (request, found)) = (role(&by)?, keyed(body, &by));
    blocking(state.authority, move |authority| {
        authority.permit_counter(&role, found.counter)?;
        once(authority, &request, |keep| authority.find_card(resident, &found, acting, keep))
    })
    .await
}

/// Ends everything of who died or moves abroad (CARD-13). Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/departure", tag = "counter",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = ReportDeparture,
    extensions(("x-problems" = json!([
        "conflict", "not-on-register", "other-municipality", "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn depart(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(departure): Json<ReportDeparture>,
) -> Result<Json<ResidentView>, Problem> {
    at_counter(state, &by, departure.counter, move |authority| {
        authority.depart(resident, &departure, acting)
    })
    .await
}

/// Records a change of name, address, birth date or sex (CARD-7). Repeating it changes nothing.
#[utoipa::path(post, path = "/residents/{resident}/record", tag = "counter",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = ChangeRecord,
    extensions(("x-problems" = json!([
        "attributes-malformed", "card-expired", "card-reported-lost", "conflict", "in-person-only",
        "municipality-unknown", "no-card", "not-on-register", "other-municipality",
        "record-out-of-order", "resident-unknown", "under-fifteen"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn change_record(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(change): Json<ChangeRecord>,
) -> Result<Json<ResidentView>, Problem> {
    let role = role(&by)?;
    let changed = blocking(state.authority, move |authority| {
        // A move is notified where one leaves or where one arrives.
        let leaves = authority.load(resident)?.resident.municipality;
        authority
            .permit_counter(&role, leaves)
            .or_else(|_| authority.permit_counter(&role, change.municipality))?;
        authority.change_record(resident, &change, acting)
    });
    changed.await.map(Json)
}

/// Lets a PIN of the card be set anew (CARD-6): the chip is told in a session.
#[utoipa::path(post, path = "/residents/{resident}/card/unlock", tag = "counter",
    params(("resident" = inline(ResidentId), Path), ActingHeader), request_body = UnlockCard,
    extensions(("x-problems" = json!([
        "card-carries-none", "card-expired", "card-reported-lost", "conflict", "in-person-only",
        "no-card", "not-on-register", "other-municipality", "resident-unknown"
    ]))),
    responses((status = 200, body = ResidentView)))]
async fn unlock_card(
    Shared(state): Shared<State>,
    by: SignedBy,
    Path(resident): Path<ResidentId>,
    SaidActing(acting): SaidActing,
    Json(unlock): Json<UnlockCard>,
) -> Result<Json<ResidentView>, Problem> {
    at_counter(state, &by, unlock.counter, move |authority| {
        authority.unlock_card(resident, &unlock, acting)?;
        authority.resident_view(resident)
    })
    .await
}

async fn at_counter<T: Send + 'static>(
    state: State,
    by: &SignedBy,
    of: Municipality,
    work: impl FnOnce(&Authority) -> Result<T, Failed> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let role = role(by)?;
    let done = blocking(state.authority, move |authority| {
        authority.permit_counter(&role, of)?;
        work(authority)
    });
    done.await.map(Json)
}
