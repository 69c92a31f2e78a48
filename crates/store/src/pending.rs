//! The answer to work on its way: awaited by async callers, waited for by others.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::StoreError;

/// Work that was handed in and is not yet answered. Dropping it does not call the work back.
#[must_use = "whether it was committed is known from the answer only"]
pub struct Pending<T, P> {
    slot: Arc<Slot<T, P>>,
}

impl<T, P> Pending<T, P> {
    /// Pending work, and the answer that a store owes it.
    pub(crate) fn new() -> (Answer<T, P>, Self) {
        let slot = Arc::new(Slot {
            state: Mutex::new(State { result: None, waker: None }),
            ready: Condvar::new(),
        });
        (Answer { slot: slot.clone(), given: false }, Self { slot })
    }

    /// Blocks until the answer is there. Not for async code: await the value instead.
    ///
    /// # Errors
    /// Why it was not committed.
    pub fn wait(self) -> Result<T, StoreError<P>> {
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
impl<T, P> Future for Pending<T, P> {
    type Output = Result<T, StoreError<P>>;

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
pub(crate) struct Answer<T, P> {
    slot: Arc<Slot<T, P>>,
    given: bool,
}

impl<T, P> Answer<T, P> {
    pub(crate) fn give(mut self, result: Result<T, StoreError<P>>) {
        self.settle(result);
    }

    fn settle(&mut self, result: Result<T, StoreError<P>>) {
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

impl<T, P> Drop for Answer<T, P> {
    fn drop(&mut self) {
        if !self.given {
            self.settle(Err(StoreError::Closed));
        }
    }
}

struct Slot<T, P> {
    state: Mutex<State<T, P>>,
    ready: Condvar,
}

impl<T, P> Slot<T, P> {
    fn lock(&self) -> MutexGuard<'_, State<T, P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State<T, P> {
    result: Option<Result<T, StoreError<P>>>,
    waker: Option<Waker>,
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    fn pending() -> (Answer<(), Infallible>, Pending<(), Infallible>) {
        Pending::new()
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_answer_wakes_the_awaiting_caller_once() {
        let (answer, mut pending) = pending();
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
    fn a_writer_that_ends_without_an_answer_is_closed() {
        let (answer, pending) = pending();
        drop(answer);
        assert!(matches!(pending.wait(), Err(StoreError::Closed)));
    }

    #[test]
    fn a_waiting_thread_gets_the_answer_of_another() {
        let (answer, pending) = pending();
        let waiting = std::thread::spawn(|| pending.wait());
        answer.give(Ok(()));
        assert!(waiting.join().unwrap().is_ok());
    }
}
