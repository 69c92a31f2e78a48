//! Who is logged in.

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::portal::SessionView;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::certificate::Certificate;
use jiff::Timestamp;

use crate::Portal;
use crate::history::entry;
use crate::secrets::sha256;
use crate::store::{Session, Store};

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

    /// The session as it stands now.
    ///
    /// # Errors
    /// `login-required` if it is over; the store's.
    pub(crate) async fn still_live(&self, session: &Session) -> Result<Session, Problem> {
        let token = session.token;
        let found = self.store(move |store| store.session(&token)).await?;
        let live = found.filter(|found| found.is_live(self.now()));
        live.ok_or_else(|| Problem::new(Code::LOGIN_REQUIRED))
    }

    /// Has a session last as long as a new one would, if the certificate that logged in is still good;
    /// at most as long in all as is set. Gives it as it stands afterwards.
    ///
    /// # Errors
    /// `login-required` if it is over; why the certificate is no longer good, and then it is over;
    /// `status-unavailable`; the store's.
    pub(crate) async fn extend_session(&self, session: Session) -> Result<Session, Problem> {
        let (now, latest) = (self.now(), self.latest_end(&session));
        let certificate = Certificate::from_der(&session.certificate).or_internal()?;
        let judged = self.validator.validate(&certificate, now, Purpose::LogIn).await;
        if let Err(invalid) = judged {
            if !invalid.may_pass() {
                let id = session.id.clone();
                self.end_session(session, id).await?;
            }
            return Err(invalid.into());
        }
        let expires = self.until(self.settings.session_life).min(latest);
        let extend = move |store: &dyn Store| store.extend_session(&session.token, now, expires);
        let extended = self.change(extend).await?;
        extended.ok_or_else(|| Problem::new(Code::LOGIN_REQUIRED))
    }

    /// When a session ends however often it is extended.
    pub(crate) fn latest_end(&self, session: &Session) -> Timestamp {
        let longest = self.settings.session_longest;
        session.since.saturating_add(longest).unwrap_or(Timestamp::MAX)
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
            origin: session.origin,
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
