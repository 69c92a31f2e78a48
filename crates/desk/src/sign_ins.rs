//! Who is signed in: by a token in a cookie, until nothing was looked at for a while.

use inrou_api::problem::{Code, Problem};
use jiff::SignedDuration;

use crate::Desk;
use crate::journal::Act;
use crate::secrets::{hex, sha256};
use crate::staff::{Member, Standing};
use crate::store::SignIn;

/// How much later the end has to be that it is written down: not each page is worth a commit.
const WORTH: SignedDuration = SignedDuration::from_mins(1);

/// What a cookie says.
pub(crate) enum Known {
    /// That member is signed in.
    Now(Box<(SignIn, Member)>),
    /// Somebody was.
    Before,
    /// Nobody was.
    Never,
}

impl Desk {
    /// Signs a member in; gives the token for the cookie. `practice`: without a passkey.
    ///
    /// # Errors
    /// `permission-denied`, `member-suspended`; the store's.
    pub(crate) async fn sign_in(&self, member: &Member, practice: bool) -> Result<String, Problem> {
        self.noted(self.plain(member, Act::SignIn, None), async {
            if practice && !self.settings.practice {
                return Err(Problem::new(Code::PERMISSION_DENIED));
            }
            if member.standing == Standing::Suspended {
                return Err(Problem::new(Code::MEMBER_SUSPENDED));
            }
            let token = hex(&self.random::<32>());
            let sign_in = SignIn {
                token: sha256(token.as_bytes()),
                member: member.id,
                since: self.now(),
                until: self.until(self.settings.idle),
                practice,
            };
            self.store(move |store| store.sign_in(&sign_in)).await?;
            Ok(token)
        })
        .await
    }

    /// Who shows a token.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn known_by(&self, token: &str) -> Result<Known, Problem> {
        let hash = sha256(token.as_bytes());
        let found = self.store(move |store| store.signed_in(&hash)).await?;
        Ok(match found {
            Some((sign_in, member)) => {
                let longest = sign_in.since.saturating_add(self.settings.longest);
                let is_over = self.now() >= sign_in.until
                    || longest.is_ok_and(|longest| self.now() >= longest)
                    || member.standing == Standing::Suspended;
                if is_over { Known::Before } else { Known::Now(Box::new((sign_in, member))) }
            }
            None => Known::Never,
        })
    }

    /// Puts the end of a sign-in off, for a page was looked at; gives it as it is then.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn looked(&self, mut sign_in: SignIn) -> Result<SignIn, Problem> {
        let longest = sign_in.since.saturating_add(self.settings.longest);
        let until = self.until(self.settings.idle).min(longest.unwrap_or(sign_in.until));
        if until.duration_since(sign_in.until) >= WORTH {
            let token = sign_in.token;
            self.store(move |store| store.put_off(&token, until)).await?;
            sign_in.until = until;
        }
        Ok(sign_in)
    }

    /// Ends the sign-in of a token.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn sign_out(&self, token: &str) -> Result<(), Problem> {
        let hash = sha256(token.as_bytes());
        self.store(move |store| store.sign_out(&hash)).await
    }
}
