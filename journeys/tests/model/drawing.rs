//! Draws a town and what happens there: mostly what can come about, now and then what cannot.

use inrou_oracle::{
    Act, Apply, Attribute, CardKey, Entry, Menu, Municipality, NewPins, Outcome, Person, PhoneId,
    Platform, Proof, ResidentId, Twice, Use, Uses, World, japan,
};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::chance::Chance;
use crate::decided::LAST_YEAR;
use crate::gate::Mishap;
use crate::script::{Script, Step};
use crate::things::{CARD_PASSWORD, CARD_PIN, PHONE_PASSWORD, PHONE_PIN};
use crate::town::PLACES;

/// How many live in a town, with how many phones.
pub const RESIDENTS: usize = 3;
const PHONES: usize = 4;

/// How often an act is drawn anew that cannot come about.
const REDRAWN: usize = 6;

/// A town, without what happens in it.
pub fn town(chance: &mut Chance) -> Script {
    let births = [
        date(1980, 2, 29),
        date(1990, 11, 22),
        date(1988, 6, 12),
        // Fifteen soon.
        date(2011, 11, 23),
        // Eighteen soon; a child.
        date(2008, 12, 1),
        date(2016, 3, 1),
    ];
    let resident = |chance: &mut Chance| {
        let grown_up: &Date = &births[chance.below(3)];
        let birth = if chance.once_in(4) { chance.one_of(&births) } else { grown_up };
        (*birth, PLACES[usize::from(chance.once_in(4))])
    };
    let phone = |chance: &mut Chance| {
        if chance.once_in(4) { Platform::Iphone } else { Platform::Android }
    };
    Script {
        residents: (0..RESIDENTS).map(|_| resident(chance)).collect(),
        phones: (0..PHONES).map(|_| phone(chance)).collect(),
        steps: Vec::new(),
    }
}

/// What happens next.
pub fn step(chance: &mut Chance, world: &World) -> Step {
    // Hardly anything comes about without a card.
    let without = (0..world.residents.len()).find(|index| world.residents[*index].card.is_none());
    if let Some(resident) = without.filter(|_| chance.once_in(2)).map(ResidentId) {
        let (at, by) = (world.residents[resident.0].municipality, Person::InPerson);
        let grown_up = world.has_age(resident, 15);
        let uses = if grown_up { Uses::BOTH } else { Uses::AUTHENTICATION };
        let act = Act::IssueCard { resident, at, uses, by };
        return Step::Act { act, mishap: None, repeats: false };
    }
    match chance.below(100) {
        0..18 => Step::Turn(turn(chance, world)),
        18..20 => Step::Crash,
        20..28 => {
            let mishap = (chance.below(6), *chance.one_of(&Mishap::ALL));
            Step::Act { act: act(chance, world), mishap: Some(mishap), repeats: false }
        }
        28..36 => together(chance, world),
        36..42 => Step::Act { act: act(chance, world), mishap: None, repeats: true },
        _ => Step::Act { act: act(chance, world), mishap: None, repeats: false },
    }
}

/// To when the clock is turned: near to where something changes, and far away.
fn turn(chance: &mut Chance, world: &World) -> Timestamp {
    let now = world.now;
    let today = japan::day_of(now);
    let minutes = |minutes: usize| SignedDuration::from_mins(minutes as i64);
    let (hour, second) = (SignedDuration::from_hours(1), SignedDuration::from_secs(1));
    let day = |days: usize| today.saturating_add((days as i64).days());
    let to = match chance.below(22) {
        0..4 => now + minutes(1 + chance.below(40)),
        4 => now + hour * (1 + chance.below(20)) as i32,
        5..8 => japan::at(today, 8, 0, 0),
        8 => japan::at(today, 7, 59, 59),
        9 => japan::at(today, 19, 29, 59),
        10 => japan::at(today, 19, 30, 0),
        11 => japan::at(day(1), 0, 0, 0),
        12 => now + hour * 48,
        13..15 => world.next_moment().unwrap_or(now + hour),
        15 => japan::at(day(1 + chance.below(60)), 10, 0, 0),
        16 => {
            let birth = world.residents[chance.below(world.residents.len())].birth;
            let next = japan::at(japan::birthday_after(birth, today, 1), 0, 0, 0);
            if chance.once_in(2) { next - second } else { next }
        }
        17 => {
            let all = &world.certificates;
            let end = (!all.is_empty()).then(|| all[chance.below(all.len())].not_after);
            end.map_or(now + hour, |end| end - SignedDuration::from_hours(24 * 92))
        }
        18 => japan::at(day(200 + chance.below(1000)), 10, 0, 0),
        _ => japan::at(day(1), 9, 0, 0),
    };
    let to = if to <= now { to + SignedDuration::from_hours(24) } else { to };
    Timestamp::from_second(to.max(now).as_second()).expect("a moment of this century").max(now)
}

