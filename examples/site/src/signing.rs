//! Having something signed.

use aws_lc_rs::agreement::PrivateKey;
use openidconnect::{OAuth2TokenResponse, Scope};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json;

use crate::relying_party::{ASSERTION, Failed, Person, RelyingParty, failed};

/// What the provider answers of a signature: each part encrypted to the site's key (RFC 7516).
#[derive(Deserialize)]
pub struct SignResult {
    /// A detached CMS SignedData, DER.
    pub signature_jwe: String,
    /// The signer's certificate, DER.
    pub certificate_jwe: String,
}

/// What was ordered.
#[derive(Deserialize)]
struct Ordered {
    sign_transaction_id: String,
}

impl RelyingParty {
    /// Orders the signature of a document of plain text; its name for [`ask`](RelyingParty::ask). The signer
    /// is shown it whole, and the purpose.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn order(&self, purpose: &str, document: &str) -> Result<String, Failed> {
        let known = self.known().await?;
        let call = self.caller();
        let token = self
            .client(known)?
            .exchange_client_credentials()
            .map_err(failed)?
            .add_scope(Scope::new("sign".to_owned()))
            .add_extra_param("client_assertion_type", ASSERTION)
            .add_extra_param("client_assertion", self.assertion(known)?)
            .request_async(&call)
            .await
            .map_err(failed)?;
        let order = json!({"purpose": purpose, "document": document, "expires_in": 600});
        let request = self.http.post(self.orders()).json(&order);
        let ordered: Ordered = answer(request.bearer_auth(token.access_token().secret())).await?;
        Ok(ordered.sign_transaction_id)
    }

    /// The signature that somebody made, who has come back.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn result(&self, id: &str, signer: &Person) -> Result<SignResult, Failed> {
        let request = self.http.get(format!("{}/{id}/result", self.orders()));
        answer(request.bearer_auth(signer.token.secret())).await
    }

    /// What opens it.
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn opening_key(&self) -> Result<PrivateKey, Failed> {
        self.known().await?.keys.opening().map_err(failed)
    }

    fn orders(&self) -> String {
        format!("{}/api/sign-transactions", self.ground.provider)
    }
}

async fn answer<T: serde::de::DeserializeOwned>(request: RequestBuilder) -> Result<T, Failed> {
    let answer = request.send().await.map_err(failed)?.error_for_status().map_err(failed)?;
    answer.json().await.map_err(failed)
}
