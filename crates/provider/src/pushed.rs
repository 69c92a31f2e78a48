//! Requests that clients push, so that no browser can change or read them (RFC 9126).

use inrou_api::problem::Code;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Provider;
use crate::authorize::registered_uri;
use crate::client_auth::Sent;
use crate::clients::{Counted, Use};
use crate::dpop::Proved;
use crate::refused::Refused;
use crate::secrets::{base64url, sha256};
use crate::store::{Pushed, Store};

/// How the names of pushed requests begin (RFC 9126 §2.2).
pub(crate) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Under which name a request was taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct Named {
    /// Its name, to be sent with the browser as `request_uri`.
    request_uri: String,
    /// For how many seconds a browser may come with it.
    expires_in: i64,
}

impl Provider {
    /// Takes a request.
    ///
    /// # Errors
    /// The client is not proven; what is wrong with the request; `client-limit-reached`.
    pub(crate) async fn push(&self, sent: Sent<'_>) -> Result<Named, Refused> {
        let endpoint = self.settings.endpoint("ext/par/request");
        let proven = self.prove_client(sent, &endpoint).await?;
        if sent.parameters.one("request_uri")?.is_some() {
            return Err(Refused::new(Code::PARAMETER_MALFORMED).with("parameter", "request_uri"));
        }
        let signed = self.signed_parameters(sent.parameters, &proven.client)?;
        let parameters = signed.as_ref().unwrap_or(sent.parameters);
        let redirect_uri = registered_uri(parameters, &proven.client)?;
        let mut request = self.read_request(parameters, &proven.client, &redirect_uri)?;
        let proved = Proved { method: "POST", endpoint: &endpoint, access_token: None };
        if let Some(proof) = self.proof(sent.headers, &proved)? {
            // RFC 9449 §10.1: either way binds the code.
            if request.dpop_jkt.as_ref().is_some_and(|jkt| *jkt != proof.jkt) {
                let reason = "`dpop_jkt` names another key";
                return Err(Refused::new(Code::DPOP_PROOF_INVALID).with("reason", reason));
            }
            self.take_proof(&proof)?;
            request.dpop_jkt = Some(proof.jkt);
        }
        let name = base64url(&self.random::<32>());
        let life = self.settings.pushed_life;
        let pushed = Pushed {
            name: sha256(name.as_bytes()),
            client: proven.client.id.clone(),
            request,
            expires: self.until(life),
        };
        let assertion = proven.assertion;
        let push = move |store: &dyn Store, one: &Use| store.push(&pushed, &assertion, one);
        self.one_more(&proven.client, Counted::LogIns, push).await?;
        Ok(Named { request_uri: format!("{PREFIX}{name}"), expires_in: life.as_secs() })
    }
}
