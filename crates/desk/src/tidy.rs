//! What is over is forgotten, whether or not anybody comes.

use std::sync::Arc;

use inrou_api::server::Shutdown;
use jiff::{SignedDuration, Timestamp};

use crate::Desk;

/// How long what is over is remembered: a page that comes after a sign-in's end says so.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// How often it is looked for.
const EVERY: SignedDuration = SignedDuration::from_mins(10);

impl Desk {
    /// Forgets what is over, from time to time, until the shutdown.
    pub async fn tidy(self: Arc<Self>, told: Shutdown) {
        loop {
            let before = self.now().saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
            if let Err(problem) = self.store(move |store| store.forget(before)).await {
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