/// What somebody does.
pub fn act(chance: &mut Chance, world: &World) -> Act {
    for _ in 0..REDRAWN {
        let drawn = any_act(chance, world);
        let comes_to = |outcome| !matches!(outcome, Outcome::Fails(_));
        if is_told_apart(&drawn, world) && (comes_to(world.foresee(&drawn)) || chance.once_in(5)) {
            return drawn;
        }
    }
    loop {
        let drawn = any_act(chance, world);
        if is_told_apart(&drawn, world) {
            return drawn;
        }
    }
}

/// Two who do something at once, with nothing of the same in their hands.
fn together(chance: &mut Chance, world: &World) -> Step {
    let mut one = act(chance, world);
    for _ in 0..REDRAWN {
        let other = act(chance, world);
        match (at_hand(&one), at_hand(&other)) {
            (Some(here), Some(there)) if here.iter().all(|thing| !there.contains(thing)) => {
                return Step::Together(one, other);
            }
            _ => one = other,
        }
    }
    Step::Act { act: one, mishap: None, repeats: false }
}

#[derive(PartialEq)]
enum Thing {
    Card(ResidentId),
    Phone(PhoneId),
    /// The record at the counter: of two who change it at once, one has to begin anew.
    Record(ResidentId),
}

/// What an act takes in one's hands; `None` for one that takes several steps at the service, between
/// which another's may come.
fn at_hand(act: &Act) -> Option<Vec<Thing>> {
    match *act {
        Act::HoldCard { .. } | Act::HoldPhone { .. } | Act::RevokePhone { .. } => Some(Vec::new()),
        Act::Die { resident, .. }
        | Act::MoveAbroad { resident, .. }
        | Act::Change { resident, new_signature: false, .. } => Some(vec![Thing::Record(resident)]),
        Act::Apply(Apply { phone, card, .. })
        | Act::RevokeOther { from: phone, card, .. }
        | Act::Resume { phone, card: Some(card), .. } => {
            Some(vec![Thing::Phone(phone), Thing::Card(card)])
        }
        Act::Complete { phone, .. } | Act::Register { phone } | Act::ComeOnline { phone } => {
            Some(vec![Thing::Phone(phone)])
        }
        _ => None,
    }
}

/// Whether the service has a way to be asked for this, and not for something near to it.
fn is_told_apart(act: &Act, world: &World) -> bool {
    match act {
        // The clerk's screen adds what the card does not carry.
        Act::AddCertificates { resident, uses, .. } => {
            let lacks = |usage| {
                let there = world.latest_on_card(*resident, usage);
                there.is_none_or(|id| world.has_ended(id) || world.is_over(id))
            };
            *uses != Uses::NONE && uses.each().all(lacks)
        }
        Act::StopCertificates { uses, .. } => *uses != Uses::NONE,
        // IPHONE-2 is planned: the service gives either alone to an iPhone as well.
        Act::Apply(apply) => {
            let iphone = world.phones[apply.phone.0].platform == Platform::Iphone;
            !iphone || apply.uses == Uses::BOTH || apply.uses == Uses::NONE
        }
        // The app's own matter, which asks the authority first whether the phone is held.
        Act::ChangePin { phone, .. } => {
            !world.carried_by(*phone).iter().any(|id| world.is_held(*id))
        }
        // Whether an evening of a year to come is a holiday's is not known to the oracle.
        Act::RevokePhone { .. } => {
            let local = japan::civil(world.now);
            local.year() <= LAST_YEAR || !(17..21).contains(&local.hour())
        }
        _ => true,
    }
}

