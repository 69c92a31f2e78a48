//! What is done with a registration, and what comes of it: pure, so that the store decides each act on what
//! is there at that moment.

use jiff::Timestamp;

use super::check::check;
use super::keys::KeyFault;
use super::{Client, ClientId, Keys, Limits, Registration, Standing};
use crate::secrets::Digest;

/// A client that is to be registered.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// What is registered of it.
    pub registration: Registration,
    /// Whether it may ask residents at once.
    pub is_approved: bool,
    /// SHA-256 of what opens the registration.
    pub token: Digest,
    /// When.
    pub at: Timestamp,
    /// How many registrations may wait for a decision at a time.
    pub most_pending: usize,
}

/// What a site changes of its own registration.
#[derive(Clone, Debug)]
pub enum Change {
    /// All of it, if it is still what was seen, where that is named.
    Whole(Box<Registration>, Option<Seen>),
    /// A key comes beside the others.
    KeyAdded(Keys),
    /// The key of that name, or of that thumbprint, goes.
    KeyRemoved(String),
}

/// What somebody who changes a registration saw of it.
#[derive(Clone, Debug)]
pub enum Seen {
    /// This version.
    Version(u64),
    /// What has one of these entity tags, as they are sent (RFC 9110 §13.1.1).
    Tagged(Vec<String>),
}

/// A change of a registration by whoever has its token, or has shown it.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// Whose.
    pub client: ClientId,
    /// SHA-256 of what opens the registration; `None` if it was shown before.
    pub token: Option<Digest>,
    /// What is changed.
    pub change: Change,
    /// Whether it is a sandbox, where changes need nobody's approval.
    pub is_sandbox: bool,
    /// When.
    pub at: Timestamp,
}

/// What the staff does with a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffAct {
    /// Decides where it stands. An approval and a refusal name the version that was looked at.
    Decide(Standing, Option<u64>),
    /// Sets how often it may have residents asked; `None`: as was registered, or as it is for all.
    Limit(Option<Limits>),
}

/// A decision of the staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// About whom.
    pub client: ClientId,
    /// What.
    pub act: StaffAct,
    /// Why.
    pub reason: String,
    /// Who decided: the name of the key.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why an act was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFault {
    /// There is no such client, or the token opens another one.
    Unknown,
    /// As many registrations wait for a decision as may.
    TooMany,
    /// It is another version by now.
    Changed {
        /// Which.
        version: u64,
    },
    /// It has none of the entity tags that were named.
    NotTagged,
    /// A member of the registration does not hold.
    Member(&'static str),
    /// A member of its limits does not hold.
    Limits(&'static str),
    /// An address is one of this machine, outside of a sandbox.
    Local,
    /// A private key was sent.
    PrivateKey,
    /// A key cannot be used, for this reason.
    Key(&'static str),
    /// There is no key of that name.
    NoSuchKey,
}

impl From<KeyFault> for ClientFault {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Private => ClientFault::PrivateKey,
            KeyFault::Unsound(reason) => ClientFault::Key(reason),
        }
    }
}

impl Renewal {
    /// The client as it is after the change.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn applied_to(&self, client: Client) -> Result<Client, ClientFault> {
        let own = &client.registration;
        let registration = match &self.change {
            Change::Whole(registration, _) => (**registration).clone(),
            Change::KeyAdded(key) => Registration { jwks: own.jwks.with(key), ..own.clone() },
            Change::KeyRemoved(name) => {
                let jwks = own.jwks.without(name).ok_or(ClientFault::NoSuchKey)?;
                Registration { jwks, ..own.clone() }
            }
        };
        // What is wrong by itself is told first: a private key is one, whatever else has changed.
        check(&registration, self.is_sandbox)?;
        match &self.change {
            Change::Whole(_, Some(Seen::Version(seen))) if *seen != client.version => {
                return Err(ClientFault::Changed { version: client.version });
            }
            Change::Whole(_, Some(Seen::Tagged(tags))) if !tags.contains(&client.tag()) => {
                return Err(ClientFault::NotTagged);
            }
            _ => {}
        }
        if registration == client.registration {
            return Ok(client);
        }
        let looks_like = |was: &Registration| was.looks_like(&registration, client.limits);
        let is_approved = client.approved.as_ref().is_some_and(looks_like);
        let looks_as_before = looks_like(&client.registration);
        let standing = match client.standing {
            Standing::Suspended => Standing::Suspended,
            Standing::Approved if self.is_sandbox => Standing::Approved,
            _ if is_approved => Standing::Approved,
            standing if looks_as_before => standing,
            _ => Standing::Pending,
        };
        let approved = match standing {
            Standing::Approved => Some(registration.clone()),
            _ => client.approved,
        };
        let is_same = standing == client.standing;
        Ok(Client {
            registration,
            version: client.version + 1,
            approved,
            standing,
            // The reason was about what was there before.
            reason: client.reason.filter(|_| is_same),
            since: if is_same { client.since } else { Some(self.at) },
            limits: client.limits,
            id: client.id,
        })
    }
}

impl Decision {
    /// The client as it is after the decision.
    ///
    /// # Errors
    /// [`ClientFault::Changed`]; [`ClientFault::Limits`].
    pub(crate) fn applied_to(&self, client: Client) -> Result<Client, ClientFault> {
        match &self.act {
            StaffAct::Decide(_, Some(seen)) if *seen != client.version => {
                Err(ClientFault::Changed { version: client.version })
            }
            StaffAct::Decide(standing, _) => {
                let approved = match standing {
                    Standing::Approved => Some(client.registration.clone()),
                    // A change of an approved site may be refused, and undone; else it is the site that is
                    // refused, and nothing it goes back to is approved.
                    Standing::Refused if client.standing != Standing::Pending => None,
                    _ => client.approved,
                };
                let (reason, since) = (Some(self.reason.clone()), Some(self.at));
                Ok(Client { approved, standing: *standing, reason, since, ..client })
            }
            StaffAct::Limit(limits) => {
                if let Some(member) = limits.as_ref().and_then(Limits::fault) {
                    return Err(ClientFault::Limits(member));
                }
                Ok(Client { limits: *limits, ..client })
            }
        }
    }
}
