//! Long polls: an answer that is held back until there is something to say.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use utoipa::IntoParams;

use super::Shutdown;

/// How long a client is willing to wait for an answer; for [`super::Query`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Seconds of real time, 0 (the default) to 30; more counts as 30.
    #[serde(default)]
    pub wait: u32,
}

impl Wait {
    /// The bounded time.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.wait.min(30).into())
    }
}

/// Looks with `look` until it finds something, `wait` is over, or the server shuts down; looks anew
/// whenever `changes` reports a change. `None`: nothing was found.
///
/// # Errors
/// Those of `look`.
pub async fn long_poll<T, E, C>(
    mut changes: watch::Receiver<C>,
    wait: Duration,
    shutdown: &Shutdown,
    mut look: impl AsyncFnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let end = tokio::time::sleep(wait);
    tokio::pin!(end);
    loop {
        changes.mark_unchanged();
        let found = look().await?;
        if found.is_some() {
            return Ok(found);
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(None) },
            () = &mut end => return Ok(None),
            () = shutdown.triggered() => return Ok(None),
        }
    }
}
