//! The authority over HTTP, `/authority/v1`.
//!
//! Phones sign with their device key under the name `phone:` and the chip's identifier, roles with
//! theirs under `role:` and the name by which they are set up.

mod consents;
mod counter;
mod hotline;
mod log;
mod operator;
mod phones;
mod publication;
mod receipts;
mod relying;
mod sessions;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use inrou_api::idempotency::{Answer, Fingerprint, Kept, Keyed, KeyedJson};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Access, Shutdown, documented, with_access};
use inrou_api::signature::{KeyDirectory, NonceStore, SignedBy, Verifier};
use inrou_pki::PublicKey;
use inrou_rules::ChipId;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use crate::Authority;
use crate::problem::Failed;
use crate::store::{IdempotencyRecord, Nonce, Opaque, Precondition, StoreError, Write};
use crate::tasks::Caller;

pub use publication::publication;

/// How long an answer is kept for a repetition of its request.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What handlers share.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) authority: Arc<Authority>,
    pub(crate) shutdown: Shutdown,
}

/// The API of an authority, with its OpenAPI document at `/authority/v1/openapi.json`.
pub fn router(authority: Arc<Authority>, shutdown: Shutdown) -> axum::Router {
    let clock = authority.clock.clone();
    let verifier =
        Arc::new(Verifier::new(clock, Keys(authority.clone()), Nonces(authority.clone())));
    let state = State { authority, shutdown };
    let signed = OpenApiRouter::new()
        .merge(with_access(phones::router(), Access::Phone))
        .merge(with_access(counter::router().merge(hotline::router()), Access::Role))
        .merge(with_access(operator::router().merge(log::router()), Access::Role))
        .merge(with_access(relying::router().merge(consents::router()), Access::Role))
        .route_layer(from_fn_with_state(verifier.clone(), Verifier::<Keys, Nonces>::check));
    // A phone that is not registered has no key yet: sessions look at signatures themselves.
    let sessions = with_access(sessions::router(verifier), Access::PhoneRoleOrAnybody);
    let open = with_access(receipts::router(), Access::Anybody);
    let all = OpenApiRouter::new()
        .nest("/authority/v1", signed.merge(sessions).merge(open))
        .with_state(state);
    documented(all, "Inrou authority", "/authority/v1/openapi.json")
}

/// Runs work of the authority off the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static>(
    authority: Arc<Authority>,
    work: impl FnOnce(&Authority) -> Result<T, Failed> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(move || work(&authority)).await.or_internal()?;
    done.map_err(|failed| failed.0)
}

/// Does work that creates something, once: repeated under its key, it is answered as the first time.
/// `work` puts the write that it is handed for its answer into the unit that creates.
pub(crate) fn once<T: Serialize>(
    authority: &Authority,
    request: &Keyed,
    work: impl FnOnce(Keep<'_, T>) -> Result<T, Failed>,
) -> Result<Answer, Failed> {
    let kept = || authority.store.idempotency(&request.caller, request.key.as_str());
    if let Some(kept) = kept()? {
        return again(request, kept);
    }
    let keep = |answer: &T| {
        Write::PutIdempotency(IdempotencyRecord {
            caller: request.caller.clone(),
            key: request.key.as_str().to_owned(),
            fingerprint: *request.fingerprint.as_bytes(),
            status: StatusCode::OK.as_u16(),
            body: Opaque(serde_json::to_vec(answer).unwrap_or_default()),
            expires: authority.deadline(KEPT),
        })
    };
    match work(&keep) {
        Ok(answer) => Ok(Answer::json(StatusCode::OK, &answer)?),
        // Another request under the key may have been quicker.
        Err(failed) => match kept()? {
            Some(kept) => again(request, kept),
            None => Err(failed),
        },
    }
}

/// The write that keeps an answer.
pub(crate) type Keep<'a, T> = &'a dyn Fn(&T) -> Write;

fn again(request: &Keyed, kept: IdempotencyRecord) -> Result<Answer, Failed> {
    let kept = Kept {
        fingerprint: Fingerprint::from_bytes(kept.fingerprint),
        answer: Answer { status: kept.status, body: kept.body.0 },
    };
    Ok(request.again(kept).map_err(Problem::from)?)
}

/// The chip of the phone that signed.
pub(crate) fn phone(by: &SignedBy) -> Result<ChipId, Problem> {
    by.key_id
        .strip_prefix("phone:")
        .and_then(|chip| chip.parse().ok())
        .ok_or_else(|| Problem::new(Code::PHONE_UNKNOWN))
}

/// The name of the role that signed.
pub(crate) fn role(by: &SignedBy) -> Result<String, Problem> {
    let role = by.key_id.strip_prefix("role:").map(str::to_owned);
    role.ok_or_else(|| Problem::new(Code::CALLER_UNKNOWN))
}

/// Who signed, as sessions know them.
pub(crate) fn caller(by: &SignedBy) -> Result<Caller, Problem> {
    match role(by) {
        Ok(role) => Ok(Caller::Role(role)),
        Err(_) => phone(by).map(Caller::Phone),
    }
}

/// The keys of registered phones and of the roles that are set up.
pub(crate) struct Keys(Arc<Authority>);

impl KeyDirectory for Keys {
    async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
        if let Some(role) = key_id.strip_prefix("role:") {
            let caller = self.0.settings.callers.get(role);
            return caller.map(|caller| caller.public_key().or_internal()).transpose();
        }
        let Some(chip) = key_id.strip_prefix("phone:").and_then(|chip| chip.parse().ok()) else {
            return Ok(None);
        };
        let found = blocking(self.0.clone(), move |authority| Ok(authority.store.phone(chip)?));
        let phone = found.await?;
        phone.map(|phone| PublicKey::from_spki(&phone.value.device_key).or_internal()).transpose()
    }
}

/// The store's memory of nonces: it outlives a restart.
pub(crate) struct Nonces(Arc<Authority>);

impl NonceStore for Nonces {
    async fn take(
        &self,
        key_id: &str,
        nonce: &str,
        _now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Problem> {
        let nonce = Nonce { caller: key_id.to_owned(), value: nonce.to_owned(), expires: until };
        match self.0.store.commit_async(Write::SpendNonce(nonce).into()).await {
            Ok(_) => Ok(true),
            Err(StoreError::Precondition(Precondition::NonceSpent)) => Ok(false),
            Err(error) => Err(Failed::from(error).0),
        }
    }
}

/// The key of a request that creates something, as its caller made it.
pub(crate) fn keyed<T>(body: KeyedJson<T>, by: &SignedBy) -> (Keyed, T) {
    body.by(by.key_id.clone())
}
