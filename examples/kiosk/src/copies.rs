//! Who may have which copy, and when; and what stands in it.

use inrou_rules::{Sex, japan};
use jiff::Timestamp;
use jiff::civil::{Date, time};
use serde::{Deserialize, Serialize};

use crate::registers::{Found, Member, Origin};

/// The most copies at a time.
pub(crate) const MOST_COPIES: u8 = 5;

/// From this age on somebody may do it alone.
const AGE: i16 = 15;

/// Who stands at the kiosk. No `Debug`: nothing of it is for logs.
#[derive(Clone)]
pub(crate) struct Person {
    /// What the person is called here, by the provider or the authority: no attribute.
    pub id: String,
    pub name: String,
    pub address: String,
    pub birth_date: Date,
}

/// Why somebody gets no copy here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not from 6:30 to 23:00.
    Closed,
    /// It is the turn of the year, or the night before.
    TurnOfYear,
    /// The municipality has no copies issued in stores.
    NotOffered,
    /// Under fifteen.
    TooYoung,
    /// The record stood in another municipality, and the new one has none yet.
    MovedAway,
    /// The municipality has no record of that name.
    NoRecord,
    /// The log-in does not say by what it was answered.
    NoMedium,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Closed,
        Self::TurnOfYear,
        Self::NotOffered,
        Self::TooYoung,
        Self::MovedAway,
        Self::NoRecord,
        Self::NoMedium,
    ];

    /// What it is called in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::TurnOfYear => "turn-of-year",
            Self::NotOffered => "not-offered",
            Self::TooYoung => "too-young",
            Self::MovedAway => "moved-away",
            Self::NoRecord => "no-record",
            Self::NoMedium => "no-medium",
        }
    }

    /// The texts of why, and of how to go on.
    pub fn texts(self) -> [&'static str; 2] {
        match self {
            Self::Closed => ["kiosk-refusal.closed", "kiosk-now.closed"],
            Self::TurnOfYear => ["kiosk-refusal.turn-of-year", "kiosk-now.turn-of-year"],
            Self::NotOffered => ["kiosk-refusal.not-offered", "kiosk-now.counter"],
            Self::TooYoung => ["kiosk-refusal.too-young", "kiosk-now.parent"],
            Self::MovedAway => ["kiosk-refusal.moved-away", "kiosk-now.moved-away"],
            Self::NoRecord => ["kiosk-refusal.no-record", "kiosk-now.counter"],
            Self::NoMedium => ["kiosk-refusal.no-medium", "kiosk-now.by-card"],
        }
    }
}

/// What is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wish {
    /// The whole household, or the one person.
    pub household: bool,
    /// With the family register's place (本籍) and the name above it.
    pub honseki: bool,
    /// With the head of the household and the relation to that person.
    pub relation: bool,
    /// How many.
    pub copies: u8,
}

impl Default for Wish {
    fn default() -> Self {
        Self { household: false, honseki: false, relation: false, copies: 1 }
    }
}

/// Kiosks issue from 6:30 to 23:00, but for 12-29 to 1-3.
///
/// # Errors
/// [`Refusal::Closed`]; [`Refusal::TurnOfYear`], also in the night before, when none opens in the morning.
pub(crate) fn check_hours(now: Timestamp) -> Result<(), Refusal> {
    let now = japan::civil(now);
    let (opens, closes) = (time(6, 30, 0, 0), time(23, 0, 0, 0));
    match (now.month(), now.day()) {
        (12, 29..) | (1, ..=3) => Err(Refusal::TurnOfYear),
        (12, 28) if now.time() >= closes => Err(Refusal::TurnOfYear),
        (1, 4) if now.time() < opens => Err(Refusal::TurnOfYear),
        _ if (opens..closes).contains(&now.time()) => Ok(()),
        _ => Err(Refusal::Closed),
    }
}

/// # Errors
/// [`Refusal::TooYoung`].
pub(crate) fn check_age(person: &Person, now: Timestamp) -> Result<(), Refusal> {
    let is_of_age = japan::has_reached(person.birth_date, AGE, japan::day(now));
    if is_of_age { Ok(()) } else { Err(Refusal::TooYoung) }
}

/// A copy, as it is drawn.
pub(crate) struct Copy {
    /// `東京都清瀬市`.
    pub municipality: String,
    pub address: String,
    /// The head of the household, if wished for.
    pub head: Option<String>,
    /// For each person what is said, label and value.
    pub people: Vec<Vec<(&'static str, String)>>,
    /// Whether these are all of the household.
    pub is_whole: bool,
    pub mayor: String,
    pub day: Date,
    pub number: u32,
}

impl Copy {
    /// The copy of a record for the person whose it is. The My Number and the code of the record are in none.
    pub fn of(found: &Found<'_>, person: &Person, wish: Wish, number: u32, now: Timestamp) -> Self {
        let Found { place, offer, household, member } = found;
        let members = household.members.iter();
        let shown = members.filter(|each| wish.household || std::ptr::eq(*each, *member));
        let people: Vec<_> = shown
            .map(|each| {
                let own = std::ptr::eq(each, *member).then_some(person.birth_date);
                said(each, own.or(each.birth_date), wish)
            })
            .collect();
        Self {
            municipality: format!("{}{}", place.prefecture.kanji, place.municipality.kanji),
            address: person.address.clone(),
            head: wish.relation.then(|| household.head.clone()),
            is_whole: wish.household,
            people,
            mayor: offer.mayor.clone(),
            day: japan::day(now),
            number,
        }
    }

