//! A site asks that somebody be logged out (OpenID Connect RP-Initiated Logout 1.0).

use inrou_api::problem::{Code, Problem};
use url::Url;

use crate::Provider;
use crate::clients::{Client, ClientId};
use crate::parameters::Parameters;
use crate::refused::Refused;
use crate::secrets::Digest;

/// A request to log out that holds.
pub(crate) struct LogOut {
    /// Of which site; of all, if none is named.
    pub(crate) client: Option<Client>,
    /// Where the browser goes afterwards, with the site's `state`.
    pub(crate) back: Option<Url>,
}

impl Provider {
    /// Reads a request. Where it does not hold, nobody is led anywhere (§4).
    ///
    /// # Errors
    /// `log-out-invalid`, `client-unknown`, `parameter-repeated`; the store's.
    pub(crate) async fn read_log_out(&self, parameters: &Parameters) -> Result<LogOut, Problem> {
        self.read_log_out_or(parameters).await.map_err(Refused::into_problem)
    }

    async fn read_log_out_or(&self, parameters: &Parameters) -> Result<LogOut, Refused> {
        parameters.check_each_once()?;
        let hinted = match parameters.one("id_token_hint")? {
            // It may have expired: who logs out may have been logged in for long (§4).
            Some(hint) => Some(self.hinted(hint).map_err(invalid)?.client),
            None => None,
        };
        let named = parameters.one("client_id")?.map(ClientId::sent);
        if hinted.is_some() && named.is_some() && hinted != named {
            return Err(invalid("`id_token_hint` was given to another client"));
        }
        let client = match hinted.or(named) {
            Some(id) => {
                let client = self.client(&id).await?;
                Some(client.ok_or_else(|| Refused::new(Code::CLIENT_UNKNOWN))?)
            }
            None => None,
        };
        let back = match (parameters.one("post_logout_redirect_uri")?, &client) {
            (Some(uri), Some(client)) => {
                let registered = &client.registration.post_logout_redirect_uris;
                if !registered.iter().any(|known| known == uri) {
                    return Err(invalid("`post_logout_redirect_uri` is not registered"));
                }
                let mut back =
                    Url::parse(uri).map_err(|_| invalid("`post_logout_redirect_uri`"))?;
                if let Some(state) = parameters.one("state")? {
                    back.query_pairs_mut().append_pair("state", state);
                }
                Some(back)
            }
            // §2: whose address it is must be known.
            _ => None,
        };
        Ok(LogOut { client, back })
    }

    /// Ends a browser's log-ins, to one client or to all.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn log_out(
        &self,
        browser: Digest,
        client: Option<ClientId>,
    ) -> Result<(), Problem> {
        let now = self.now();
        self.change(move |store| store.log_out(&browser, client.as_ref(), now)).await
    }
}

fn invalid(reason: &'static str) -> Refused {
    Refused::new(Code::LOG_OUT_INVALID).with("reason", reason)
}
