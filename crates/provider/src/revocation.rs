//! Tokens that are given back (RFC 7009).

use inrou_api::problem::Code;

use crate::Provider;
use crate::client_auth::Sent;
use crate::refused::Refused;
use crate::secrets::sha256;
use crate::store::Revocation;

impl Provider {
    /// Takes a token back. One that nobody knows is as good as taken back (RFC 7009 §2.2).
    ///
    /// # Errors
    /// The client is not proven; `token-of-another-client`; the store's.
    pub(crate) async fn give_back(&self, sent: Sent<'_>) -> Result<(), Refused> {
        let proven = self.prove_client(sent, &self.settings.endpoint("revoke")).await?;
        let revocation = Revocation {
            token: sha256(sent.parameters.needed("token")?.as_bytes()),
            client: proven.client.id,
            assertion: proven.assertion,
            at: self.now(),
        };
        match self.change(move |store| store.revoke(&revocation)).await? {
            true => Ok(()),
            false => Err(Refused::new(Code::TOKEN_OF_ANOTHER_CLIENT)),
        }
    }
}
