//! The phones over HTTP, `/phone/v1`.

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the types of queries")]

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::{Access, Json, Path, Query, Source, Wait, documented, with_access};
use inrou_api::wire::authority::Notices;
use inrou_api::wire::phone::{
    AllowContactless, CardsOnTable, ChangePin, ChipContents, Consent, NewPhone, OpenLink,
    PhoneState, PhoneSummary, PutCard, ReadContents, ShownTransaction, Step,
};
use inrou_api::wire::transaction::{Transaction, TransactionId};
use inrou_rules::Use;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::fleet::Fleet;
use crate::phone::Phone;

type Shared = State<Arc<Fleet>>;

/// The API of a fleet, with its OpenAPI document at `/phone/v1/openapi.json`.
pub fn router(fleet: Arc<Fleet>) -> axum::Router {
    let phones = OpenApiRouter::new()
        .routes(routes!(list, buy))
        .routes(routes!(look))
        .routes(routes!(put_card, take_card_away))
        .routes(routes!(step))
        .routes(routes!(contents))
        .routes(routes!(change_pin))
        .routes(routes!(allow_contactless))
        .routes(routes!(notices))
        .routes(routes!(open_transaction))
        .routes(routes!(consent))
        .routes(routes!(cards));
    let all = OpenApiRouter::new()
        .nest("/phone/v1", with_access(phones, Access::Anybody))
        .with_state(fleet);
    documented(all, "Inrou phones", "/phone/v1/openapi.json")
}

/// The phones, by name.
#[utoipa::path(get, path = "/phones", operation_id = "phones", tag = "fleet", params(PageQuery),
    responses((status = 200, body = Page<PhoneSummary>)))]
async fn list(
    State(fleet): Shared,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PhoneSummary>>, Problem> {
    let after: Option<String> = query.position()?;
    let most = query.limit.count() + 1;
    let found = blocking(fleet, move |fleet| fleet.list(after.as_deref(), most)).await?;
    Page::of(found, query.limit, |phone| phone.name.clone()).or_internal().map(Json)
}

/// Buys a phone.
#[utoipa::path(post, path = "/phones", operation_id = "buy_phone", tag = "fleet",
    request_body = NewPhone,
    extensions(("x-problems" = json!(["phone-name-taken", "too-many-requests"]))),
    responses((status = 201, body = PhoneState)))]
async fn buy(
    State(fleet): Shared,
    source: Source,
    Json(new): Json<NewPhone>,
) -> Result<(StatusCode, Json<PhoneState>), Problem> {
    let name = new.name.clone();
    blocking(Arc::clone(&fleet), move |fleet| fleet.buy_for_anybody(&new, source)).await?;
    let bought = find(fleet, name).await?.blocking(|phone| Ok(phone.state())).await?;
    Ok((StatusCode::CREATED, Json(bought)))
}

/// A phone: what lies on it, which procedure is under way and what comes next.
#[utoipa::path(get, path = "/phones/{name}", operation_id = "phone", tag = "phone",
    params(("name" = String, Path, description = "The phone's name.")),
    extensions(("x-problems" = json!(["chip-file-damaged"]))),
    responses((status = 200, body = PhoneState)))]
async fn look(State(fleet): Shared, Path(name): Path<String>) -> Result<Json<PhoneState>, Problem> {
    find(fleet, name).await?.blocking(|phone| Ok(phone.state())).await.map(Json)
}

/// The cards that can be put to a phone.
#[utoipa::path(get, path = "/cards", tag = "card", responses((status = 200, body = CardsOnTable)))]
async fn cards(State(fleet): Shared) -> Result<Json<CardsOnTable>, Problem> {
    let cards = blocking(fleet, |fleet| fleet.parts.cards.cards()).await?;
    Ok(Json(CardsOnTable { cards }))
}

/// Puts a card to the phone.
#[utoipa::path(put, path = "/phones/{name}/card", tag = "card",
    params(("name" = String, Path, description = "The phone's name.")),
    request_body = PutCard, extensions(("x-problems" = json!(["card-busy", "chip-file-damaged",
    "conflict"]))),
    responses((status = 200, body = PhoneState)))]
async fn put_card(
    State(fleet): Shared,
    Path(name): Path<String>,
    Json(put): Json<PutCard>,
) -> Result<Json<PhoneState>, Problem> {
    let phone = find(Arc::clone(&fleet), name).await?;
    let state = blocking(fleet, move |fleet| {
        fleet.put_card(&phone, &put.card)?;
        Ok(phone.state())
    });
    state.await.map(Json)
}

/// Takes the card away, also in the middle of a read.
#[utoipa::path(delete, path = "/phones/{name}/card", tag = "card",
    params(("name" = String, Path, description = "The phone's name.")),
    extensions(("x-problems" = json!(["chip-file-damaged"]))),
    responses((status = 204)))]
async fn take_card_away(
    State(fleet): Shared,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    find(fleet, name).await?.take_card_away();
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a step in a procedure, or begins one. It is carried to its end even if the caller goes away.
#[utoipa::path(post, path = "/phones/{name}/steps", operation_id = "make_step", tag = "phone",
    params(("name" = String, Path, description = "The phone's name.")), request_body = Step,
    extensions(("x-problems" = json!(["*"]))),
    responses((status = 200, body = PhoneState)))]
