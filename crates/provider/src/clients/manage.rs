//! What a developer does with a client (RFC 7591, RFC 7592).

use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};

use super::check::check;
use super::{
    Change, Client, ClientFault, ClientId, Counted, Limits, NewClient, Registration, Renewal,
    Standing, Use,
};
use crate::Provider;
use crate::secrets::{Digest, base64url, sha256};
use crate::store::{Store, StoreError, Unmet};

/// After how many seconds to come again, if too many registrations wait for people to look at them.
const PEOPLE_TAKE: i64 = 3600;

/// A client that was just registered, and what opens its registration: told once.
pub(crate) struct Registered {
    pub(crate) client: Client,
    pub(crate) token: String,
}

/// How somebody shows that a registration is one's own.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// By its token, if any came.
    Token(Option<&'a str>),
    /// The token was shown before, as a mark says that was checked.
    Before,
}

impl Shown<'_> {
    fn hash(self) -> Result<Option<Digest>, Problem> {
        match self {
            Shown::Token(token) => hash(token).map(Some),
            Shown::Before => Ok(None),
        }
    }
}

impl Provider {
    /// Registers a client.
    ///
    /// # Errors
    /// What does not hold ([`refused`]); `registrations-full`; the store's.
    pub(crate) async fn register(&self, registration: Registration) -> Result<Registered, Problem> {
        let is_approved = self.settings.approves_at_once;
        check(&registration, is_approved).map_err(refused)?;
        let token = base64url(&self.random::<32>());
        let new = NewClient {
            registration,
            is_approved,
            token: sha256(token.as_bytes()),
            at: self.now(),
            most_pending: self.settings.pending_registrations,
        };
        let client = self.change(move |store| store.register(&new)).await?.map_err(refused)?;
        Ok(Registered { client, token })
    }

    /// The client whose registration this token opens.
    ///
    /// # Errors
    /// `registration-token-invalid`, whether there is such a client or not; the store's.
    pub(crate) async fn registered(
        &self,
        id: &str,
        token: Option<&str>,
    ) -> Result<Client, Problem> {
        let (id, hash) = (ClientId::sent(id), hash(token)?);
        let found = self.store(move |store| store.opened_client(&id, &hash)).await?;
        found.ok_or_else(|| refused(ClientFault::Unknown))
    }

    /// Changes what is registered, for whoever has the token or has `shown` it. The staff approves anew what
    /// it has looked at, all but the keys.
    ///
    /// # Errors
    /// `registration-token-invalid`; what does not hold ([`refused`]); the store's.
    pub(crate) async fn renew(
        &self,
        id: &str,
        shown: Shown<'_>,
        change: Change,
    ) -> Result<Client, Problem> {
        let renewal = Renewal {
            client: ClientId::sent(id),
            token: shown.hash()?,
            change,
            is_sandbox: self.settings.approves_at_once,
            at: self.now(),
        };
        self.change(move |store| store.renew_client(&renewal)).await?.map_err(refused)
    }

    /// Forgets a client, with all that it was granted, for whoever has the token or has `shown` it.
    ///
    /// # Errors
    /// `registration-token-invalid`; the store's.
    pub(crate) async fn unregister(&self, id: &str, shown: Shown<'_>) -> Result<(), Problem> {
        let (id, hash) = (ClientId::sent(id), shown.hash()?);
        match self.change(move |store| store.remove_client(&id, hash.as_ref())).await? {
            true => Ok(()),
            false => Err(refused(ClientFault::Unknown)),
        }
    }

    /// All clients, in the order of their registration, or those that stand so.
    ///
    /// # Errors
    /// `bad-request` for a cursor that is none; the store's.
    pub(crate) async fn clients(
        &self,
        query: PageQuery,
        standing: Option<Standing>,
    ) -> Result<Page<Client>, Problem> {
        // By number, which is nobody else's when a client is gone.
        let after = query.position()?.unwrap_or(0);
        let limit = query.limit.count() + 1;
        let found = self.store(move |store| store.clients(after, standing, limit)).await?;
        Page::of(found, query.limit, |client| client.id.number()).or_internal()
    }

    /// How often a client may have residents asked.
    pub(crate) fn limits(&self, of: &Client) -> Limits {
        of.limits_in_force(self.settings.limits)
    }

    /// Changes the store by one more of what a client may have only so many.
    ///
    /// # Errors
    /// `client-limit-reached`, with the `member` of its limits and how many seconds to `wait`, which is noted
    /// in the log; the store's.
    pub(crate) async fn one_more<T: Send + 'static>(
        &self,
        client: &Client,
        what: Counted,
        act: impl FnOnce(&dyn Store, &Use) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let limits = self.limits(client);
        let one = Use { client: client.id.clone(), what, limits, at: self.now() };
        self.change(move |store| {
            let done = act(store, &one);
            if let Err(StoreError::Precondition(Unmet::LimitReached(reached))) = &done {
                store.note_limit(&one.client, *reached, one.at)?;
            }
            done
        })
        .await
    }
}

fn hash(token: Option<&str>) -> Result<Digest, Problem> {
    let token = token.ok_or_else(|| refused(ClientFault::Unknown))?;
    Ok(sha256(token.as_bytes()))
}

/// What is told of an act that was not done: `registration-invalid` with the `member` that does not hold,
/// `limits-invalid` likewise, `redirect-uri-local`, `private-key-sent`, `key-unsound` with the `reason`,
/// `key-unknown`, `registration-changed` with the present `version`, `registration-not-as-read`,
/// `registrations-full`, `registration-token-invalid`.
pub(super) fn refused(fault: ClientFault) -> Problem {
    match fault {
        ClientFault::Unknown => Problem::new(Code::REGISTRATION_TOKEN_INVALID),
        ClientFault::TooMany => Problem::new(Code::REGISTRATIONS_FULL).with("wait", PEOPLE_TAKE),
        ClientFault::Changed { version } => {
            Problem::new(Code::REGISTRATION_CHANGED).with("version", version)
        }
        ClientFault::NotTagged => Problem::new(Code::REGISTRATION_NOT_AS_READ),
        ClientFault::Member(member) => {
            Problem::new(Code::REGISTRATION_INVALID).with("member", member)
        }
        ClientFault::Limits(member) => Problem::new(Code::LIMITS_INVALID).with("member", member),
        ClientFault::Local => Problem::new(Code::REDIRECT_URI_LOCAL),
        ClientFault::PrivateKey => Problem::new(Code::PRIVATE_KEY_SENT),
        ClientFault::Key(reason) => Problem::new(Code::KEY_UNSOUND).with("reason", reason),
        ClientFault::NoSuchKey => Problem::new(Code::KEY_UNKNOWN),
    }
}