fn any_act(chance: &mut Chance, world: &World) -> Act {
    let resident = ResidentId(chance.below(world.residents.len()));
    let phone = PhoneId(chance.below(world.phones.len()));
    let home = world.residents[resident.0].municipality;
    let at = if chance.once_in(16) { *chance.one_of(&PLACES) } else { home };
    let by = if chance.once_in(16) { Person::Proxy } else { Person::InPerson };
    let uses = *chance.weighed(&[
        (6, Uses::BOTH),
        (3, Uses::SIGNATURE),
        (2, Uses::AUTHENTICATION),
        (1, Uses::NONE),
    ]);
    // Mostly the card of who has something to do with the phone.
    let holder = world.carries_of(phone).or_else(|| {
        world.phones[phone.0].application.as_ref().map(|application| application.applicant)
    });
    let card = holder.filter(|_| !chance.once_in(5)).unwrap_or(resident);
    let key = if chance.once_in(2) { Use::Signature } else { Use::Authentication };
    match *chance.weighed(&[
        (9, 0),
        (2, 1),
        (2, 2),
        (3, 3),
        (3, 4),
        (1, 5),
        (3, 6),
        (2, 7),
        (3, 8),
        (3, 9),
        (2, 10),
        (16, 11),
        (14, 12),
        (14, 13),
        (4, 14),
        (4, 15),
        (2, 16),
        (3, 17),
        (3, 18),
        (3, 19),
        (5, 20),
        (8, 21),
        (3, 22),
    ]) {
        0 => Act::IssueCard { resident, at, uses, by },
        1 => Act::AddCertificates { resident, at, uses, by },
        2 => Act::StopCertificates { resident, at, uses, by },
        3 => Act::RenewCertificates { resident, at, uses, by },
        4 => {
            let attribute = attribute(chance, world, resident);
            let at = match attribute {
                Attribute::MoveTo(to) => to,
                _ => at,
            };
            Act::Change { resident, at, attribute, new_signature: chance.once_in(2), by }
        }
        5 if chance.once_in(3) => Act::Die { resident, at },
        5 => Act::MoveAbroad { resident, at },
        6 => Act::CardFound { resident, at, new_signature: chance.once_in(2), by },
        7 => {
            let key = [CardKey::Signature, CardKey::Authentication, CardKey::CardFace];
            let key = key[chance.below(3)];
            let new = if key == CardKey::Signature { CARD_PASSWORD } else { CARD_PIN };
            Act::Unlock { resident, at, key, new: new.to_owned(), by }
        }
        8 => Act::HoldCard { resident },
        9 => Act::HoldPhone { resident },
        10 => Act::RevokePhone { resident },
        11 => {
            let consent = !chance.once_in(8);
            let menu =
                if chance.once_in(3) { Menu::ChangeOfPhone { consent } } else { Menu::First };
            Act::Apply(Apply {
                phone,
                card: if chance.once_in(2) { card } else { resident },
                menu,
                uses,
                confirmed: !chance.once_in(20),
                password: entry(chance),
                card_face_pin: Entry::RIGHT,
                face_matches: true,
            })
        }
        12 => Act::Complete { phone, pins: pins(world, phone) },
        13 => Act::Register { phone },
        14 => Act::LogIn { phone, pin: entry(chance) },
        15 => Act::Sign { phone, password: entry(chance) },
        16 => Act::ChangePin { phone, key, old: entry(chance), new: new_pin(key) },
        17 => Act::ResetPin { phone, key, card, password: entry(chance), new: new_pin(key) },
        18 => {
            let by = if chance.once_in(2) {
                Proof::PhonePassword(entry(chance))
            } else {
                Proof::Card(card, entry(chance))
            };
            Act::RevokeOwn { phone, confirmed: true, by }
        }
        19 => Act::RevokeOther { from: phone, card: resident, password: entry(chance) },
        20 => {
            let card = (!chance.once_in(8)).then_some(card);
            Act::Resume { phone, card, password: entry(chance) }
        }
        21 => Act::ComeOnline { phone },
        _ if chance.once_in(2) => Act::CardLogIn { resident, pin: entry(chance) },
        _ => Act::CardSign { resident, password: entry(chance) },
    }
}

fn attribute(chance: &mut Chance, world: &World, resident: ResidentId) -> Attribute {
    let person = &world.residents[resident.0];
    match chance.below(12) {
        0..3 => Attribute::Name,
        3..6 => Attribute::Address,
        6..8 => {
            let others: Vec<Municipality> =
                PLACES.into_iter().filter(|place| *place != person.municipality).collect();
            Attribute::MoveTo(*chance.one_of(&others))
        }
        8 => Attribute::BirthDate(person.birth.saturating_add(if chance.once_in(2) {
            1.day()
        } else {
            (-1).day()
        })),
        9 => Attribute::Sex,
        _ => Attribute::Readings,
    }
}

fn entry(chance: &mut Chance) -> Entry {
    match chance.below(16) {
        0 => Entry::wrong(1),
        1 => Entry::wrong(2),
        2 => Entry::wrong(5),
        3 => Entry::right_after(1),
        _ => Entry::RIGHT,
    }
}

/// The PINs that the application on the phone asks for.
fn pins(world: &World, phone: PhoneId) -> NewPins {
    let application = world.phones[phone.0].application.as_ref();
    let wanted = application.map_or(Uses::NONE, |application| application.uses);
    NewPins {
        signature: wanted.signature.then(|| new_pin(Use::Signature)),
        authentication: wanted.authentication.then(|| new_pin(Use::Authentication)),
    }
}

fn new_pin(key: Use) -> Twice {
    match key {
        Use::Signature => Twice::same(PHONE_PASSWORD),
        Use::Authentication => Twice::same(PHONE_PIN),
    }
}
