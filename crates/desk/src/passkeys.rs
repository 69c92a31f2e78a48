//! Passkeys of members: registered by an invitation or by who is signed in, and used to sign in. Which member
//! it is the authenticator says; that somebody was verified is required.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_rules::MemberId;
use inrou_web::passkey::Assertion;
use jiff::{SignedDuration, Timestamp};

use crate::Desk;
use crate::journal::Act;
use crate::staff::{Member, Standing};
use crate::store::{Digest, Passkey};

/// How long a challenge may be answered, and how many are open at a time.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
const MOST: usize = 1000;

/// What an authenticator is asked for. An answer serves nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Somebody signs in.
    SignIn,
    /// That member registers a passkey.
    Registering(MemberId),
}

/// A challenge that waits for its answer.
#[derive(Debug)]
pub(crate) struct Challenge {
    value: Base64,
    occasion: Occasion,
    expires: Timestamp,
}

impl Desk {
    /// What an authenticator is to sign.
    pub(crate) fn challenge(&self, occasion: Occasion) -> Base64 {
        let value = Base64(self.random::<32>().to_vec());
        let (now, expires) = (self.now(), self.until(LIFE));
        let mut open = self.challenges();
        open.retain(|challenge| challenge.expires > now);
        let too_many = (open.len() + 1).saturating_sub(MOST);
        open.drain(..too_many);
        open.push(Challenge { value: value.clone(), occasion, expires });
        value
    }

    /// Registers a passkey of a member, by an invitation or from within.
    ///
    /// # Errors
    /// `sign-in-refused`; the store's.
    pub(crate) async fn register_passkey(
        &self,
        member: &Member,
        assertion: Assertion,
        host: &str,
        invitation: Option<Digest>,
    ) -> Result<(), Problem> {
        let entry = self.plain(member, Act::AddPasskey, None);
        self.noted(entry, async {
            let key = assertion.key.clone().ok_or_else(refused)?;
            self.answered(&assertion, Occasion::Registering(member.id))?;
            assertion.verify(&key, host).map_err(|_| refused())?;
            let passkey = Passkey {
                credential: assertion.credential.0,
                member: member.id,
                key: key.0,
                since: self.now(),
            };
            self.store(move |store| store.add_passkey(&passkey, invitation.as_ref())).await
        })
        .await
    }

    /// Whose passkey answered.
    ///
    /// # Errors
    /// `sign-in-refused`, `member-suspended`; the store's.
    pub(crate) async fn member_of(
        &self,
        assertion: Assertion,
        host: &str,
    ) -> Result<Member, Problem> {
        self.answered(&assertion, Occasion::SignIn)?;
        let credential = assertion.credential.0.clone();
        let found = self.store(move |store| match store.passkey(&credential)? {
            Some(passkey) => Ok(store.member(passkey.member)?.map(|member| (passkey, member))),
            None => Ok(None),
        });
        let (passkey, member) = found.await?.ok_or_else(refused)?;
        assertion.verify(&Base64(passkey.key), host).map_err(|_| refused())?;
        match member.standing {
            Standing::Suspended => Err(Problem::new(Code::MEMBER_SUSPENDED)),
            Standing::Active | Standing::Invited => Ok(member),
        }
    }

    /// Uses up the challenge that it answers.
    fn answered(&self, assertion: &Assertion, occasion: Occasion) -> Result<(), Problem> {
        let now = self.now();
        let mut open = self.challenges();
        let answers =
            |challenge: &Challenge| assertion.answers(&challenge.value) && challenge.expires > now;
        let at = open.iter().position(answers).ok_or_else(refused)?;
        let challenge = open.remove(at);
        if challenge.occasion == occasion { Ok(()) } else { Err(refused()) }
    }
}

fn refused() -> Problem {
    Problem::new(Code::SIGN_IN_REFUSED)
}
