//! A file with its writer and its readers.

use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use crate::pending::Pending;
use crate::readers::Readers;
use crate::writer::{Job, Work, Writer};
use crate::{Opening, StoreError, Unmet};

/// How much work may wait for the writer before it is said to be busy.
const QUEUE: usize = 4096;

/// A store's file, open.
///
/// Dropping it commits what was handed in, and closes the file. The file has one owner: beside it
/// lies a lock, `.lock` appended to its name, held while the file is open.
pub struct Database<P: Unmet> {
    /// `None` only while it is dropped, as `writer`.
    queue: Option<SyncSender<Box<dyn Work<P>>>>,
    readers: Option<Readers>,
    writer: Option<JoinHandle<()>>,
}

impl<P: Unmet> Database<P> {
    /// Opens a file, or makes an empty one; `prepare` is done in one transaction before anything else.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or what the medium says; `prepare`'s.
    pub fn open(
        opening: Opening,
        prepare: impl FnOnce(&Connection) -> Result<(), StoreError<P>>,
    ) -> Result<Self, StoreError<P>> {
        let lock = opening.lock()?;
        let mut connection = opening.writer()?;
        let transaction = connection.transaction()?;
        prepare(&transaction)?;
        transaction.commit()?;
        let writer = Writer::new(connection);
        let (queue, requests) = sync_channel(QUEUE);
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                writer.run(&requests);
                // Others may open the file when the writer has closed it, not before.
                drop(lock);
            })
            .map_err(StoreError::failed)?;
        Ok(Self { queue: Some(queue), readers: Some(Readers::new(opening)), writer: Some(writer) })
    }

    /// Hands in work, to be awaited: done whole, or not at all if it fails. It is done even if nobody
    /// awaits it, and may be begun more than once, the effects of every time but the last undone.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, StoreError<P>> + Send + 'static,
    ) -> Pending<T, P> {
        let (answer, pending) = Pending::new();
        let job = Box::new(Job::new(work, answer));
        let refused = match &self.queue {
            None => Some((StoreError::Closed, job as Box<dyn Work<P>>)),
            Some(queue) => match queue.try_send(job) {
                Ok(()) => None,
                Err(TrySendError::Full(job)) => Some((StoreError::Busy, job)),
                Err(TrySendError::Disconnected(job)) => Some((StoreError::Closed, job)),
            },
        };
        if let Some((error, job)) = refused {
            job.fail(error);
        }
        pending
    }

    /// Looks, on a connection of the pool, after waiting for one if need be. Sees all that was
    /// answered before. Each statement sees the file as of one moment; several do if `look` puts them
    /// into a transaction.
    ///
    /// # Errors
    /// `look`'s.
    pub fn read<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError<P>>,
    ) -> Result<T, StoreError<P>> {
        self.readers.as_ref().ok_or(StoreError::Closed)?.read(look)
    }
}

impl<P: Unmet> Drop for Database<P> {
    fn drop(&mut self) {
        // The writer closes last: the last connection carries the log over into the main file.
        self.readers = None;
        self.queue = None;
        if let Some(writer) = self.writer.take()
            // A caller woken by the writer may drop the store there and then.
            && writer.thread().id() != thread::current().id()
        {
            let _ = writer.join();
        }
    }
}
