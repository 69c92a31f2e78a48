//! The signing API: a site's server names what is to be signed, a browser brings the resident, and the
//! signature comes back encrypted to the site's own key.

mod order;
mod result;

use inrou_api::problem::Code;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Provider;
use crate::clients::{Client, ClientId};
use crate::consents::ConsentAsked;
use crate::refused::Refused;

pub(crate) use order::{Ordered, SignOrder, life, uuid};
pub(crate) use result::{SignResult, SignStatus, Stage};

/// Something that a site wants signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignTransaction {
    /// Which: a UUID (RFC 9562), of random bits.
    pub id: String,
    /// Who wants it.
    pub client: ClientId,
    /// What is signed.
    pub content: Content,
    /// What for: the resident is shown it.
    pub purpose: String,
    /// Until when it may be signed.
    pub expires: Timestamp,
    /// The log-in by which it was last asked of a resident: its transaction.
    pub asked: Option<String>,
    /// The signature, once there is one.
    pub signed: Option<Signed>,
}

/// What is signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A digest by SHA-256.
    Digest([u8; 32]),
    /// A document of text, which the resident is shown whole.
    Document(String),
    /// Consent to let the site have the latest attributes: the document follows from it.
    Consent(ConsentAsked),
}

/// A signature that was judged good.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    /// Over a digest: as the key makes it. Over a document: a detached CMS SignedData, DER.
    pub signature: Vec<u8>,
    /// The signer's certificate, DER.
    pub certificate: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// A document may have attribute values in it.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Content::Digest(_) => "Digest",
            Content::Document(_) => "Document",
            Content::Consent(_) => "Consent",
        })
    }
}

/// A certificate has attribute values in it.
impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signed({})", self.at)
    }
}

impl Provider {
    /// What a client wants signed, if it may still be.
    ///
    /// # Errors
    /// `sign-transaction-unknown`, `sign-transaction-expired`, `sign-transaction-used`; the store's.
    pub(crate) async fn to_be_signed(
        &self,
        id: &str,
        client: &Client,
    ) -> Result<SignTransaction, Refused> {
        let mut found = self.ordered_by(id, &client.id).await?;
        if found.signed.is_some() {
            // A signature that was not confirmed in time is none.
            self.asked_by(&found).await?;
            found = self.ordered_by(id, &client.id).await?;
        }
        if found.signed.is_some() {
            return Err(Refused::new(Code::SIGN_TRANSACTION_USED));
        }
        if found.expires <= self.now() {
            return Err(Refused::new(Code::SIGN_TRANSACTION_EXPIRED));
        }
        Ok(found)
    }

    /// What this client wanted signed.
    pub(crate) async fn ordered_by(
        &self,
        id: &str,
        client: &ClientId,
    ) -> Result<SignTransaction, Refused> {
        let id = id.to_owned();
        let found = self.store(move |store| store.sign_transaction(&id)).await?;
        let own = found.filter(|found| found.client == *client);
        own.ok_or_else(|| Refused::new(Code::SIGN_TRANSACTION_UNKNOWN))
    }
}
