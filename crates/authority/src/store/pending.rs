//! The answer to a unit on its way: awaited by async callers, waited for by others.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{Committed, StoreError};

/// A unit that was handed in and is not yet answered. Dropping it does not call the unit back.
#[must_use = "whether the unit was committed is known from the answer only"]
pub struct Pending {
    slot: Arc<Slot>,
}

impl Pending {
    /// A pending unit, and the answer that a store owes it.
    pub(crate) fn new() -> (Answer, Pending) {
        let slot = Arc::new(Slot::default());
        (Answer { slot: slot.clone(), given: false }, Pending { slot })
    }

    /// Blocks until the answer is there. Not for async code: await the value instead.
    ///
    /// # Errors
    /// Why the unit was not committed.
    pub fn wait(self) -> Result<Committed, StoreError> {
        let mut state = self.slot.lock();
        loop {
            if let Some(result) = state.result.take() {
                return result;
            }
            state = self.slot.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Once ready, it must be neither polled nor waited for again.
impl Future for Pending {
    type Output = Result<Committed, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.slot.lock();
        match state.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The side that answers. Dropped without an answer, it says that the store is closed.
pub(crate) struct Answer {
    slot: Arc<Slot>,
    given: bool,
}

impl Answer {
    pub(crate) fn give(mut self, result: Result<Committed, StoreError>) {
        self.settle(result);
    }

    fn settle(&mut self, result: Result<Committed, StoreError>) {
        self.given = true;
        let waker = {
            let mut state = self.slot.lock();
            state.result = Some(result);
            state.waker.take()
        };
        self.slot.ready.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.given {
            self.settle(Err(StoreError::Closed));
        }
    }
}

#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    ready: Condvar,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    result: Option<Result<Committed, StoreError>>,
    waker: Option<Waker>,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_answer_wakes_the_awaiting_caller_once() {
        let (answer, mut pending) = Pending::new();
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut pending).poll(&mut context).is_pending());
        answer.give(Err(StoreError::Full));
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        let answered = Pin::new(&mut pending).poll(&mut context);
        assert!(matches!(answered, Poll::Ready(Err(StoreError::Full))));
    }

    #[test]
    fn a_writer_that_ends_without_an_answer_closes_the_unit() {
        let (answer, pending) = Pending::new();
        drop(answer);
        assert!(matches!(pending.wait(), Err(StoreError::Closed)));
    }

    #[test]
    fn a_waiting_thread_gets_the_answer_of_another() {
        let (answer, pending) = Pending::new();
        let waiting = std::thread::spawn(|| pending.wait());
        answer.give(Ok(Committed::default()));
        assert!(waiting.join().unwrap().is_ok());
    }
}
