//! Time, as every role asks for it: an `Arc<dyn Clock>` handed in from outside.
//!
//! A clock may be turned: a sandbox's by hand, by another process even, a test's by the test. Who has
//! to act at a certain time awaits `clock.wait_until(due)` on an `Arc<dyn Clock>`, which a turned clock
//! wakes; no role lets time pass in any other way.

mod sandbox;

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

pub use sandbox::{ClockError, ClockState, SandboxClock};

/// What tells the time.
pub trait Clock: Send + Sync {
    /// The present time. Never earlier than an answer that this clock gave before.
    fn now(&self) -> Timestamp;

    /// Notices of this clock being turned, from this call on.
    fn turns(&self) -> Turns;

    /// How long, in real time, one who waits for `due` may rest before looking at the clock again,
    /// if no notice comes. `None`: until a notice comes.
    fn rest(&self, due: Timestamp) -> Option<Duration>;
}

impl dyn Clock {
    /// Waits until the clock shows `due` or later: at once if it does already, at a turn if it is
    /// turned there. May be dropped at any moment (it holds nothing).
    pub async fn wait_until(&self, due: Timestamp) {
        let mut turns = self.turns();
        while self.now() < due {
            match self.rest(due) {
                Some(rest) => {
                    // Running out is as good as a notice: the clock is looked at again.
                    let _ = tokio::time::timeout(rest, turns.next()).await;
                }
                None => turns.next().await,
            }
        }
    }
}

/// A time as HTTP's headers have it (RFC 9110 §5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(time: Timestamp) -> HeaderValue {
    let mut text = String::new();
    // A year of more than four digits has no form there.
    let written = DateTimePrinter::new().print_timestamp_rfc9110(&time, &mut text);
    let text = if written.is_ok() { text } else { String::new() };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Notices of a clock being turned.
#[derive(Debug)]
pub struct Turns(Option<watch::Receiver<()>>);

impl Turns {
    /// Waits for the next turn; forever if the clock is gone or cannot be turned.
    pub async fn next(&mut self) {
        if let Some(receiver) = &mut self.0
            && receiver.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

/// The machine's own clock, which nobody turns here. It may be set back from outside: then it stands
/// still until it has caught up.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: Mutex<Option<Timestamp>>,
}

impl SystemClock {
    /// The machine's own clock.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // The one place that reads the machine's clock.
        #[allow(clippy::disallowed_methods)]
        let read = Timestamp::now();
        let mut latest = lock(&self.latest);
        let now = latest.map_or(read, |latest| latest.max(read));
        *latest = Some(now);
        now
    }

    fn turns(&self) -> Turns {
        Turns(None)
    }

    fn rest(&self, due: Timestamp) -> Option<Duration> {
        // A suspended or newly set machine shows within this time.
        const LONGEST: Duration = Duration::from_secs(10);
        Some(remaining(self.now(), due).min(LONGEST))
    }
}

/// A clock that stands still until it is turned by hand: for tests.
#[derive(Debug)]
pub struct TestClock {
    now: watch::Sender<Timestamp>,
    turned: watch::Sender<()>,
    /// What somebody rests for.
    rests: broadcast::Sender<Timestamp>,
}

impl TestClock {
    /// A clock that shows `start`.
    pub fn at(start: Timestamp) -> Self {
        let (now, turned) = (watch::Sender::new(start), watch::Sender::new(()));
        Self { now, turned, rests: broadcast::Sender::new(64) }
    }

    /// Waits until somebody, from this call on, rests for `due`: turning the clock there wakes them.
    pub fn awaited(&self, due: Timestamp) -> impl Future<Output = ()> + use<> {
        let mut rests = self.rests.subscribe();
        async move {
            loop {
                match rests.recv().await {
                    Ok(rest) if rest == due => return,
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        }
    }

    /// Turns the clock to `time`.
    ///
    /// # Panics
    /// If that is back in time, which no clock here does.
    pub fn advance_to(&self, time: Timestamp) {
        self.now.send_modify(|now| {
            assert!(time >= *now, "a clock is never turned back");
            *now = time;
        });
        self.turned.send_replace(());
    }

    /// Turns the clock forward by `span`.
    ///
    /// # Panics
    /// If `span` is negative.
    pub fn advance_by(&self, span: SignedDuration) {
        self.advance_to(self.now() + span);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn turns(&self) -> Turns {
        Turns(Some(self.turned.subscribe()))
    }

    fn rest(&self, due: Timestamp) -> Option<Duration> {
        // Most tests do not ask who rests.
        let _ = self.rests.send(due);
        None
    }
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// From `now` to `due`; zero if `due` has passed.
fn remaining(now: Timestamp, due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now)).unwrap_or_default()
}

/// Locks, also after a thread panicked with the lock held: what the locks here guard is replaced as a
/// whole and so never half-changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn noon() -> Timestamp {
        "2026-04-01T03:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn a_time_that_has_come_is_not_waited_for() {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(noon()));
        clock.wait_until(noon()).await;
        clock.wait_until(noon() - SignedDuration::from_hours(1)).await;
    }

    #[tokio::test]
    async fn turning_the_clock_wakes_who_waits_and_only_when_the_time_has_come() {
        let clock = Arc::new(TestClock::at(noon()));
        let rests = clock.awaited(noon() + SignedDuration::from_hours(2));
        let waiting = {
            let clock: Arc<dyn Clock> = clock.clone();
            tokio::spawn(async move {
                clock.wait_until(noon() + SignedDuration::from_hours(2)).await;
                clock.now()
            })
        };
        rests.await;
        clock.advance_by(SignedDuration::from_hours(1));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance_by(SignedDuration::from_hours(1));
        assert_eq!(waiting.await.unwrap(), noon() + SignedDuration::from_hours(2));
    }

    #[test]
    #[should_panic(expected = "never turned back")]
    fn a_test_clock_is_not_turned_back() {
        TestClock::at(noon()).advance_by(SignedDuration::from_secs(-1));
    }

    #[test]
    fn the_system_clock_moves_forward_and_is_looked_at_within_ten_seconds() {
        let clock = SystemClock::new();
        let first = clock.now();
        assert!(clock.now() >= first);
        assert_eq!(
            clock.rest(first + SignedDuration::from_hours(24)),
            Some(Duration::from_secs(10))
        );
        assert_eq!(clock.rest(first), Some(Duration::ZERO));
    }
}
