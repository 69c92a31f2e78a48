//! The keys of the roles that are set up, and the nonces of their requests.

use std::sync::Arc;

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::signature::{KeyDirectory, NonceStore};
use inrou_pki::PublicKey;
use jiff::Timestamp;

use crate::Portal;

/// The keys of the roles that are set up.
pub(crate) struct Keys(pub(crate) Arc<Portal>);

impl KeyDirectory for Keys {
    async fn find(&self, key_id: &str) -> Result<Option<PublicKey>, Problem> {
        let name = key_id.strip_prefix("role:");
        let caller = name.and_then(|name| self.0.settings.callers.get(name));
        let caller = caller.ok_or_else(|| Problem::new(Code::CALLER_UNKNOWN))?;
        caller.public_key().or_internal().map(Some)
    }
}

/// The store's memory of nonces: it outlives a restart.
pub(crate) struct Nonces(pub(crate) Arc<Portal>);

impl NonceStore for Nonces {
    async fn take(
        &self,
        key_id: &str,
        nonce: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Problem> {
        let (key_id, nonce) = (key_id.to_owned(), nonce.to_owned());
        let taken = self.0.store(move |store| store.take_nonce(&key_id, &nonce, now, until));
        taken.await
    }
}
