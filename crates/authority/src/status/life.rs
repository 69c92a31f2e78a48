//! How long a published answer or CRL speaks, and what HTTP caches are told of it.

use axum::http::HeaderValue;
use inrou_api::clock::http_date;
use inrou_pki::digest::HashAlgorithm;
use jiff::{SignedDuration, Timestamp};

/// From when to when something that was signed speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was made.
    pub this_update: Timestamp,
    /// By when there is a newer one.
    pub next_update: Timestamp,
    pub(crate) headers: Headers,
}

/// The headers that do not change while it lives, written once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) etag: HeaderValue,
    pub(crate) last_modified: HeaderValue,
    pub(crate) expires: HeaderValue,
}

impl Life {
    /// The life of what is told from others by `digest`.
    pub(super) fn new(this_update: Timestamp, next_update: Timestamp, digest: &[u8]) -> Self {
        let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let headers = Headers {
            etag: header(&format!("\"{tag}\"")),
            last_modified: http_date(this_update),
            expires: http_date(next_update),
        };
        Self { this_update, next_update, headers }
    }

    /// The life of an answer.
    pub(super) fn of(this_update: Timestamp, next_update: Timestamp, answer: &[u8]) -> Self {
        Self::new(this_update, next_update, HashAlgorithm::Sha256.digest(answer).as_bytes())
    }

    /// From when on a new one is made though nothing has changed: after half of its life. The old
    /// one still holds.
    pub fn renewed_at(&self) -> Timestamp {
        let life = self.next_update.duration_since(self.this_update);
        let half = SignedDuration::from_secs(life.as_secs() / 2);
        self.this_update.saturating_add(half).unwrap_or(self.this_update)
    }

    /// Whether it need not be renewed yet.
    pub(super) fn is_young(&self, now: Timestamp) -> bool {
        (self.this_update..self.renewed_at()).contains(&now)
    }
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
