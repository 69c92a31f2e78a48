//! The latest attributes, by a resident's consent: a site's server names what it wants consent for, a
//! browser brings the resident, who signs the consent on the phone, and the site asks for the attributes
//! whenever it needs them. The authority keeps consents and values; here is only what is being asked.

mod latest;
mod order;
mod state;

use inrou_api::consent::{self, ConsentTerms};
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{ConsentView, GiveConsent};
use inrou_api::wire::transaction::Attribute;
use inrou_relying::TransactionRecord;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Provider;
use crate::persons::refused_by_authority;
use crate::refused::Refused;
use crate::signing::{Content, SignTransaction};
use crate::store::Authorization;

pub(crate) use latest::Latest;
pub(crate) use order::{ConsentOrder, ConsentOrdered};
pub(crate) use state::ConsentStatus;

/// What a site wants consent for, besides the purpose. *This type is stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentAsked {
    /// The latest of which attributes.
    pub attributes: Vec<Attribute>,
    /// The first day, in Japan.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

impl ConsentAsked {
    /// The first member that does not hold, if one does not.
    fn fault(&self, purpose: &str) -> Option<&'static str> {
        consent::fault(&self.attributes, purpose, self.from, self.until)
    }

    /// What the resident consents to, if it is asked by this transaction. `None` if the order's identifier
    /// is none of a consent.
    pub(crate) fn terms(
        &self,
        order: &SignTransaction,
        by: &TransactionRecord,
    ) -> Option<ConsentTerms> {
        Some(ConsentTerms {
            consent: order.id.clone().try_into().ok()?,
            client: order.client.as_str().to_owned(),
            site: by.asker_name.clone(),
            host: by.site.clone().unwrap_or_default(),
            attributes: self.attributes.clone(),
            purpose: order.purpose.clone(),
            from: self.from,
            until: self.until,
        })
    }
}

impl Provider {
    /// Hands a consent in that was signed by this authorization, if it asked for one, before the site goes
    /// on. It may be handed in again.
    ///
    /// # Errors
    /// Inside: why the authority does not take it. Outside: it cannot be asked now; the store's.
    pub(crate) async fn hand_in_consent(
        &self,
        of: &Authorization,
    ) -> Result<Result<(), Refused>, Problem> {
        let Some(id) = of.request.sign_transaction.clone() else { return Ok(Ok(())) };
        match self.store(move |store| store.sign_transaction(&id)).await? {
            Some(order) => Ok(self.hand_in(&order, of).await?.map(drop)),
            None => Ok(Ok(())),
        }
    }

    /// The same, with what it led to: `None` if nothing was consented to. What the authority does not take is
    /// as good as not signed.
    async fn hand_in(
        &self,
        order: &SignTransaction,
        of: &Authorization,
    ) -> Result<Result<Option<ConsentView>, Refused>, Problem> {
        let (Content::Consent(asked), Some(signed)) = (&order.content, &order.signed) else {
            return Ok(Ok(None));
        };
        let Some(terms) = asked.terms(order, &of.transaction) else { return Ok(Ok(None)) };
        let given = GiveConsent {
            terms,
            document: of.transaction.text.clone(),
            cms: Base64(signed.signature.clone()),
        };
        let refused = match self.authority.post("/consents").json(&given).answer().await {
            Ok(view) => return Ok(Ok(Some(view))),
            Err(error) => refused_by_authority(error, &REFUSED)?,
        };
        // What the site is told once stays so: nothing counts as signed.
        let code = REFUSED.into_iter().find(|code| code.as_str() == refused.code());
        if let Some(code) = code {
            let (id, now) = (of.transaction.id.clone(), self.now());
            self.change(move |store| store.take_back(&id, code, now)).await?;
        }
        Ok(Err(refused))
    }
}

/// For what the authority refuses a consent.
const REFUSED: [Code; 7] = [
    Code::APPLICATION_CONTENT_MISMATCH,
    Code::APPLICATION_SIGNATURE_INVALID,
    Code::CERTIFICATE_EXPIRED,
    Code::CERTIFICATE_ON_HOLD,
    Code::CERTIFICATE_REVOKED,
    Code::CERTIFICATE_UNTRUSTED,
    Code::CERTIFICATE_WRONG_KIND,
];
