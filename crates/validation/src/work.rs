//! Work that takes a processor: so much at a time, so much that waits, and no longer than so.

use std::sync::Arc;
use std::time::Duration;

use inrou_api::problem::{Code, Problem};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Settings;

/// Where work is done, away from the threads that talk to clients.
pub(crate) struct Work {
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    patience: Duration,
}

/// A place among the requests that are under way.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Work {
    pub(crate) fn new(settings: &Settings) -> Self {
        let workers = settings.workers.get();
        // More than a semaphore can count is as good as any number.
        let places = workers.saturating_add(settings.waiting).min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            workers: Arc::new(Semaphore::new(workers.min(Semaphore::MAX_PERMITS))),
            patience: settings.patience.unsigned_abs(),
        }
    }

    /// Takes a place, before anything of a request is read.
    ///
    /// # Errors
    /// `validation-busy`.
    pub(crate) fn admit(&self) -> Result<Place, Problem> {
        let place = self.places.clone().try_acquire_owned();
        place
            .map(|permit| Place { _permit: permit })
            .map_err(|_| Problem::new(Code::VALIDATION_BUSY))
    }

    /// Does it. Work that was begun goes on to its own end when nobody waits any more, and has its place until
    /// then: what is abandoned is bounded like everything else.
    ///
    /// # Errors
    /// `validation-timed-out`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let workers = self.workers.clone();
        let done = async move {
            let worker = workers.acquire_owned().await.map_err(Problem::internal)?;
            let work = move || {
                let done = work();
                drop((place, worker));
                done
            };
            tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
        };
        match tokio::time::timeout(self.patience, done).await {
            Ok(done) => done,
            Err(_) => Err(Problem::new(Code::VALIDATION_TIMED_OUT)),
        }
    }
}

#[cfg(test)]
impl Work {
    /// Keeps a worker from everybody else.
    pub(crate) async fn take_worker(&self) -> OwnedSemaphorePermit {
        self.workers.clone().acquire_owned().await.unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::mpsc::channel;

    use jiff::SignedDuration;

    use super::*;

    fn work(waiting: usize, patience: SignedDuration) -> Work {
        Work::new(&Settings { workers: NonZeroUsize::MIN, waiting, patience })
    }

    #[tokio::test]
    async fn what_no_longer_fits_is_refused_at_once_and_a_place_that_is_left_is_taken_again() {
        let work = work(1, SignedDuration::from_hours(1));
        let (first, second) = (work.admit().unwrap(), work.admit().unwrap());
        assert!(work.admit().err().unwrap().is(Code::VALIDATION_BUSY));
        assert_eq!(work.run(first, || 1).await.unwrap(), 1);
        drop(second);
        let again = [work.admit(), work.admit()];
        assert!(again.iter().all(Result::is_ok) && work.admit().is_err());
    }

    #[tokio::test]
    async fn work_that_is_given_up_keeps_its_place_until_it_ends() {
        let work = work(1, SignedDuration::ZERO);
        let (end, ended) = channel::<()>();
        let place = work.admit().unwrap();
        let given_up = work.run(place, move || ended.recv().is_ok()).await;
        assert!(given_up.unwrap_err().is(Code::VALIDATION_TIMED_OUT));
        let waiting = work.admit().unwrap();
        assert!(work.admit().is_err());
        // What waits is given up as well, and is not begun.
        assert!(work.run(waiting, || ()).await.is_err());
        drop(end);
        while work.places.available_permits() < 2 {
            tokio::task::yield_now().await;
        }
    }
}
