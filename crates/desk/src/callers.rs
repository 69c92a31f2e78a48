//! Whom a call is from: somebody who knows name, birth date, and one thing more, address or phone. The desk
//! compares; nobody sees what the record says before. Failures are counted by name and birth date, and told; no
//! count refuses anybody, for a hold must be had at any hour.

use inrou_api::page::{Limit, Page};
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{FindResidents, ResidentSummary, ResidentView};
use inrou_rules::names::folded;
use inrou_rules::{Attributes, Medium};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Desk;
use crate::journal::{Act, Why};
use crate::secrets::{hex, sha256};
use crate::staff::{Duty, Member};
use crate::store::Call;

/// Over how long failures are counted.
const COUNTED: SignedDuration = SignedDuration::from_hours(24);

/// How many people of one name and birth date are compared.
const COMPARED: u32 = 100;

/// What a call is about. *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The phone is lost or stolen.
    Phone,
    /// The card is.
    Card,
    /// Both are.
    Both,
    /// The use of the phone's certificates is to end.
    EndUse,
}

/// What a caller says.
pub(crate) struct Said {
    pub(crate) name: String,
    pub(crate) birth_date: Date,
    pub(crate) fact: Fact,
}

/// The one thing more.
pub(crate) enum Fact {
    /// Where the caller lives.
    Address(String),
    /// Which phone carries the certificates.
    Phone(String),
}

impl About {
    /// All of them that are losses.
    pub const LOSSES: [About; 3] = [About::Phone, About::Card, About::Both];

    /// Its code.
    pub const fn as_str(self) -> &'static str {
        match self {
            About::Phone => "phone",
            About::Card => "card",
            About::Both => "both",
            About::EndUse => "end-use",
        }
    }

    /// What is to be put on hold.
    pub const fn media(self) -> &'static [Medium] {
        match self {
            About::Phone => &[Medium::Phone],
            About::Card => &[Medium::Card],
            About::Both => &[Medium::Phone, Medium::Card],
            About::EndUse => &[],
        }
    }

    /// What a member has to be allowed for it.
    pub const fn duty(self) -> Duty {
        match self {
            About::Phone | About::Card | About::Both => Duty::Hold,
            About::EndUse => Duty::Revoke,
        }
    }
}

impl Desk {
    /// Recognises a caller, and keeps the call for what is to be done.
    ///
    /// # Errors
    /// `caller-not-recognised` with how often that happened (`failures`), `permission-denied`,
    /// `note-names-resident`; the authority's and the store's.
    pub(crate) async fn recognise(
        &self,
        by: &Member,
        about: About,
        said: &Said,
        why: &Why,
    ) -> Result<Call, Problem> {
        let entry = self.entry(by, Act::RecogniseCaller, None, why);
        self.carry_out(by, about.duty(), entry, async {
            let key = sha256(format!("{}\0{}", folded(&said.name), said.birth_date).as_bytes());
            let since = self.now().saturating_sub(COUNTED).unwrap_or(jiff::Timestamp::MIN);
            let before = self.store(move |store| store.failures(&key, since)).await?;
            let Some(found) = self.look_for(said).await? else {
                let now = self.now();
                self.store(move |store| store.note_failure(&key, now)).await?;
                let failures = (before + 1).to_string();
                return Err(Problem::new(Code::CALLER_NOT_RECOGNISED).with("failures", failures));
            };
            why.without(&found.attributes)?;
            let call = Call {
                id: hex(&self.random::<16>()),
                member: by.id,
                resident: found.resident,
                about,
                reason: why.reason,
                note: why.note.clone(),
                failures: before,
                expires: self.until(self.settings.call_life),
                done: false,
            };
            let kept = call.clone();
            self.store(move |store| store.put_call(&kept)).await?;
            Ok(call)
        })
        .await
    }

    /// The one resident of whom all is true that a caller said.
    async fn look_for(&self, said: &Said) -> Result<Option<ResidentView>, Problem> {
        let asked = FindResidents {
            name: said.name.clone(),
            birth_date: said.birth_date,
            municipality: None,
        };
        let limit = Limit::from(COMPARED).count().to_string();
        let hotline = &self.authority.hotline;
        let search = hotline.post("/residents/search").query([("limit", limit.as_str())]);
        let page: Page<ResidentSummary> = search.json(&asked).answer().await?;
        let mut found = None;
        for one in page.items {
            let view: ResidentView =
                hotline.get(&format!("/residents/{}", one.resident)).answer().await?;
            if !said.fact.is_true_of(&view) {
                continue;
            }
            // Two of whom it is true: neither is recognised.
            if found.replace(view).is_some() {
                return Ok(None);
            }
        }
        Ok(found)
    }
}

