//! The residence records (住民基本台帳) as far as a copy shows them. In the service each municipality keeps its
//! own; here all of them are one file, and invented.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;

use inrou_rules::{Municipality, Sex};
use inrou_words::{Place, places};
use jiff::civil::Date;
use serde::Deserialize;

use crate::copies::{Person, Refusal};
use crate::sheets::is_selector;

/// The file that comes with the kiosk, to be copied and edited.
pub const BUILT_IN: &str = include_str!("../data/registers.json");

/// The name of the file in a data folder.
pub const FILE: &str = "registers.json";

/// Why there are no records.
#[derive(Debug, thiserror::Error)]
pub enum RegistersError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not of the form of the file that comes with the kiosk.
    #[error("the registers' file is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A municipality is not in the table of places.
    #[error("no municipality has the code {0}")]
    Place(Municipality),
}

/// The municipalities that have their certificates issued in stores, and the records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registers {
    #[serde(rename = "about")]
    _about: BTreeMap<String, String>,
    municipalities: BTreeMap<Municipality, Offer>,
    households: Vec<Household>,
}

/// What a municipality offers in stores.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offer {
    /// The fee for one copy.
    pub fee: Fee,
    /// Who issues: `清瀬市長　見本　太郎`.
    pub mayor: String,
}

/// A fee, in yen: at most ten thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Fee(u16);

impl Fee {
    /// The highest.
    const MOST: u16 = 10_000;

    /// What so many cost, in yen.
    pub fn of(self, copies: u8) -> u64 {
        u64::from(self.0) * u64::from(copies)
    }
}

impl TryFrom<u64> for Fee {
    type Error = String;

    fn try_from(yen: u64) -> Result<Self, String> {
        let fee = u16::try_from(yen).ok().filter(|yen| *yen <= Self::MOST);
        fee.map(Self).ok_or_else(|| format!("a fee is at most {} yen", Self::MOST))
    }
}

/// A household (世帯).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Household {
    pub municipality: Municipality,
    /// The name of its head (世帯主).
    pub head: String,
    pub members: Vec<Member>,
}

/// One person's record.
#[derive(Deserialize)]
pub(crate) struct Member {
    pub name: String,
    /// Absent of a test resident, whose day of birth is reckoned when the sandbox begins: a copy has the one
    /// that the certificate's holder has.
    pub birth_date: Option<Date>,
    pub sex: Sex,
    /// To the head: `世帯主`, `妻`, `子`.
    pub relation: String,
    /// Since when at the address, and the address before.
    pub moved_in: Date,
    pub before: String,
    /// What stands by the family register; of a foreign resident, the nationality.
    #[serde(flatten)]
    pub origin: Origin,
}

/// 本籍, or 国籍.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Origin {
    /// The family register's place, and the name under which it stands (筆頭者).
    Honseki { honseki: String, honseki_under: String },
    /// Nationality, status and period of stay.
    Nationality { nationality: String, stay: String },
}

/// A record that was found.
pub(crate) struct Found<'a> {
    pub place: &'static Place,
    pub offer: &'a Offer,
    pub household: &'a Household,
    pub member: &'a Member,
}

impl Registers {
    /// Reads the file, or the one that comes with the kiosk if it is not there.
    ///
    /// # Errors
    /// [`RegistersError`].
    pub fn read(file: &Path) -> Result<Self, RegistersError> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::parse(BUILT_IN),
            Err(error) => Err(error.into()),
        }
    }

    fn parse(text: &str) -> Result<Self, RegistersError> {
        let read: Self = serde_json::from_str(text)?;
        let named = read.households.iter().map(|household| household.municipality);
        let mut named = named.chain(read.municipalities.keys().copied());
        match named.find(|code| inrou_words::place(*code).is_none()) {
            Some(code) => Err(RegistersError::Place(code)),
            None => Ok(read),
        }
    }

    /// Where somebody's record stands.
    ///
    /// # Errors
    /// [`Refusal::NotOffered`], [`Refusal::MovedAway`], [`Refusal::NoRecord`].
    pub(crate) fn find(&self, person: &Person) -> Result<Found<'_>, Refusal> {
        let place = place_of(&person.address).ok_or(Refusal::NoRecord)?;
        let offer = self.municipalities.get(&place.code).ok_or(Refusal::NotOffered)?;
        let is_it = |member: &&Member| {
            let is_born = member.birth_date.is_none_or(|day| day == person.birth_date);
            is_born && is_same(&member.name, &person.name)
        };
        let of_name = self.households.iter().flat_map(|household| {
            household.members.iter().filter(is_it).map(move |member| (household, member))
        });
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            of_name.partition(|(household, _)| household.municipality == place.code);
        match (here.as_slice(), elsewhere.is_empty()) {
            ([(household, member)], _) => Ok(Found { place, offer, household, member }),
            ([], false) => Err(Refusal::MovedAway),
            // Of two it is not known which.
            _ => Err(Refusal::NoRecord),
        }
    }
}

