//! The members of the staff: where each works, and what each may do. Nobody may do more than the office needs
//! and a supervisor has given.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use inrou_api::problem::{Code, Problem};
use inrou_rules::{MemberId, Municipality};
use inrou_words::Term;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Desk;
use crate::journal::{Act, Why};
use crate::store::Entry;

/// Most characters of a member's name.
const LONGEST_NAME: usize = 60;

/// Where a member works. *This type is stored*, as `hotline`, `operator` or a municipality's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Office {
    /// The hotline (マイナンバー総合フリーダイヤル).
    Hotline,
    /// The operator of the whole service.
    Operator,
    /// A municipality's counter (窓口).
    Counter(Municipality),
}

/// What a member may do. *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Recognise callers and put certificates on hold.
    Hold,
    /// End the use of a phone's certificates on request.
    Revoke,
    /// Look residents up and change their records.
    Records,
    /// Issue, renew, find and unlock cards.
    Cards,
    /// Look at the journal.
    Journal,
    /// Invite members, give duties, suspend.
    Staff,
}

/// Whether a member may work. *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Invited, without a passkey so far.
    Invited,
    /// Works.
    Active,
    /// May not sign in.
    Suspended,
}

/// A member who is to be. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// The name that colleagues see.
    pub name: String,
    /// Its reading in kana.
    pub name_reading: String,
    /// Where.
    pub office: Office,
    /// What the member may do.
    pub duties: BTreeSet<Duty>,
}

/// A member of the staff. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// Who, in journals.
    pub id: MemberId,
    /// Name, office, duties.
    pub is: NewMember,
    /// Whether the member may work.
    pub standing: Standing,
    /// Since when the member is known.
    pub since: Timestamp,
}

impl Office {
    /// The duties that there are in this office.
    pub fn duties(self) -> &'static [Duty] {
        use Duty::{Cards, Hold, Journal, Records, Revoke, Staff};
        match self {
            Office::Hotline => &[Hold, Revoke, Journal, Staff],
            Office::Operator => &[Journal, Staff],
            Office::Counter(_) => &[Records, Cards, Journal, Staff],
        }
    }

    /// The municipality of a counter.
    pub fn municipality(self) -> Option<Municipality> {
        match self {
            Office::Counter(municipality) => Some(municipality),
            Office::Hotline | Office::Operator => None,
        }
    }
}

impl Duty {
    /// All of them.
    pub const ALL: [Duty; 6] =
        [Duty::Hold, Duty::Revoke, Duty::Records, Duty::Cards, Duty::Journal, Duty::Staff];

    /// Its code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Duty::Hold => "hold",
            Duty::Revoke => "revoke",
            Duty::Records => "records",
            Duty::Cards => "cards",
            Duty::Journal => "journal",
            Duty::Staff => "staff",
        }
    }
}

impl NewMember {
    /// With a name to be shown, and duties that the office has.
    ///
    /// # Errors
    /// `member-invalid` with the `member` of the form that is wrong.
    pub fn checked(mut self) -> Result<Self, Problem> {
        let wrong = |part| Problem::new(Code::MEMBER_INVALID).with("member", part);
        let trimmed = |text: &str| text.trim().to_owned();
        (self.name, self.name_reading) = (trimmed(&self.name), trimmed(&self.name_reading));
        let fits = |text: &str| {
            (1..=LONGEST_NAME).contains(&text.chars().count())
                && !text.chars().any(char::is_control)
        };
        if !fits(&self.name) {
            return Err(wrong("name"));
        }
        let is_kana = |c: char| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | ' ' | '\u{3000}');
        if !fits(&self.name_reading) || !self.name_reading.chars().all(is_kana) {
            return Err(wrong("name_reading"));
        }
        let known = self.office.duties();
        if self.duties.is_empty() || !self.duties.iter().all(|duty| known.contains(duty)) {
            return Err(wrong("duties"));
        }
        Ok(self)
    }
}

impl Member {
    /// Whether the member may do that.
    pub fn may(&self, duty: Duty) -> bool {
        self.standing == Standing::Active && self.is.duties.contains(&duty)
    }

