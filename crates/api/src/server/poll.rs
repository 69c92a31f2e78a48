//! Long polls: an answer that is held back until there is something to say.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::Shutdown;

/// How long a client is willing to wait for an answer, in whole seconds of real time: 0 (the default)
/// to 30, more counts as 30. For a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(from = "u32")]
#[schema(value_type = u32, maximum = 30)]
pub struct Wait(u32);

impl Wait {
    /// The bounded time.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl From<u32> for Wait {
    fn from(seconds: u32) -> Self {
        Self(seconds.min(30))
    }
}

/// Looks with `look` until it finds something, `wait` is over, or the server shuts down; looks anew
/// whenever `changes` reports a change. `None`: nothing was found.
///
/// # Errors
/// Those of `look`.
pub async fn long_poll<T, E, C, F>(
    mut changes: watch::Receiver<C>,
    wait: Duration,
    shutdown: &Shutdown,
    // Not `AsyncFnMut`: what that gives cannot be shown to be `Send`, which handlers must be.
    mut look: impl FnMut() -> F,
) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::shutdown;
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    /// Finds what `value` holds once that is not zero.
    async fn look(value: &Cell<u32>) -> Result<Option<u32>, ()> {
        Ok(Some(value.get()).filter(|&found| found != 0))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_there_is_found_at_once() {
        let (changes, (_trigger, shutdown)) = (watch::Sender::new(()), shutdown());
        let value = Cell::new(5);
        let found = long_poll(changes.subscribe(), LONG, &shutdown, async || look(&value).await);
        assert_eq!(found.await, Ok(Some(5)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_seen_without_any_time_passing() {
        let (changes, (_trigger, shutdown)) = (watch::Sender::new(()), shutdown());
        let (value, start) = (Cell::new(0), tokio::time::Instant::now());
        let found = long_poll(changes.subscribe(), LONG, &shutdown, async || look(&value).await);
        let change = async {
            tokio::task::yield_now().await;
            changes.send_replace(());
            tokio::task::yield_now().await;
            value.set(7);
            changes.send_replace(());
        };
        assert_eq!(tokio::join!(found, change).0, Ok(Some(7)));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_during_the_look_is_not_missed() {
        let (changes, (_trigger, shutdown)) = (watch::Sender::new(()), shutdown());
        let value = Cell::new(0);
        let found = long_poll(changes.subscribe(), LONG, &shutdown, async || {
            let found = look(&value).await;
            if value.replace(9) == 0 {
                changes.send_replace(());
            }
            found
        });
        assert_eq!(found.await, Ok(Some(9)));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_its_time_with_the_shutdown_and_with_the_source() {
        let (changes, (trigger, shutdown)) = (watch::Sender::new(()), shutdown());
        let nothing = || async { Ok::<Option<()>, ()>(None) };
        let start = tokio::time::Instant::now();
        let poll = || long_poll(changes.subscribe(), LONG, &shutdown, async || nothing().await);
        assert_eq!(poll().await, Ok(None));
        assert_eq!(start.elapsed(), LONG);
        let gone = watch::Sender::new(()).subscribe();
        assert_eq!(long_poll(gone, LONG, &shutdown, async || nothing().await).await, Ok(None));
        let pull = async { trigger.pull() };
        assert_eq!(tokio::join!(poll(), pull).0, Ok(None));
        assert_eq!(start.elapsed(), LONG);
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let (changes, (_trigger, shutdown)) = (watch::Sender::new(()), shutdown());
        let fail = async || Err::<Option<()>, _>("broken");
        assert_eq!(long_poll(changes.subscribe(), LONG, &shutdown, fail).await, Err("broken"));
    }

    #[test]
    fn a_wait_is_bounded() {
        assert_eq!(Wait::default().duration(), Duration::ZERO);
        assert_eq!(Wait::from(7).duration(), Duration::from_secs(7));
        assert_eq!(Wait::from(u32::MAX).duration(), LONG);
    }
}
