//! The issuers that a validator trusts, and how it learns of those that come later.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use inrou_api::client::Client;
use inrou_pki::path::TrustAnchors;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::{Invalid, anchors};

/// At most once in this time is looked whether there is a new issuer, whatever certificates come in.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(1);

/// After a try that failed, at most once in this time: whoever waits may come again soon, and an authority that
/// is starting is not asked for each certificate.
const BETWEEN_TRIES: SignedDuration = SignedDuration::from_secs(1);

/// The trusted issuers: a list that stays, or the one that an authority publishes.
///
/// An issuer gets a new key every few years, under the same name. Who trusts the authority itself, as
/// its own portal does, takes the new certificate from there when the first certificate of an unknown
/// issuer comes in; everyone else is told of it in other ways and hands in a list.
pub struct Issuers {
    known: RwLock<Arc<TrustAnchors>>,
    published: Option<Published>,
}

struct Published {
    authority: Client,
    path: &'static str,
    /// When it was last asked. Who asks holds the lock, so that the others wait for the answer.
    asked: Mutex<Option<Asked>>,
}

/// When it was asked, and whether it answered.
#[derive(Clone, Copy)]
struct Asked {
    at: Timestamp,
    answered: bool,
}

impl Issuers {
    /// The issuers that the authority publishes at `/ca/anchors.pem` below the address of `authority`;
    /// asked for when they are first needed. The connection is what vouches for them: TLS, or
    /// loopback.
    pub fn published_by(authority: Client) -> Self {
        Self::published_at(authority, "/ca/anchors.pem")
    }

    /// The issuers that a time-stamp authority publishes at `/timestamps/anchors.pem` below the address of
    /// `authority`, in the same way.
    pub fn of_time_stamps(authority: Client) -> Self {
        Self::published_at(authority, "/timestamps/anchors.pem")
    }

    /// The issuers of seals that are published at `/seals/anchors.pem` below the address of `authority`, in
    /// the same way.
    pub fn of_seals(authority: Client) -> Self {
        Self::published_at(authority, "/seals/anchors.pem")
    }

    fn published_at(authority: Client, path: &'static str) -> Self {
        Self {
            published: Some(Published { authority, path, asked: Mutex::default() }),
            ..Self::from(TrustAnchors::default())
        }
    }

    /// Those known at present.
    pub fn known(&self) -> Arc<TrustAnchors> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks for issuers that are not in `seen`, and says whether there are any.
    ///
    /// # Errors
    /// [`Invalid::IssuersUnavailable`]; what is known stays.
    pub(crate) async fn renew(
        &self,
        seen: &Arc<TrustAnchors>,
        now: Timestamp,
    ) -> Result<bool, Invalid> {
        let Some(published) = &self.published else { return Ok(false) };
        let mut asked = published.asked.lock().await;
        if !Arc::ptr_eq(&self.known(), seen) {
            // Somebody else has looked meanwhile.
            return Ok(true);
        }
        let lately = |asked: Asked, pause| now.duration_since(asked.at) < pause;
        match *asked {
            Some(then) if !then.answered && lately(then, BETWEEN_TRIES) => {
                return Err(Invalid::IssuersUnavailable);
            }
            Some(then) if then.answered && lately(then, BETWEEN_LOOKS) => return Ok(false),
            _ => {}
        }
        let found = published.fetch().await;
        *asked = Some(Asked { at: now, answered: found.is_ok() });
        let found = found.map_err(|error| {
            tracing::warn!(%error, "the trust anchors could not be renewed");
            Invalid::IssuersUnavailable
        })?;
        if found.certificates() == seen.certificates() {
            return Ok(false);
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
        Ok(true)
    }
}

impl Published {
    async fn fetch(&self) -> Result<TrustAnchors, Box<dyn std::error::Error + Send + Sync>> {
        let pem = self.authority.get(self.path).bytes().await?;
        Ok(anchors::from_bytes(&pem)?)
    }
}

impl From<TrustAnchors> for Issuers {
    fn from(anchors: TrustAnchors) -> Self {
        Self { known: RwLock::new(Arc::new(anchors)), published: None }
    }
}

impl fmt::Debug for Issuers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Issuers").field(&self.known()).finish()
    }
}