    /// The name, to be shown with its reading.
    pub fn name(&self) -> Term<'_> {
        Term { text: &self.is.name, reading: &self.is.name_reading }
    }
}

impl Desk {
    /// The members of an office, by name.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn members(&self, of: Office) -> Result<Vec<Member>, Problem> {
        self.store(move |store| store.members(Some(of))).await
    }

    /// A member of the supervisor's own office.
    ///
    /// # Errors
    /// `not-found`; the store's.
    pub(crate) async fn colleague(&self, by: &Member, id: MemberId) -> Result<Member, Problem> {
        let found = self.store(move |store| store.member(id)).await?;
        let found = found.filter(|member| member.is.office == by.is.office);
        found.ok_or_else(|| Problem::new(Code::NOT_FOUND))
    }

    /// Changes what a colleague may do, or whether the colleague may work. Nobody changes that of oneself.
    ///
    /// # Errors
    /// `permission-denied`, `member-invalid`, `own-duties`, `not-found`; the store's.
    pub(crate) async fn change_member(
        &self,
        by: &Member,
        id: MemberId,
        duties: BTreeSet<Duty>,
        suspended: bool,
        why: &Why,
    ) -> Result<Member, Problem> {
        let act = Act::ChangeMember;
        let entry = Entry { of: Some(id), ..self.entry(by, act, None, why) };
        self.carry_out(by, Duty::Staff, entry, async {
            if by.id == id {
                return Err(Problem::new(Code::OWN_DUTIES));
            }
            let before = self.colleague(by, id).await?;
            let is = NewMember { duties, ..before.is.clone() }.checked()?;
            let standing = match (suspended, before.standing) {
                (true, _) => Standing::Suspended,
                (false, Standing::Suspended) => {
                    let known = self.store(move |store| store.passkeys(id)).await?;
                    if known.is_empty() { Standing::Invited } else { Standing::Active }
                }
                (false, other) => other,
            };
            let after = Member { is, standing, ..before };
            let kept = after.clone();
            self.store(move |store| store.put_member(&kept)).await?;
            Ok(after)
        })
        .await
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Office::Hotline => f.write_str("hotline"),
            Office::Operator => f.write_str("operator"),
            Office::Counter(municipality) => municipality.fmt(f),
        }
    }
}

impl FromStr for Office {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hotline" => Ok(Office::Hotline),
            "operator" => Ok(Office::Operator),
            code => code.parse().map(Office::Counter).map_err(|_| "no office"),
        }
    }
}

impl From<Office> for String {
    fn from(office: Office) -> Self {
        office.to_string()
    }
}

impl TryFrom<String> for Office {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Debug for NewMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewMember({}, {:?})", self.office, self.duties)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({}, {:?}, {:?})", self.id, self.is, self.standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_a_name_a_reading_and_duties_of_the_office() {
        let new = |name: &str, reading: &str, duties: &[Duty]| {
            let is = NewMember {
                name: name.to_owned(),
                name_reading: reading.to_owned(),
                office: Office::Hotline,
                duties: duties.iter().copied().collect(),
            };
            is.checked().map(|is| is.name).map_err(|problem| {
                assert!(problem.is(Code::MEMBER_INVALID));
                problem.param("member").unwrap_or_default().to_owned()
            })
        };
        assert_eq!(new(" 見本　直 ", "みほん　なお", &[Duty::Hold]), Ok("見本　直".to_owned()));
        assert_eq!(new("", "みほん", &[Duty::Hold]), Err("name".to_owned()));
        assert_eq!(new("a\u{7}", "みほん", &[Duty::Hold]), Err("name".to_owned()));
        assert_eq!(new("見本", "見本", &[Duty::Hold]), Err("name_reading".to_owned()));
        assert_eq!(new("見本", "みほん", &[]), Err("duties".to_owned()));
        assert_eq!(new("見本", "みほん", &[Duty::Cards]), Err("duties".to_owned()));
    }

    #[test]
    fn an_office_is_written_and_read() {
        for office in ["hotline", "operator", "13221"] {
            assert_eq!(office.parse::<Office>().unwrap().to_string(), office);
        }
        assert!("elsewhere".parse::<Office>().is_err());
    }
}
