//! How a member begins: a supervisor invites, and a link of its own leads to the first passkey. The first
//! members of an empty desk are its founders.

use inrou_api::problem::{Code, Problem};
use inrou_rules::MemberId;

use crate::Desk;
use crate::journal::{Act, Why};
use crate::secrets::{hex, sha256};
use crate::staff::{Duty, Member, NewMember, Standing};
use crate::store::{Entry, Invitation, StoreError};

impl Desk {
    /// Invites a member to the supervisor's own office; gives what the link holds.
    ///
    /// # Errors
    /// `permission-denied`, `member-invalid`; the store's.
    pub(crate) async fn invite(
        &self,
        by: &Member,
        new: NewMember,
        why: &Why,
    ) -> Result<(Member, String), Problem> {
        let id = MemberId::from_bytes(self.random());
        let entry = Entry { of: Some(id), ..self.entry(by, Act::Invite, None, why) };
        self.carry_out(by, Duty::Staff, entry, async {
            let is = NewMember { office: by.is.office, ..new }.checked()?;
            let member = Member { id, is, standing: Standing::Invited, since: self.now() };
            let (invitation, token) = self.invitation_of(&member);
            let kept = member.clone();
            self.store(move |store| {
                store.put_member(&kept)?;
                store.invite(&invitation)
            })
            .await?;
            Ok((member, token))
        })
        .await
    }

    /// Invites a colleague once more, such as one whose passkey is lost; the link of before opens nothing.
    ///
    /// # Errors
    /// `permission-denied`, `not-found`, `member-suspended`; the store's.
    pub(crate) async fn invite_again(
        &self,
        by: &Member,
        id: MemberId,
        why: &Why,
    ) -> Result<(Member, String), Problem> {
        let entry = Entry { of: Some(id), ..self.entry(by, Act::Invite, None, why) };
        self.carry_out(by, Duty::Staff, entry, async {
            let member = self.colleague(by, id).await?;
            if member.standing == Standing::Suspended {
                return Err(Problem::new(Code::MEMBER_SUSPENDED));
            }
            let (invitation, token) = self.invitation_of(&member);
            self.store(move |store| store.invite(&invitation)).await?;
            Ok((member, token))
        })
        .await
    }

    /// Who is invited by what a link holds, with its hash.
    ///
    /// # Errors
    /// `invitation-over`; the store's.
    pub(crate) async fn invited(&self, token: &str) -> Result<(Member, [u8; 32]), Problem> {
        let (hash, now) = (sha256(token.as_bytes()), self.now());
        let found = self.store(move |store| match store.invitation(&hash)? {
            Some(invitation) if now < invitation.expires => store.member(invitation.member),
            _ => Ok(None),
        });
        let member = found.await?.filter(|member| member.standing != Standing::Suspended);
        Ok((member.ok_or_else(|| Problem::new(Code::INVITATION_OVER))?, hash))
    }

    /// Has the founders be members of a desk that has none. Where people practise they work at once;
    /// elsewhere gives what the links of their invitations hold. Blocks.
    ///
    /// # Errors
    /// The store's.
    pub fn found(&self) -> Result<Vec<(Member, String)>, StoreError> {
        if !self.store.members(None)?.is_empty() {
            return Ok(Vec::new());
        }
        let mut links = Vec::new();
        for is in &self.settings.founders {
            let (id, since) = (MemberId::from_bytes(self.random()), self.now());
            let practice = self.settings.practice;
            let standing = if practice { Standing::Active } else { Standing::Invited };
            let member = Member { id, is: is.clone(), standing, since };
            self.store.put_member(&member)?;
            if !practice {
                let (invitation, token) = self.invitation_of(&member);
                self.store.invite(&invitation)?;
                links.push((member, token));
            }
        }
        Ok(links)
    }

    fn invitation_of(&self, member: &Member) -> (Invitation, String) {
        let token = hex(&self.random::<32>());
        let hash = sha256(token.as_bytes());
        let expires = self.until(self.settings.invitation_life);
        (Invitation { token: hash, member: member.id, expires }, token)
    }
}
