//! What a developer does with a client that is registered (RFC 7592), and what the staff decides (REG-4).

use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Client, ClientId, Registration, Standing, check};
use crate::Provider;
use crate::secrets::{base64url, sha256};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// A client that was just registered, and what opens its registration: told once.
pub(crate) struct Registered {
    pub(crate) client: Client,
    pub(crate) token: String,
}

/// What the staff decides about a client.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"standing": "suspended", "reason": "The site answers no more."}))]
pub(crate) struct Approval {
    /// `approved` or `suspended`.
    pub standing: Standing,
    /// Why, for its developer: at most 500 characters. Needed for `suspended`.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Provider {
    /// Registers a client.
    ///
    /// # Errors
    /// `registration-invalid`, with the `member` that does not hold; `redirect-uri-local`; the store's.
    pub(crate) async fn register(&self, registration: Registration) -> Result<Registered, Problem> {
        check::check(&registration, self.settings.approves_at_once)?;
        let standing = match self.settings.approves_at_once {
            true => Standing::Approved,
            false => Standing::Pending,
        };
        let token = base64url(&self.random::<32>());
        let hash = sha256(token.as_bytes());
        let registered =
            move |store: &dyn crate::store::Store| store.register(&registration, standing, &hash);
        Ok(Registered { client: self.change(registered).await?, token })
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
        let refused = || Problem::new(Code::REGISTRATION_TOKEN_INVALID);
        let (id, hash) = (ClientId::sent(id), sha256(token.ok_or_else(refused)?.as_bytes()));
        let found = self.store(move |store| store.opened_client(&id, &hash)).await?;
        found.ok_or_else(refused)
    }

    /// Replaces what is registered. The staff approves anew what it has looked at, all but the keys.
    ///
    /// # Errors
    /// `registration-invalid`, `redirect-uri-local`; the store's.
    pub(crate) async fn register_anew(
        &self,
        client: Client,
        registration: Registration,
    ) -> Result<Client, Problem> {
        check::check(&registration, self.settings.approves_at_once)?;
        let was = Registration { jwks: registration.jwks.clone(), ..client.registration };
        let standing = match client.standing {
            Standing::Approved if was != registration && !self.settings.approves_at_once => {
                Standing::Pending
            }
            standing => standing,
        };
        let changed = Client { registration, standing, ..client };
        let kept = changed.clone();
        self.change(move |store| store.change_client(&kept)).await?;
        Ok(changed)
    }

    /// Forgets a client, with all that it was granted.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn unregister(&self, client: Client) -> Result<(), Problem> {
        self.change(move |store| store.remove_client(&client.id)).await
    }

    /// All clients, in the order of their registration.
    ///
    /// # Errors
    /// `bad-request` for a cursor that is none; the store's.
    pub(crate) async fn clients(&self, query: PageQuery) -> Result<Page<Client>, Problem> {
        let after: Option<String> = query.position()?;
        let limit = query.limit.count() + 1;
        let after = after.unwrap_or_default();
        let found = self.store(move |store| store.clients(&after, limit)).await?;
        Page::of(found, query.limit, |client| client.id.as_str().to_owned()).or_internal()
    }

    /// What the staff decides about a client.
    ///
    /// # Errors
    /// `client-unknown`, `approval-invalid`; the store's.
    pub(crate) async fn decide(&self, id: &str, approval: Approval) -> Result<Client, Problem> {
        let Approval { standing, reason } = approval;
        let reason = reason.map(|reason| reason.trim().to_owned());
        let reason = reason.filter(|reason| !reason.is_empty());
        let says_why = reason.as_ref().map_or(standing == Standing::Approved, |reason| {
            reason.chars().count() <= LONGEST_REASON
        });
        if standing == Standing::Pending || !says_why {
            return Err(Problem::new(Code::APPROVAL_INVALID));
        }
        let client = self.client(&ClientId::sent(id)).await?;
        let client = client.ok_or_else(|| Problem::new(Code::CLIENT_UNKNOWN))?;
        let decided = Client { standing, reason, ..client };
        let kept = decided.clone();
        self.change(move |store| store.change_client(&kept)).await?;
        Ok(decided)
    }
}
