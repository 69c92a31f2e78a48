//! The desk's journal: who did what to whom, why, and how it ended. Every act goes through it, also those that
//! are refused.

use inrou_api::acting::{Acting, Reason};
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_rules::names::folded;
use inrou_rules::{Attributes, ResidentId};
use serde::{Deserialize, Serialize};

use crate::Desk;
use crate::staff::{Duty, Member};
use crate::store::{Entry, JournalQuery, Logged, Outcome};

/// Most characters of a note.
pub(crate) const LONGEST_NOTE: usize = 100;

/// What a member does. *This type is stored*: variants are only ever added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Signs in.
    SignIn,
    /// Registers a passkey.
    AddPasskey,
    /// Removes a passkey.
    RemovePasskey,
    /// Invites a member.
    Invite,
    /// Changes a member's duties or standing.
    ChangeMember,
    /// Asks a caller who it is.
    RecogniseCaller,
    /// Puts certificates on hold.
    Hold,
    /// Ends the use of a phone's certificates.
    RevokePhone,
    /// Looks for residents.
    FindResidents,
    /// Looks at a resident.
    LookAt,
    /// Changes a record.
    ChangeRecord,
    /// Changes which certificates a card carries.
    ChooseCertificates,
    /// Orders new certificates in place of those about to expire.
    RenewCertificates,
    /// Takes a lost card back.
    FindCard,
    /// Enters that somebody died or moves abroad.
    Depart,
    /// Lets a PIN of a card be set anew.
    UnlockCard,
    /// Writes a card.
    WriteCard,
}

/// Why a member acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) reason: Reason,
    pub(crate) note: String,
}

impl Act {
    /// Its code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Act::SignIn => "sign-in",
            Act::AddPasskey => "add-passkey",
            Act::RemovePasskey => "remove-passkey",
            Act::Invite => "invite",
            Act::ChangeMember => "change-member",
            Act::RecogniseCaller => "recognise-caller",
            Act::Hold => "hold",
            Act::RevokePhone => "revoke-phone",
            Act::FindResidents => "find-residents",
            Act::LookAt => "look-at",
            Act::ChangeRecord => "change-record",
            Act::ChooseCertificates => "choose-certificates",
            Act::RenewCertificates => "renew-certificates",
            Act::FindCard => "find-card",
            Act::Depart => "depart",
            Act::UnlockCard => "unlock-card",
            Act::WriteCard => "write-card",
        }
    }
}

impl Why {
    /// What was chosen and typed.
    ///
    /// # Errors
    /// `reason-missing`, `note-too-long`.
    pub(crate) fn of(reason: &str, note: &str) -> Result<Self, Problem> {
        let reason = Reason::of(reason).ok_or_else(|| Problem::new(Code::REASON_MISSING))?;
        let note = note.trim().to_owned();
        if note.chars().count() > LONGEST_NOTE || note.chars().any(char::is_control) {
            return Err(Problem::new(Code::NOTE_TOO_LONG).with("most", LONGEST_NOTE.to_string()));
        }
        Ok(Self { reason, note })
    }

    /// A note that repeats what the record says is refused: the journal holds no attributes.
    ///
    /// # Errors
    /// `note-too-long`, `note-names-resident`.
    pub(crate) fn without(&self, attributes: &Attributes) -> Result<(), Problem> {
        let note = folded(&self.note);
        let Attributes { name, name_reading, address, address_reading, .. } = attributes;
        let values = [name, name_reading, address, address_reading];
        let names = |value: &&String| !value.is_empty() && note.contains(&folded(value));
        match values.iter().any(names) {
            true => Err(Problem::new(Code::NOTE_NAMES_RESIDENT)),
            false => Ok(()),
        }
    }

    /// As the authority hears it.
    pub(crate) fn acting(&self, by: &Member) -> Acting {
        Acting { member: by.id, reason: self.reason }
    }
}

