//! A small pool of connections that read, opened when they are first needed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::{Opening, StoreError};

pub(crate) struct Readers {
    opening: Opening,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    /// How many are open, idle or not.
    open: usize,
}

impl Readers {
    pub(crate) fn new(opening: Opening) -> Self {
        Self { opening, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Reads on a connection of the pool, after waiting for one if need be.
    pub(crate) fn read<T, P>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError<P>>,
    ) -> Result<T, StoreError<P>> {
        let mut place = self.place();
        let connection = match place.connection.take() {
            Some(connection) => connection,
            None => self.opening.reader()?,
        };
        read(place.connection.insert(connection))
    }

    fn place(&self) -> Place<'_> {
        let mut state = self.lock();
        loop {
            if let Some(connection) = state.idle.pop() {
                return Place { readers: self, connection: Some(connection) };
            }
            if state.open < self.opening.readers() {
                state.open += 1;
                return Place { readers: self, connection: None };
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the pool: given back with its connection, if it came to have one.
struct Place<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.readers.lock();
        match self.connection.take() {
            Some(connection) => state.idle.push(connection),
            None => state.open -= 1,
        }
        drop(state);
        self.readers.freed.notify_one();
    }
}
