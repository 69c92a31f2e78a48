//! Who is at a site: sessions in memory, by cookie.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use inrou_api::problem::Problem;
use inrou_web::cookies::{self, SetCookie};
use jiff::{SignedDuration, Timestamp};

use crate::ground::Ground;
use crate::relying_party::Begun;

/// For how long a log-in may take, and a visit may last if it is not said otherwise.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// How many there are at a time; the oldest makes room.
const MOST: usize = 10_000;

/// Who is at the site. `T` is what the site knows of a visitor who is logged in.
pub struct Visitors<T> {
    ground: Ground,
    cookie: &'static str,
    /// For how long somebody is known who does nothing.
    idle: SignedDuration,
    sessions: Mutex<BTreeMap<String, Session<T>>>,
}

struct Session<T> {
    until: Timestamp,
    stage: Stage<T>,
}

enum Stage<T> {
    LoggingIn(Begun),
    LoggedIn(T),
}

impl<T: Clone> Visitors<T> {
    /// Nobody yet. The cookie's name begins with `__Host-`.
    pub fn new(ground: Ground, cookie: &'static str) -> Self {
        Self { ground, cookie, idle: LIFE, sessions: Mutex::default() }
    }

    /// The same, but whoever is logged in is forgotten after doing nothing for so long: at most half an hour.
    #[must_use]
    pub fn forgotten_after(self, idle: SignedDuration) -> Self {
        Self { idle, ..self }
    }

    /// Somebody begins to log in.
    ///
    /// # Errors
    /// `internal-error`.
    pub fn begin(&self, begun: Begun) -> Result<SetCookie, Problem> {
        self.enter(Stage::LoggingIn(begun), LIFE)
    }

    /// What somebody began who comes back: once. Who is logged in began nothing, and stays so.
    pub fn begun(&self, headers: &HeaderMap) -> Option<Begun> {
        if self.who(headers).is_some() {
            return None;
        }
        match self.take(headers)? {
            Stage::LoggingIn(begun) => Some(begun),
            Stage::LoggedIn(_) => None,
        }
    }

    /// Somebody is logged in, under a cookie that nobody knew before.
    ///
    /// # Errors
    /// `internal-error`.
    pub fn admit(&self, who: T) -> Result<SetCookie, Problem> {
        self.enter(Stage::LoggedIn(who), self.idle)
    }

    /// Changes what is known of somebody who is logged in, which puts off when it is forgotten. `None` if
    /// nobody is.
    pub fn change<R>(&self, headers: &HeaderMap, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let now = self.ground.clock.now();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get_mut(cookies::read(headers, self.cookie)?)?;
        match &mut session.stage {
            Stage::LoggedIn(who) if session.until > now => {
                session.until = now.saturating_add(self.idle).unwrap_or(Timestamp::MAX);
                Some(change(who))
            }
            _ => None,
        }
    }

    /// Who that is, if somebody is logged in.
    pub fn who(&self, headers: &HeaderMap) -> Option<T> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(cookies::read(headers, self.cookie)?)?;
        match &session.stage {
            Stage::LoggedIn(who) if session.until > self.ground.clock.now() => Some(who.clone()),
            _ => None,
        }
    }

    /// Logs out.
    ///
    /// # Errors
    /// `internal-error`.
    pub fn leave(&self, headers: &HeaderMap) -> Result<SetCookie, Problem> {
        self.take(headers);
        cookies::clear(self.cookie)
    }

    fn enter(&self, stage: Stage<T>, life: SignedDuration) -> Result<SetCookie, Problem> {
        let (id, now) = (self.ground.random(), self.ground.clock.now());
        let until = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.until > now);
        if sessions.len() >= MOST {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.until);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                sessions.remove(&oldest);
            }
        }
        let cookie = cookies::set(self.cookie, &id, LIFE)?;
        sessions.insert(id, Session { until, stage });
        Ok(cookie)
    }

    fn take(&self, headers: &HeaderMap) -> Option<Stage<T>> {
        let id = cookies::read(headers, self.cookie)?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.remove(id)?;
        (session.until > self.ground.clock.now()).then_some(session.stage)
    }
}