impl Desk {
    /// An entry of what a member begins to do.
    pub(crate) fn entry(
        &self,
        by: &Member,
        act: Act,
        resident: Option<ResidentId>,
        why: &Why,
    ) -> Entry {
        Entry { reason: Some(why.reason), note: why.note.clone(), ..self.plain(by, act, resident) }
    }

    /// As [`Desk::entry`], of what needs no reason.
    pub(crate) fn plain(&self, by: &Member, act: Act, resident: Option<ResidentId>) -> Entry {
        Entry {
            at: self.now(),
            by: by.id,
            office: by.is.office,
            act,
            resident,
            of: None,
            reason: None,
            note: String::new(),
        }
    }

    /// Does work that needs a duty, with its entry in the journal begun before and ended after it.
    ///
    /// # Errors
    /// `permission-denied`, those of the work, and the store's.
    pub(crate) async fn carry_out<T>(
        &self,
        by: &Member,
        duty: Duty,
        entry: Entry,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let may = by.may(duty);
        let work =
            async { if may { work.await } else { Err(Problem::new(Code::PERMISSION_DENIED)) } };
        self.noted(entry, work).await
    }

    /// Does work with its entry in the journal begun before and ended after it.
    ///
    /// # Errors
    /// Those of the work, and the store's.
    pub(crate) async fn noted<T>(
        &self,
        entry: Entry,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let number = self.store(move |store| store.begin(&entry)).await?;
        let done = work.await;
        let outcome = match &done {
            Ok(_) => Outcome::Done,
            Err(problem) => Outcome::Refused(problem.code().to_owned()),
        };
        if let Err(problem) = self.store(move |store| store.end(number, &outcome)).await {
            // The entry says that it was begun, and what came of it stands in the authority's journal.
            tracing::warn!(code = problem.code(), "the journal could not be told how an act ended");
        }
        done
    }

    /// The journal of the member's own office, newest first.
    ///
    /// # Errors
    /// `permission-denied`, `bad-request`; the store's.
    pub(crate) async fn journal(
        &self,
        by: &Member,
        query: &PageQuery,
    ) -> Result<Page<Logged>, Problem> {
        if !by.may(Duty::Journal) {
            return Err(Problem::new(Code::PERMISSION_DENIED));
        }
        let asked = JournalQuery {
            office: by.is.office,
            by: None,
            resident: None,
            before: query.position()?,
            limit: query.limit.count() + 1,
        };
        let found = self.store(move |store| store.journal(&asked)).await?;
        Page::of(found, query.limit, |logged| logged.number).or_internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_has_a_reason_and_at_most_a_short_note() {
        let code = |reason: &str, note: &str| {
            Why::of(reason, note).map(|why| why.note).map_err(|problem| problem.code().to_owned())
        };
        assert_eq!(code("lost", " 駅で "), Ok("駅で".to_owned()));
        assert_eq!(code("", ""), Err("reason-missing".to_owned()));
        assert_eq!(code("because", ""), Err("reason-missing".to_owned()));
        assert_eq!(code("lost", &"長".repeat(101)), Err("note-too-long".to_owned()));
        assert_eq!(code("lost", "a\nb"), Err("note-too-long".to_owned()));
    }

    #[test]
    fn a_note_does_not_repeat_the_record() {
        let attributes = Attributes {
            name: "水野\u{3000}花".to_owned(),
            name_reading: "みずの\u{3000}はな".to_owned(),
            name_substitutes: "0000".to_owned(),
            address: "東京都清瀬市見本町１－２－３".to_owned(),
            address_reading: String::new(),
            address_substitutes: "0".repeat(14),
            birth_date: jiff::civil::date(1988, 6, 12),
            sex: inrou_rules::Sex::Female,
        };
        let refused = |note: &str| {
            Why::of("lost", note).unwrap().without(&attributes).map_err(|problem| {
                assert!(problem.is(Code::NOTE_NAMES_RESIDENT));
            })
        };
        assert!(refused("電車の中").is_ok());
        assert!(refused("水野 花さん").is_err());
        assert!(refused("ミズノハナ様より").is_err());
        assert!(refused("東京都清瀬市見本町1-2-3の自宅").is_err());
    }
}
