//! What is over is forgotten, whether or not anybody comes.

use std::sync::Arc;

use inrou_api::server::Shutdown;
use jiff::{SignedDuration, Timestamp};

use crate::Provider;
use crate::store::Forgotten;

/// How long what is over is remembered: a page may still ask how a log-in ended.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// How often it is looked for.
const EVERY: SignedDuration = SignedDuration::from_mins(10);

impl Provider {
    /// Forgets what is over, from time to time, until the shutdown.
    pub async fn tidy(self: Arc<Self>, told: Shutdown) {
        loop {
            let now = self.now();
            let before = |span| now.saturating_sub(span).unwrap_or(Timestamp::MIN);
            let (ended, events) = (before(REMEMBERED), before(self.settings.events_life));
            let unapproved = before(self.settings.pending_life);
            let forgotten = Forgotten { now, ended, events, unapproved };
            if let Err(problem) = self.store(move |store| store.forget(forgotten)).await {
                tracing::warn!(code = problem.code(), "what is over could not be forgotten");
            }
            let next = self.until(EVERY);
            tokio::select! {
                () = self.clock.wait_until(next) => {}
                () = told.triggered() => return,
            }
        }
    }
}