impl Fact {
    fn is_true_of(&self, view: &ResidentView) -> bool {
        match self {
            Fact::Address(said) => is_address(said, &view.attributes),
            Fact::Phone(said) => {
                let said = folded(said);
                view.phone_model.as_deref().is_some_and(|model| {
                    let model = folded(model);
                    !said.is_empty() && (model == said || is_model_without_maker(&model, &said))
                })
            }
        }
    }
}

/// Whether the maker's name alone is missing: what is left has to say more than one word that many have.
fn is_model_without_maker(model: &str, said: &str) -> bool {
    said.chars().count() >= 5 && said.chars().any(|c| c.is_ascii_digit()) && model.ends_with(said)
}

fn is_address(said: &str, attributes: &Attributes) -> bool {
    let said = plain_address(said);
    let is = |known: &str| {
        let known = plain_address(known);
        !said.is_empty() && (known == said || without_prefecture(&known) == said)
    };
    is(&attributes.address) || is(&attributes.address_reading)
}

/// An address in its plainest form: numbers are parted by hyphens, however they are written.
fn plain_address(text: &str) -> String {
    const DIGITS: &str = "〇一二三四五六七八九";
    let mut plain = folded(text);
    for words in ["丁目", "番地の", "番地", "番", "号"] {
        plain = plain.replace(words, "-");
    }
    let mut parts = String::with_capacity(plain.len());
    let mut all = plain.chars().peekable();
    while let Some(c) = all.next() {
        let digit = DIGITS.chars().position(|digit| digit == c);
        match c {
            'の' | 'ノ' | '−' | '‐' | '–' | '—' | '―' | 'ー' | '-' => {
                let is_between = parts.ends_with(|c: char| c.is_ascii_digit());
                match (is_between, c) {
                    (true, _) => parts.push('-'),
                    (false, '-' | '−' | '‐' | '–' | '—' | '―') => {}
                    (false, _) => parts.push(c),
                }
            }
            // 二丁目 is 2丁目; a place may have such a sign in its name.
            _ => match digit {
                Some(digit) if all.peek() == Some(&'-') => parts.push_str(&digit.to_string()),
                _ => parts.push(c),
            },
        }
    }
    parts.trim_end_matches('-').to_owned()
}

/// What follows the prefecture, if one is named.
fn without_prefecture(address: &str) -> &str {
    for (mark, least) in [("県", 2), ("都", 2), ("府", 2), ("道", 2), ("けん", 3), ("と", 5)]
    {
        let end = address.char_indices().nth(6).map_or(address.len(), |(at, _)| at);
        let head = address.get(..end).unwrap_or_default();
        if let Some(at) = head.find(mark)
            && address.get(..at).is_some_and(|name| name.chars().count() >= least)
        {
            return address.get(at + mark.len()..).unwrap_or_default();
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_said() {
        let known = "東京都清瀬市見本町１－２－３";
        for said in [
            "東京都清瀬市見本町1-2-3",
            "東京都清瀬市見本町一丁目２番３号",
            "東京都 清瀬市 見本町1丁目2番地の3",
            "東京都清瀬市見本町１ー２ー３",
        ] {
            assert_eq!(plain_address(said), plain_address(known), "{said}");
        }
        for other in ["東京都清瀬市見本町1-2-4", "東京都清瀬市見本町12-3", "東京都清瀬市見本町"]
        {
            assert_ne!(plain_address(other), plain_address(known), "{other}");
        }
        let bare = plain_address("清瀬市見本町1-2-3");
        assert_eq!(without_prefecture(&plain_address(known)), bare);
        assert_eq!(without_prefecture("京都府京都市中京区"), "京都市中京区");
        assert_eq!(plain_address("八王子市二宮1"), "八王子市二宮1");
    }

    #[test]
    fn a_phone_is_named_by_its_model_and_not_by_a_word_that_many_have() {
        assert!(is_model_without_maker("sandboxphone8", "phone8"));
        for wrong in ["8", "phone", "ndbox", "phone9"] {
            assert!(!is_model_without_maker("sandboxphone8", wrong), "{wrong}");
        }
    }
}