async fn step(
    State(fleet): Shared,
    Path(name): Path<String>,
    Json(step): Json<Step>,
) -> Result<Json<PhoneState>, Problem> {
    find(fleet, name).await?.alone(|phone| phone.step(step)).await.map(Json)
}

/// Allows the use of the chip at a card reader, or forbids it again (REG-4): not while a reader has the
/// chip.
#[utoipa::path(put, path = "/phones/{name}/contactless", operation_id = "allow_contactless",
    tag = "phone", params(("name" = String, Path, description = "The phone's name.")),
    request_body = AllowContactless, extensions(("x-problems" = json!(["chip-file-damaged", "phone-busy"]))),
    responses((status = 200, body = PhoneState)))]
async fn allow_contactless(
    State(fleet): Shared,
    Path(name): Path<String>,
    Json(AllowContactless { allowed }): Json<AllowContactless>,
) -> Result<Json<PhoneState>, Problem> {
    let phone = find(fleet, name).await?;
    phone.allow_contactless(allowed).await?;
    phone.blocking(|phone| Ok(phone.state())).await.map(Json)
}

/// What the chip holds (REG-3).
#[utoipa::path(post, path = "/phones/{name}/contents", operation_id = "read_contents",
    tag = "phone",
    params(("name" = String, Path, description = "The phone's name.")), request_body = ReadContents,
    extensions(("x-problems" = json!([
        "chip-file-damaged", "phone-busy", "phone-carries-none", "pin-blocked", "pin-form",
        "wrong-pin"
    ]))),
    responses((status = 200, body = ChipContents)))]
async fn contents(
    State(fleet): Shared,
    Path(name): Path<String>,
    Json(asked): Json<ReadContents>,
) -> Result<Json<ChipContents>, Problem> {
    let read = |phone: Arc<Phone>| async move {
        phone.blocking(move |phone| phone.contents(&asked)).await
    };
    find(fleet, name).await?.alone(read).await.map(Json)
}

/// Changes a PIN by the old one (PIN-2): `signature` or `user-authentication`.
#[utoipa::path(post, path = "/phones/{name}/pins/{usage}", tag = "phone",
    params(
        ("name" = String, Path, description = "The phone's name."),
        ("usage" = inline(Use), Path, description = "Whose PIN.")),
    request_body = ChangePin,
    extensions(("x-problems" = json!([
        "conflict", "chip-file-damaged", "phone-busy", "phone-carries-none", "pin-blocked",
        "pin-character", "pin-entries-differ", "pin-form", "pin-length", "pin-no-digit",
        "pin-no-letter", "wrong-pin"
    ]))),
    responses((status = 204)))]
async fn change_pin(
    State(fleet): Shared,
    Path((name, usage)): Path<(String, Use)>,
    Json(change): Json<ChangePin>,
) -> Result<StatusCode, Problem> {
    find(fleet, name).await?.alone(|phone| phone.change_pin(usage, change)).await?;
    Ok(StatusCode::NO_CONTENT)
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
#[utoipa::path(get, path = "/phones/{name}/notices", operation_id = "notices_on_phone",
    tag = "phone",
    params(("name" = String, Path, description = "The phone's name."), NoticesQuery),
    extensions(("x-problems" = json!(["*"]))),
    responses((status = 200, body = Notices)))]
async fn notices(
    State(fleet): Shared,
    Path(name): Path<String>,
    Query(query): Query<NoticesQuery>,
) -> Result<Json<Notices>, Problem> {
    find(fleet, name).await?.notices(query.since, query.wait).await.map(Json)
}

/// Opens a transaction by the link of a site that is registered as safe (REG-4).
#[utoipa::path(post, path = "/phones/{name}/transactions", tag = "transaction",
    params(("name" = String, Path, description = "The phone's name.")), request_body = OpenLink,
    extensions(("x-problems" = json!(["*"]))),
    responses((status = 200, body = ShownTransaction)))]
async fn open_transaction(
    State(fleet): Shared,
    Path(name): Path<String>,
    Json(OpenLink { link }): Json<OpenLink>,
) -> Result<Json<ShownTransaction>, Problem> {
    let link = fleet.link(&link)?;
    find(fleet, name).await?.open_transaction(link).await.map(Json)
}

/// Consents to a transaction that was opened, or refuses it.
#[utoipa::path(post, path = "/phones/{name}/transactions/{transaction}/consent",
    operation_id = "consent_to_transaction", tag = "transaction",
    params(
        ("name" = String, Path, description = "The phone's name."),
        ("transaction" = inline(TransactionId), Path, description = "`id` of what was shown.")),
    request_body = Consent, extensions(("x-problems" = json!(["*"]))),
    responses((status = 200, body = Transaction)))]
async fn consent(
    State(fleet): Shared,
    Path((name, id)): Path<(String, TransactionId)>,
    Json(consent): Json<Consent>,
) -> Result<Json<Transaction>, Problem> {
    find(fleet, name).await?.alone(|phone| phone.consent(id, consent)).await.map(Json)
}

async fn find(fleet: Arc<Fleet>, name: String) -> Result<Arc<Phone>, Problem> {
    blocking(fleet, move |fleet| fleet.phone(&name)).await
}

async fn blocking<T: Send + 'static>(
    fleet: Arc<Fleet>,
    work: impl FnOnce(&Fleet) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(move || work(&fleet)).await.or_internal()?
}
