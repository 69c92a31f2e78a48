//! What a role asks the authority about persons and their consents.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::{get, post};
use inrou_api::consent::ConsentTerms;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Json, Path};
use inrou_api::signature::SignedBy;
use inrou_api::wire::authority::{
    ConsentState, ConsentView, Consents, FindLinkage, GiveConsent, LatestAttributes, Linkage,
    SharedAttributes,
};
use inrou_pki::Certificate;
use inrou_pki::cms::SignedMessage;
use inrou_rules::{Medium, Use};
use jiff::Timestamp;

use super::role_api::{Known, RoleApi, State};

pub(super) fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/linkages", post(linkage))
        .route("/consents", post(give))
        .route("/consents/{consent}", get(view))
        .route("/consents/{consent}/latest", get(latest))
        .route("/holders/{subject}/consents", get(of_holder))
        .route("/holders/{subject}/consents/{consent}/withdrawal", post(withdraw))
}

impl RoleApi {
    /// A resident has given this consent, in these words.
    pub fn consented(&self, subject: &str, terms: ConsentTerms, document: &str, at: Timestamp) {
        let view = ConsentView {
            document: document.to_owned(),
            terms,
            person: subject.to_owned(),
            state: ConsentState::Given,
            given: at,
            withdrawn: None,
        };
        self.known().consents.push(view);
    }

    /// A consent stands so from now on.
    pub fn set_consent_state(&self, consent: &str, state: ConsentState) {
        if let Ok(view) = self.known().consent(consent) {
            view.state = state;
        }
    }

    /// From now on tells this code in place of the latest attributes; `None`: tells them.
    pub fn set_latest(&self, code: Option<Code>) {
        self.known().untold = code;
    }

    /// From now on takes no consent, for the reason of this code.
    pub fn set_consents_refused(&self, code: Option<Code>) {
        self.known().refuses = code;
    }
}

/// The use of a certificate: those for signatures have attributes in them.
fn usage(certificate: &Certificate) -> Use {
    match certificate.attributes() {
        Some(_) => Use::Signature,
        None => Use::UserAuthentication,
    }
}

async fn linkage(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Json(request): Json<FindLinkage>,
) -> Result<Json<Linkage>, Problem> {
    let mut known = state.known();
    known.answer()?;
    let untrusted = || Problem::new(Code::CERTIFICATE_UNTRUSTED);
    let certificate = Certificate::from_der(&request.certificate.0).map_err(|_| untrusted())?;
    let person = match known.holders.get(certificate.as_der()) {
        Some((person, _)) => person.clone(),
        None if known.certificates().any(|other| other.issuer() == certificate.issuer()) => {
            return Err(Problem::new(Code::CERTIFICATE_NOT_ISSUED));
        }
        None => return Err(untrusted()),
    };
    let own = known.holders.iter().filter(|(_, (subject, _))| *subject == person);
    let mut uses = own.filter_map(|(der, _)| Some(usage(&Certificate::from_der(der).ok()?)));
    if request.linked_to.is_some_and(|wanted| !uses.any(|own| own == wanted)) {
        return Err(Problem::new(Code::CERTIFICATE_NOT_LINKED));
    }
    Ok(Json(Linkage { person, usage: usage(&certificate), medium: Medium::Phone }))
}

async fn give(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Json(given): Json<GiveConsent>,
) -> Result<Json<ConsentView>, Problem> {
    let mut known = state.known();
    known.answer()?;
    if let Some(code) = known.refuses {
        return Err(Problem::new(code));
    }
    let message = SignedMessage::from_der(&given.cms.0).unwrap();
    let signed = message.verify_detached(given.document.as_bytes()).unwrap();
    let person = known.holders[signed.signer.as_der()].0.clone();
    let at = signed.signing_time.unwrap();
    assert!(given.terms.are_in(&given.document), "{}", given.document);
    if let Ok(view) = known.consent(given.terms.consent.as_str()) {
        return Ok(Json(view.clone()));
    }
    let view = ConsentView {
        terms: given.terms,
        given: at,
        document: given.document,
        person,
        state: ConsentState::Given,
        withdrawn: None,
    };
    known.consents.push(view.clone());
    Ok(Json(view))
}

async fn view(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Path(consent): Path<String>,
) -> Result<Json<ConsentView>, Problem> {
    let mut known = state.known();
    known.answer()?;
    known.consent(&consent).map(|view| Json(view.clone()))
}

async fn latest(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Path(consent): Path<String>,
) -> Result<Json<LatestAttributes>, Problem> {
    let mut known = state.known();
    known.answer()?;
    let view = known.consent(&consent)?.clone();
    let code = match view.state {
        ConsentState::Given => known.untold,
        ConsentState::Expired => Some(Code::CONSENT_EXPIRED),
        ConsentState::Withdrawn => Some(Code::CONSENT_WITHDRAWN),
    };
    if let Some(code) = code {
        return Err(Problem::new(code));
    }
    let newest = known.holders.values().rfind(|(person, _)| *person == view.person);
    let (person, attributes) = newest.cloned().unwrap();
    let attributes = SharedAttributes::of(&attributes, &view.terms.attributes);
    Ok(Json(LatestAttributes { person, serial: "00002A".to_owned(), attributes }))
}

async fn of_holder(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Path(subject): Path<String>,
) -> Result<Json<Consents>, Problem> {
    let mut known = state.known();
    known.answer()?;
    let own = known.consents.iter().rev().filter(|view| view.person == subject);
    Ok(Json(Consents { consents: own.cloned().collect() }))
}

async fn withdraw(
    Shared(state): Shared<Arc<State>>,
    _by: SignedBy,
    Path((subject, consent)): Path<(String, String)>,
) -> Result<Json<ConsentView>, Problem> {
    let mut known = state.known();
    known.answer()?;
    let view = known.consent(&consent)?;
    if view.person != subject {
        return Err(Problem::new(Code::CONSENT_UNKNOWN));
    }
    if view.state == ConsentState::Given {
        (view.state, view.withdrawn) = (ConsentState::Withdrawn, Some(view.given));
    }
    Ok(Json(view.clone()))
}

impl Known {
    fn consent(&mut self, id: &str) -> Result<&mut ConsentView, Problem> {
        let found = self.consents.iter_mut().find(|view| view.terms.consent.as_str() == id);
        found.ok_or_else(|| Problem::new(Code::CONSENT_UNKNOWN))
    }

    fn certificates(&self) -> impl Iterator<Item = Certificate> {
        self.holders.keys().filter_map(|der| Certificate::from_der(der).ok())
    }
}
