//! ID tokens that come back, to say who is meant (OpenID Connect Core §3.1.2.1, RP-Initiated Logout 1.0).

use serde::Deserialize;

use crate::Provider;
use crate::clients::ClientId;
use crate::jwt::Fault;

/// Whom an ID token of this provider is about, and for whom it was made.
pub(crate) struct Hinted {
    /// For this client.
    pub(crate) client: ClientId,
    /// What that client calls the person.
    pub(crate) subject: String,
}

#[derive(Clone, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
}

impl Provider {
    /// Reads an ID token that was given here, however long ago.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn hinted(&self, id_token: &str) -> Result<Hinted, Fault> {
        let Claims { iss, aud, sub } = self.issuer.verify(id_token)?;
        match iss == self.settings.issuer() {
            true => Ok(Hinted { client: ClientId::sent(&aud), subject: sub }),
            false => Err("`iss`"),
        }
    }
}
