//! Who is logged in.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::portal::SessionView;

use crate::Portal;
use crate::history::entry;
use crate::secrets::sha256;
use crate::store::Session;

impl Portal {
    /// The live session of a bearer token.
    ///
    /// # Errors
    /// `login-required`; the store's.
    pub(crate) async fn session(&self, token: &str) -> Result<Session, Problem> {
        let session = self.known_session(token).await?;
        if !session.is_live(self.now()) {
            return Err(Problem::new(Code::LOGIN_REQUIRED));
        }
        if !session.used {
            let hash = session.token;
            self.change(move |store| store.use_session(&hash)).await?;
        }
        Ok(session)
    }

    /// The session of a bearer token, whether it has ended or not.
    ///
    /// # Errors
    /// `login-required`; the store's.
    pub(crate) async fn known_session(&self, token: &str) -> Result<Session, Problem> {
        let hash = sha256(token.as_bytes());
        let session = self.store(move |store| store.session(&hash)).await?;
        session.ok_or_else(|| Problem::new(Code::LOGIN_REQUIRED))
    }

    /// The resident's sessions, newest first.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn sessions(&self, asking: Session) -> Result<Vec<SessionView>, Problem> {
        let (subject, now) = (asking.subject, self.now());
        let sessions = self.store(move |store| store.sessions(&subject, now)).await?;
        let view = |session: Session| SessionView {
            current: session.id == asking.id,
            session: session.id,
            since: session.since,
            expires: session.expires,
        };
        Ok(sessions.into_iter().map(view).collect())
    }

    /// Ends one of the resident's sessions, perhaps the asking one. Repeating it changes nothing.
    ///
    /// # Errors
    /// `not-found`; the store's.
    pub(crate) async fn end_session(&self, asking: Session, id: String) -> Result<(), Problem> {
        let now = self.now();
        let code = if asking.id == id { "logged-out" } else { "session-ended" };
        let entry = entry(&asking.subject, format!("session:{id}"), now, code, "holder");
        let ended = self.change(move |store| store.end_session(&asking.subject, &id, now, &entry));
        if ended.await? { Ok(()) } else { Err(Problem::new(Code::NOT_FOUND)) }
    }
}
