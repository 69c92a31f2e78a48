//! What a site's server wants consent for, taken down: it is signed as documents are.

use inrou_api::problem::Code;
use inrou_api::wire::transaction::Attribute;
use inrou_rules::japan;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ConsentAsked;
use crate::Provider;
use crate::clients::{Client, Counted, Use};
use crate::refused::Refused;
use crate::signing::{Content, SignTransaction, life, uuid};
use crate::store::Store;

/// The latest of which attributes, what for, and until when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "attributes": ["name", "address"], "purpose": "お届けの住所を新しくするため", "until": "2030-03-31"
}))]
pub(crate) struct ConsentOrder {
    /// Which attributes: their scopes are registered.
    attributes: Vec<Attribute>,
    /// What they are used for, as the resident is shown it: at most 200 characters.
    purpose: String,
    /// The last day, in Japan: at most ten years from today.
    #[schema(value_type = String, format = Date)]
    until: Date,
    /// For how many seconds the resident may be asked: 300 unless said otherwise, at most 600.
    expires_in: Option<u32>,
}

/// It is taken down.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentOrdered {
    /// Names the consent from now on.
    consent_id: String,
    /// Names it in the authorization request.
    sign_transaction_id: String,
    /// Until when the resident may be asked.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl Provider {
    /// Takes down what a client wants consent for.
    ///
    /// # Errors
    /// `consent-invalid`, with the `member` that does not hold; `client-limit-reached`; the store's.
    pub(crate) async fn order_consent(
        &self,
        client: Client,
        order: ConsentOrder,
    ) -> Result<ConsentOrdered, Refused> {
        let invalid = |member| Refused::new(Code::CONSENT_INVALID).with("member", member);
        let life = life(order.expires_in).ok_or_else(|| invalid("expires_in"))?;
        let may_ask = |one: &Attribute| client.registration.may_ask(one.as_str());
        if !order.attributes.iter().all(may_ask) {
            return Err(invalid("attributes"));
        }
        let (from, until) = (japan::day(self.now()), order.until);
        let asked = ConsentAsked { attributes: order.attributes, from, until };
        if let Some(member) = asked.fault(&order.purpose) {
            return Err(invalid(member));
        }
        let (id, expires) = (uuid(self.random()), self.until(life));
        let new = SignTransaction {
            id: id.clone(),
            client: client.id.clone(),
            content: Content::Consent(asked),
            purpose: order.purpose,
            expires,
            asked: None,
            signed: None,
        };
        let order = move |store: &dyn Store, one: &Use| store.order(&new, one);
        self.one_more(&client, Counted::Signatures, order).await?;
        Ok(ConsentOrdered { consent_id: id.clone(), sign_transaction_id: id, expires_at: expires })
    }
}