    /// Everything that is taken from a record.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let own = [&self.municipality, &self.address, &self.mayor].into_iter().chain(&self.head);
        let said = self.people.iter().flatten().map(|(_, value)| value);
        own.chain(said).map(String::as_str)
    }
}

fn said(member: &Member, born: Option<Date>, wish: Wish) -> Vec<(&'static str, String)> {
    let sex = match member.sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "不明",
    };
    let mut said = vec![
        ("氏名", member.name.clone()),
        ("生年月日", born.map_or_else(|| "不明".to_owned(), in_words)),
        ("性別", sex.to_owned()),
    ];
    if wish.relation {
        said.push(("続柄", member.relation.clone()));
    }
    said.push(("住所を定めた年月日", in_words(member.moved_in)));
    said.push(("前住所", member.before.clone()));
    match &member.origin {
        _ if !wish.honseki => {}
        Origin::Honseki { honseki, honseki_under } => {
            said.push(("本籍", honseki.clone()));
            said.push(("筆頭者", honseki_under.clone()));
        }
        Origin::Nationality { nationality, stay } => {
            said.push(("国籍・地域", nationality.clone()));
            said.push(("在留資格等", stay.clone()));
        }
    }
    said
}

/// `昭和63年6月12日`.
pub(crate) fn in_words(day: Date) -> String {
    const ERAS: [&str; 5] = ["明治", "大正", "昭和", "平成", "令和"];
    let era = japan::era(day).and_then(|(era, year)| {
        let name = ERAS.get(usize::from(era).checked_sub(1)?)?;
        let year = if year == 1 { "元".to_owned() } else { year.to_string() };
        Some(format!("{name}{year}"))
    });
    let year = era.unwrap_or_else(|| format!("西暦{}", day.year()));
    format!("{year}年{}月{}日", day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::registers::{BUILT_IN, FILE, Registers};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn use_3_kiosks_issue_from_half_past_six_to_eleven_but_at_the_turn_of_the_year() {
        let (closed, turn) = (Err(Refusal::Closed), Err(Refusal::TurnOfYear));
        for (time, expected) in [
            ("2026-11-24T06:29:59+09:00", closed),
            ("2026-11-24T06:30:00+09:00", Ok(())),
            ("2026-11-24T22:59:59+09:00", Ok(())),
            ("2026-11-24T23:00:00+09:00", closed),
            ("2026-12-28T06:29:59+09:00", closed),
            ("2026-12-28T22:59:59+09:00", Ok(())),
            ("2026-12-28T23:00:00+09:00", turn),
            ("2026-12-29T12:00:00+09:00", turn),
            ("2027-01-01T00:00:00+09:00", turn),
            ("2027-01-03T23:30:00+09:00", turn),
            ("2027-01-04T06:29:59+09:00", turn),
            ("2027-01-04T06:30:00+09:00", Ok(())),
            ("2027-01-04T23:00:00+09:00", closed),
        ] {
            assert_eq!(check_hours(at(time)), expected, "{time}");
        }
    }

    fn hana() -> Person {
        Person {
            id: "a".to_owned(),
            name: "水野　花".to_owned(),
            address: "東京都清瀬市見本町１－２－３".to_owned(),
            birth_date: date(1988, 6, 12),
        }
    }

    #[test]
    fn use_3_who_is_under_fifteen_is_refused_until_the_birthday() {
        let person = Person { birth_date: date(2011, 11, 24), ..hana() };
        let checked = |time| check_age(&person, at(time));
        assert_eq!(checked("2026-11-23T23:59:59+09:00"), Err(Refusal::TooYoung));
        assert_eq!(checked("2026-11-24T00:00:00+09:00"), Ok(()));
    }

    #[test]
    fn use_3_a_copy_has_what_was_wished_for_and_nothing_else() {
        let registers = Registers::read(std::path::Path::new(FILE)).unwrap();
        assert!(!BUILT_IN.contains("my_number"));
        let (person, now) = (hana(), at("2026-11-24T10:00:00+09:00"));
        let found = registers.find(&person).unwrap_or_else(|_| unreachable!("hana has a record"));
        let of = |wish| Copy::of(&found, &person, wish, 7, now);
        let labels = |copy: &Copy| -> Vec<_> {
            copy.people.iter().flatten().map(|(label, _)| *label).collect()
        };
        let single = of(Wish::default());
        assert_eq!(single.people.len(), 1);
        assert_eq!(labels(&single), ["氏名", "生年月日", "性別", "住所を定めた年月日", "前住所"]);
        assert_eq!(single.people[0][1].1, "昭和63年6月12日");
        assert!(single.head.is_none() && !single.is_whole);
        let all = of(Wish { household: true, honseki: true, relation: true, copies: 1 });
        assert_eq!(all.people.len(), 3);
        assert_eq!(labels(&all).iter().filter(|label| **label == "本籍").count(), 3);
        assert_eq!(labels(&all).iter().filter(|label| **label == "続柄").count(), 3);
        assert_eq!((all.number, all.day), (7, date(2026, 11, 24)));
    }

    #[test]
    fn days_are_written_by_era() {
        assert_eq!(in_words(date(2019, 5, 1)), "令和元年5月1日");
        assert_eq!(in_words(date(1925, 3, 9)), "大正14年3月9日");
        assert_eq!(in_words(date(1850, 1, 1)), "西暦1850年1月1日");
    }

    #[test]
    fn each_refusal_has_a_name_of_its_own_and_texts() {
        let mut names: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Refusal::ALL.len());
        let texts = Refusal::ALL.iter().flat_map(|refusal| refusal.texts());
        texts.for_each(|code| assert!(inrou_words::text(code).exists(), "{code}"));
    }
}
