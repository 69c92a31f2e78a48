//! How a consent stands, for the site that asked for it.

use inrou_api::client::ClientError;
use inrou_api::consent::ConsentId;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{ConsentState, ConsentView};
use inrou_api::wire::transaction::Attribute;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::ConsentAsked;
use crate::Provider;
use crate::clients::Client;
use crate::refused::Refused;
use crate::signing::{Content, Stage};

/// How a consent stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentStatus {
    consent_id: String,
    status: ConsentStage,
    /// Why it was not given, if it was not and that is known: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Who consented, if somebody did: as the ID token of a log-in says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// The latest of which attributes.
    attributes: Vec<Attribute>,
    /// What they are used for.
    purpose: String,
    /// The first day, in Japan.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    until: Date,
    /// When it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    given_at: Option<Timestamp>,
    /// When it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    withdrawn_at: Option<Timestamp>,
}

/// A stage of a consent.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ConsentStage {
    /// Nobody was asked yet.
    Ordered,
    /// A resident is asked.
    Asked,
    /// The resident refused, the answer did not pass, or the time to ask is over.
    NotGiven,
    /// It holds.
    Given,
    /// Its last day is over.
    Expired,
    /// The resident withdrew it.
    Withdrawn,
}

/// What there is of a consent.
pub(super) enum Found {
    /// It was given.
    Given(Box<ConsentView>),
    /// It was ordered, and not given yet.
    Ordered(Box<Ordered>),
}

/// A consent that was not given yet.
pub(super) struct Ordered {
    asked: ConsentAsked,
    purpose: String,
    stage: Stage,
    code: Option<String>,
}

impl Provider {
    /// How a consent stands that this client asked for.
    ///
    /// # Errors
    /// `consent-unknown`; `service-unavailable`; the store's.
    pub(crate) async fn consent_status(
        &self,
        id: &str,
        client: &Client,
    ) -> Result<ConsentStatus, Refused> {
        let id = read(id)?;
        let consent_id = id.to_string();
        Ok(match self.find_consent(&id, client).await? {
            Found::Given(view) => {
                let terms = view.terms;
                ConsentStatus {
                    consent_id,
                    status: match view.state {
                        ConsentState::Given => ConsentStage::Given,
                        ConsentState::Expired => ConsentStage::Expired,
                        ConsentState::Withdrawn => ConsentStage::Withdrawn,
                    },
                    code: None,
                    sub: Some(self.subject(client, &view.person)),
                    attributes: terms.attributes,
                    purpose: terms.purpose,
                    from: terms.from,
                    until: terms.until,
                    given_at: Some(view.given),
                    withdrawn_at: view.withdrawn,
                }
            }
            Found::Ordered(ordered) => {
                let Ordered { asked, purpose, stage, code } = *ordered;
                ConsentStatus {
                    consent_id,
                    status: match stage {
                        Stage::Ordered => ConsentStage::Ordered,
                        Stage::Asked => ConsentStage::Asked,
                        Stage::Signed | Stage::NotSigned | Stage::Expired => ConsentStage::NotGiven,
                    },
                    code,
                    sub: None,
                    attributes: asked.attributes,
                    purpose,
                    from: asked.from,
                    until: asked.until,
                    given_at: None,
                    withdrawn_at: None,
                }
            }
        })
    }

    /// A consent that this client asked for. One that was signed, and not handed in since the browser did
    /// not come back, is handed in.
    ///
    /// # Errors
    /// `consent-unknown`; `service-unavailable`; the store's.
    pub(super) async fn find_consent(
        &self,
        id: &ConsentId,
        client: &Client,
    ) -> Result<Found, Refused> {
        let unknown = || Refused::new(Code::CONSENT_UNKNOWN);
        let path = format!("/consents/{id}");
        match self.authority.get(&path).answer::<ConsentView>().await {
            Ok(view) if view.terms.client == client.id.as_str() => {
                return Ok(Found::Given(Box::new(view)));
            }
            Ok(_) => return Err(unknown()),
            Err(ClientError::Problem(problem)) if problem.is(Code::CONSENT_UNKNOWN) => {}
            Err(error) => {
                return Err(Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error).into());
            }
        }
        let order = {
            let (id, client) = (id.to_string(), client.id.clone());
            let found = self.store(move |store| store.sign_transaction(&id)).await?;
            found.filter(|found| found.client == client).ok_or_else(unknown)?
        };
        let Content::Consent(asked) = &order.content else { return Err(unknown()) };
        let by = self.asked_by(&order).await?;
        let (mut stage, mut code) = self.stage(&order, by.as_ref());
        if let (Stage::Signed, Some(by)) = (stage, &by) {
            match self.hand_in(&order, by).await? {
                Ok(Some(view)) => return Ok(Found::Given(Box::new(view))),
                Ok(None) => {}
                Err(refused) => {
                    (stage, code) = (Stage::NotSigned, Some(refused.code().to_owned()));
                }
            }
        }
        let (asked, purpose) = (asked.clone(), order.purpose);
        Ok(Found::Ordered(Box::new(Ordered { asked, purpose, stage, code })))
    }
}

/// # Errors
/// `consent-unknown` if no consent is called so.
pub(super) fn read(id: &str) -> Result<ConsentId, Refused> {
    ConsentId::try_from(id.to_owned()).map_err(|_| Refused::new(Code::CONSENT_UNKNOWN))
}
