//! The one thread that writes. It commits in groups: whatever has queued up goes into one
//! transaction, and is answered when the whole is durable. If work of a group is refused, the group is
//! done again, each piece in a savepoint of its own.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;

use crate::pending::Answer;
use crate::{StoreError, Unmet};

/// The most work in a group: bounds how long the first waits for the last.
const GROUP: usize = 256;

/// Work to be committed, and whom to answer.
pub(crate) trait Work<P>: Send {
    /// Does it, undoing nothing: what it came to is kept until it is answered.
    fn work(&mut self, connection: &Connection) -> Result<(), StoreError<P>>;

    /// Answers with what it came to last.
    fn succeed(self: Box<Self>);

    /// Answers that it was not done.
    fn fail(self: Box<Self>, error: StoreError<P>);
}

/// Work that comes to a `T`.
pub(crate) struct Job<T, P, F> {
    work: F,
    done: Option<T>,
    answer: Answer<T, P>,
}

impl<T, P, F> Job<T, P, F> {
    pub(crate) fn new(work: F, answer: Answer<T, P>) -> Self {
        Self { work, done: None, answer }
    }
}

impl<T, P, F> Work<P> for Job<T, P, F>
where
    T: Send,
    P: Unmet,
    F: FnMut(&Connection) -> Result<T, StoreError<P>> + Send,
{
    fn work(&mut self, connection: &Connection) -> Result<(), StoreError<P>> {
        self.done = Some((self.work)(connection)?);
        Ok(())
    }

    fn succeed(self: Box<Self>) {
        let Self { done, answer, work: _ } = *self;
        if let Some(done) = done {
            answer.give(Ok(done));
        }
    }

    fn fail(self: Box<Self>, error: StoreError<P>) {
        self.answer.give(Err(error));
    }
}

type Group<P> = [Box<dyn Work<P>>];

pub(crate) struct Writer<P> {
    connection: Connection,
    /// Why the medium is no longer to be trusted: after a failed sync nobody knows what is durable,
    /// and nothing may be built on it.
    failure: Option<StoreError<P>>,
}

impl<P: Unmet> Writer<P> {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, failure: None }
    }

    /// Commits what comes through the queue until its other end is dropped and it is empty.
    pub(crate) fn run(mut self, queue: &Receiver<Box<dyn Work<P>>>) {
        while let Ok(first) = queue.recv() {
            let group = std::iter::once(first).chain(queue.try_iter()).take(GROUP).collect();
            self.commit(group);
        }
    }

    /// Commits a group, and answers it.
    pub(crate) fn commit(&mut self, mut group: Vec<Box<dyn Work<P>>>) {
        let results = match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => self.try_commit(&mut group),
        };
        let results = results.unwrap_or_else(|error| {
            // Without effect where the transaction is gone already.
            let _ = self.connection.execute_batch("ROLLBACK");
            if matches!(error, StoreError::Failed(_)) {
                self.failure = Some(error.clone());
            }
            vec![Err(error); group.len()]
        });
        for (work, result) in group.into_iter().zip(results) {
            match result {
                Ok(()) => work.succeed(),
                Err(error) => work.fail(error),
            }
        }
    }

    /// Commits a group. Fails if nothing of it was committed for a reason that no piece of it gave.
    fn try_commit(&self, group: &mut Group<P>) -> Result<Vec<Outcome<P>>, StoreError<P>> {
        self.execute("BEGIN IMMEDIATE")?;
        // A savepoint copies every page that its work touches, and work is seldom refused.
        let together = group.iter_mut().try_for_each(|work| work.work(&self.connection));
        let results = match together {
            Ok(()) => group.iter().map(|_| Ok(())).collect(),
            Err(error @ StoreError::Failed(_)) => return Err(error),
            Err(_) => {
                if !self.connection.is_autocommit() {
                    self.execute("ROLLBACK")?;
                }
                self.execute("BEGIN IMMEDIATE")?;
                self.do_apart(group)?
            }
        };
        self.execute("COMMIT")?;
        Ok(results)
    }

    /// Does each piece of a group in a savepoint of its own.
    fn do_apart(&self, group: &mut Group<P>) -> Result<Vec<Outcome<P>>, StoreError<P>> {
        let mut results = Vec::with_capacity(group.len());
        for work in group {
            self.execute("SAVEPOINT work")?;
            let result = work.work(&self.connection);
            if let Err(error) = &result {
                if matches!(error, StoreError::Failed(_)) || self.connection.is_autocommit() {
                    return Err(error.clone());
                }
                self.execute("ROLLBACK TO work")?;
            }
            self.execute("RELEASE work")?;
            results.push(result);
        }
        Ok(results)
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError<P>> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// What became of one piece of a group.
type Outcome<P> = Result<(), StoreError<P>>;

#[cfg(test)]
mod tests;