/// The municipality that an address begins with.
fn place_of(address: &str) -> Option<&'static Place> {
    let address: String = address.chars().filter(|c| !c.is_whitespace()).collect();
    let begins = |place: &&Place| {
        let rest = address.strip_prefix(place.prefecture.kanji);
        rest.is_some_and(|rest| rest.starts_with(place.municipality.kanji))
    };
    let found = places().iter().filter(begins);
    found.max_by_key(|place| place.municipality.kanji.chars().count())
}

/// Whether two spellings are one name: spaces count for nothing, nor which variation of a character is meant;
/// wide letters are narrow ones.
fn is_same(one: &str, other: &str) -> bool {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
        }
        other => other,
    };
    let plain = |name: &str| -> Vec<char> {
        name.chars().map(narrow).filter(|c| !c.is_whitespace() && !is_selector(*c)).collect()
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    pub(crate) fn somebody(name: &str, address: &str) -> Person {
        Person {
            id: "a".to_owned(),
            name: name.to_owned(),
            address: address.to_owned(),
            birth_date: date(1988, 6, 12),
        }
    }

    #[test]
    fn use_3_a_record_is_found_by_address_and_name_and_each_refusal_has_its_reason() {
        let registers = Registers::parse(BUILT_IN).unwrap();
        let found = |name, address| match registers.find(&somebody(name, address)) {
            Ok(found) => Ok((found.place.code.to_string(), found.member.name.clone())),
            Err(refusal) => Err(refusal),
        };
        let hana = ("13221".to_owned(), "水野　花".to_owned());
        assert_eq!(found("水野 花", "東京都清瀬市見本町１－２－３"), Ok(hana.clone()));
        assert_eq!(found("水野花", "東京都 清瀬市見本町9"), Ok(hana.clone()));
        let address = "東京都清瀬市見本町１－２－３";
        assert_eq!(found("水\u{e0100}野　花\u{fe00}", address), Ok(hana), "another variation");
        assert_eq!(found("水野　花", "大阪府大阪市北区見本町４"), Err(Refusal::MovedAway));
        assert_eq!(found("平田　明", "広島県広島市中区見本町５－６－７"), Err(Refusal::NotOffered));
        assert_eq!(found("水野　華", "東京都清瀬市見本町１－２－３"), Err(Refusal::NoRecord));
        assert_eq!(found("水野　花", "見本町"), Err(Refusal::NoRecord));
        let foreign = "静岡県浜松市中央区見本町８－９";
        assert!(found("GARCIA MARIA ELENA", foreign).is_ok());
    }

    #[test]
    fn of_two_with_one_name_neither_gets_the_others_record() {
        let text =
            BUILT_IN.replacen("見本　携", "見本　成子", 2).replacen("見本　鍵子", "見本　成子", 2);
        let registers = Registers::parse(&text).unwrap();
        let person = somebody("見本　成子", "東京都清瀬市見本町９－１");
        assert_eq!(registers.find(&person).err(), Some(Refusal::NoRecord));
        let hana = Registers::parse(&BUILT_IN.replace(
            "\"name\": \"水野　花\"",
            "\"name\": \"水野　花\", \"birth_date\": \"1999-09-09\"",
        ));
        let person = somebody("水野　花", "東京都清瀬市見本町１－２－３");
        assert_eq!(hana.unwrap().find(&person).err(), Some(Refusal::NoRecord));
    }

    #[test]
    fn fees_are_bounded_and_so_is_what_copies_cost() {
        let with = |fee: &str| {
            Registers::parse(&BUILT_IN.replacen(
                r#""13221": { "fee": 200"#,
                &format!(r#""13221": {{ "fee": {fee}"#),
                1,
            ))
        };
        let most = with("10000").unwrap();
        let offer = &most.municipalities[&"13221".parse().unwrap()];
        assert_eq!((offer.fee.of(1), offer.fee.of(u8::MAX)), (10_000, 2_550_000));
        for fee in ["10001", "18446744073709551615", "18446744073709551616", "-1", "1.5"] {
            assert!(matches!(with(fee), Err(RegistersError::Malformed(_))), "{fee}");
        }
    }

    #[test]
    fn a_file_of_the_users_own_takes_the_place_of_the_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        assert!(Registers::read(&file).is_ok());
        for (text, is_right) in [
            (r#"{"about": {}, "municipalities": {}, "households": []}"#, true),
            (r#"{"about": {}, "municipalities": {}}"#, false),
            (
                r#"{"about": {}, "municipalities": {"99999": {"fee": 1, "mayor": ""}}, "households": []}"#,
                false,
            ),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(Registers::read(&file).is_ok(), is_right, "{text}");
        }
    }
}
