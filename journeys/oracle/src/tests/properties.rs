//! What holds after any acts in any order.

use jiff::SignedDuration;
use jiff::civil::date;

use super::super::pins::Tries;
use super::*;

/// Xorshift, so that every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

const USES: [Uses; 4] = [Uses::BOTH, Uses::SIGNATURE, Uses::AUTHENTICATION, Uses::NONE];

fn entry(random: &mut Random) -> Entry {
    match random.below(16) {
        0 => Entry::wrong(1 + random.below(3) as u8),
        1 => Entry::right_after(random.below(4) as u8),
        _ => Entry::RIGHT,
    }
}

fn twice(random: &mut Random, usage: Use) -> Twice {
    match (random.below(8), usage) {
        (0, _) => Twice::different("1234", "ABC123"),
        (_, Use::Signature) => Twice::same("ABC123"),
        (_, Use::Authentication) => Twice::same("1234"),
    }
}

fn at_the_counter(random: &mut Random, world: &World, resident: ResidentId) -> Act {
    let home = world.residents[resident.0].municipality;
    let at = if random.one_in(10) { random.of(&[TOWN, OTHER_TOWN]) } else { home };
    let by = if random.one_in(10) { Person::Proxy } else { Person::InPerson };
    let uses = random.of(&USES);
    let new_signature = random.one_in(2);
    match random.below(24) {
        0..5 => Act::IssueCard { resident, at, uses, by },
        5..7 => Act::ReissueCard { resident, at, uses, by },
        7..10 => Act::AddCertificates { resident, at, uses, by },
        10 => Act::StopCertificates { resident, at, uses, by },
        11..14 => Act::RenewCertificates { resident, at, uses, by },
        14..17 => {
            let attribute = random.of(&[
                Attribute::Name,
                Attribute::Address,
                Attribute::Readings,
                Attribute::Sex,
                Attribute::MoveTo(TOWN),
                Attribute::MoveTo(OTHER_TOWN),
                Attribute::BirthDate(date(2009, 12, 3)),
            ]);
            Act::Change { resident, at, attribute, new_signature, by }
        }
        17 if random.one_in(8) => Act::Die { resident, at },
        18 if random.one_in(8) => Act::MoveAbroad { resident, at },
        17..19 => Act::ReportCardLost { resident, at, by },
        19..22 => Act::CardFound { resident, at, new_signature, by },
        _ => {
            let key = random.of(&[CardKey::Signature, CardKey::Authentication, CardKey::CardFace]);
            let new = random.of(&["1234", "ABC123"]).to_owned();
            Act::Unlock { resident, at, key, new, by }
        }
    }
}

fn on_a_phone(random: &mut Random, resident: ResidentId, phone: PhoneId) -> Act {
    let key = random.of(&[Use::Signature, Use::Authentication]);
    match random.below(30) {
        0..9 => Act::Apply(Apply {
            phone,
            card: resident,
            menu: random.of(&[FIRST, FIRST, MOVES, Menu::ChangeOfPhone { consent: false }]),
            uses: random.of(&USES),
            confirmed: !random.one_in(10),
            password: entry(random),
            card_face_pin: entry(random),
            face_matches: !random.one_in(10),
        }),
        9 => Act::Complete { phone, pins: pins(random.of(&USES)) },
        10..13 => Act::Register { phone },
        13..16 => Act::LogIn { phone, pin: entry(random) },
        16..19 => Act::Sign { phone, password: entry(random) },
        19..21 => Act::ChangePin { phone, key, old: entry(random), new: twice(random, key) },
        21..23 => {
            let (password, new) = (entry(random), twice(random, key));
            Act::ResetPin { phone, key, card: resident, password, new }
        }
        23 => {
            let by = match random.below(2) {
                0 => Proof::PhonePassword(entry(random)),
                _ => Proof::Card(resident, entry(random)),
            };
            Act::RevokeOwn { phone, confirmed: !random.one_in(10), by }
        }
        24 => Act::RevokeOther { from: phone, card: resident, password: entry(random) },
        25 => {
            let card = (!random.one_in(5)).then_some(resident);
            Act::Resume { phone, card, password: entry(random) }
        }
        _ => Act::ComeOnline { phone },
    }
}

fn any_act(random: &mut Random, world: &World) -> Act {
    let mut resident = ResidentId(random.below(world.residents.len()));
    let mut phone = PhoneId(random.below(world.phones.len()));
    // Often somebody acts on the phone that carries that person's certificates.
    if let Some((own, id)) = world.on_phones_of(resident).first().copied()
        && random.one_in(2)
    {
        phone = own;
        if world.is_held(id) && random.one_in(3) {
            return Act::Resume { phone, card: Some(resident), password: entry(random) };
        }
    } else if let Some(holder) = world.carries_of(phone)
        && !random.one_in(4)
    {
        resident = holder;
    }
    if world.card_is_lost(resident) && random.one_in(3) {
        let (at, new_signature) = (world.residents[resident.0].municipality, !random.one_in(4));
        return Act::CardFound { resident, at, new_signature, by: Person::InPerson };
    }
    // Half of the time, go on with what somebody has begun.
    let next = |phone: PhoneId| match world.stage(phone)? {
        ApplicationStage::Begun => {
            let uses = world.phones[phone.0].application.as_ref()?.uses;
            Some(Act::Complete { phone, pins: pins(uses) })
        }
        ApplicationStage::Ready => Some(Act::Register { phone }),
        _ => None,
    };
    let begun: Vec<_> = (0..world.phones.len()).map(PhoneId).filter_map(next).collect();
    if !begun.is_empty() && random.one_in(2) {
        return random.of(&begun);
    }
    match random.below(24) {
        0..4 => at_the_counter(random, world, resident),
        4 => random.of(&[
            Act::HoldCard { resident },
            Act::HoldPhone { resident },
            Act::HoldPhone { resident },
            Act::HoldPhone { resident },
            Act::RevokePhone { resident },
        ]),
        5 => match random.below(2) {
            0 => Act::CardLogIn { resident, pin: entry(random) },
            _ => Act::CardSign { resident, password: entry(random) },
        },
        _ => on_a_phone(random, resident, phone),
    }
}

fn town(random: &mut Random) -> World {
    let mut world = World::new(jst(2025, 10, 1, 10, 0));
    // docs/assumptions.md, CARD-11.
    world.decided.push((Question::CallReportsLoss, true));
    world.holidays.push(date(2025, 10, 13));
    world.add_resident(date(1980, 2, 17), TOWN);
    world.add_resident(date(2004, 2, 29), OTHER_TOWN);
    world.add_resident(date(2010, 11, 20), TOWN);
    for _ in 0..2 {
        world.add_phone(Platform::Android, true);
        world.add_phone(Platform::Iphone, true);
    }
    world.add_phone(Platform::Android, false);
    world.settings.card_hold_includes_phone = random.one_in(2);
    // Most have a card with both.
    for resident in [ResidentId(0), ResidentId(1), ResidentId(2)] {
        let at = world.residents[resident.0].municipality;
        let uses = if resident == ResidentId(2) { Uses::AUTHENTICATION } else { Uses::BOTH };
        world.act(&Act::IssueCard { resident, at, uses, by: Person::InPerson }, world.now);
    }
    world
}

fn later(random: &mut Random, world: &World) -> Timestamp {
    let soon = world.now + SignedDuration::from_hours(72);
    let next = world.next_moment().unwrap_or(world.now);
    match random.below(100) {
        0 => world.now + SignedDuration::from_hours(24 * random.below(600) as i64),
        1 => next,
        2..8 => world.now + SignedDuration::from_hours(random.below(60) as i64),
        8..50 if next < soon => next,
        _ => world.now + SignedDuration::from_mins(random.below(20) as i64),
    }
}

/// The world without what a refused act may change: tries, and a deletion that takes place because
/// the phone is on the network.
fn without_tries(world: &World) -> World {
    let mut world = world.clone();
    for card in &mut world.cards {
        card.signature = Tries::SIGNATURE;
        card.authentication = Tries::AUTHENTICATION;
        card.card_face = Tries::CARD_FACE;
    }
    for phone in &mut world.phones {
        phone.signature = Tries::SIGNATURE;
        phone.authentication = Tries::AUTHENTICATION;
        phone.deletion = Deletion::Nothing;
    }
    for certificate in &mut world.certificates {
        if matches!(certificate.standing, Standing::Ended { .. }) {
            certificate.place = Place::Gone;
        }
    }
    world
}

fn check(before: &World, after: &World, act: &Act) {
    // READY-3: never two live phones for one resident, nor two residents on one phone.
    for resident in (0..after.residents.len()).map(ResidentId) {
        let live = after.on_phones_of(resident);
        let mut phones: Vec<_> =
            live.iter().filter(|(_, id)| !after.is_over(*id)).map(|(phone, _)| *phone).collect();
        phones.dedup();
        phones.sort_unstable();
        phones.dedup();
        assert!(phones.len() <= 1, "{act:?}: {resident:?} is live on {phones:?}");
    }
    for phone in (0..after.phones.len()).map(PhoneId) {
        let carried = after.carried_by(phone);
        let mut holders: Vec<_> = carried.iter().map(|id| after.certificate(*id).holder).collect();
        holders.sort_unstable();
        holders.dedup();
        assert!(holders.len() <= 1, "{act:?}: {phone:?} carries {holders:?}");
        for usage in [Use::Signature, Use::Authentication] {
            let live = |id: &&CertificateId| {
                after.certificate(**id).usage == usage && !after.is_over(**id)
            };
            assert!(carried.iter().filter(live).count() <= 1, "{act:?}: two of a use");
        }
    }
    for (index, now) in after.certificates.iter().enumerate() {
        let id = CertificateId(index);
        // LOSS-2, CARD-12: a held signature certificate is never good again; what ended stays so.
        let was_held = before.certificates.get(index).is_some_and(|_| before.is_held(id));
        if was_held && now.usage == Use::Signature {
            assert_ne!(now.standing, Standing::Good, "{act:?}");
        }
        if index < before.certificates.len() && before.has_ended(id) {
            assert!(after.has_ended(id), "{act:?}");
        }
        // CARD-3.
        if index >= before.certificates.len() && now.usage == Use::Signature {
            assert!(after.has_age(now.holder, 15), "{act:?}");
        }
        // VALID-1.
        if let Some(source) = now.source {
            assert!(now.not_after <= after.certificate(source).not_after);
        }
        // VALID-5.
        if let Standing::Ended { reasons, since, at, .. } = now.standing {
            assert!(!reasons.is_empty() && since.to <= after.now && since.from <= at.to);
        }
        // USE-1: what is held or has ended is of no use anywhere.
        let status = after.status(id, StatusService::Ocsp);
        assert!(!status.is_empty());
        if now.standing != Standing::Good {
            assert!(!after.is_usable(id));
        }
    }
}

/// In every way that an act may go the properties hold; then the world goes one of them.
#[test]
fn properties_hold_after_any_acts() {
    let (mut done, mut refused, mut open, mut registered) = (0, 0, 0, 0);
    for life in 1..=400u64 {
        let mut random = Random(life.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut world = town(&mut random);
        for _ in 0..120 {
            let mut passed = world.clone();
            passed.pass(later(&mut random, &world));
            check(&world, &passed, &Act::ComeOnline { phone: PhoneId(0) });
            world = passed;
            let act = any_act(&mut random, &world);
            let ways = world.ways(&act);
            open += usize::from(ways.len() > 1);
            for way in &ways {
                check(&world, &way.world, &act);
                if let Expected::Refused { rules } = &way.expected {
                    assert!(!rules.is_empty());
                    let (before, after) = (without_tries(&world), without_tries(&way.world));
                    assert_eq!(before, after, "{act:?} was refused");
                }
            }
            let way = random.of(&ways);
            match &way.expected {
                Expected::Done(changes) => {
                    done += 1;
                    let new = |change: &&Change| matches!(change, Change::Registered(_));
                    registered += changes.iter().filter(new).count();
                }
                _ => refused += 1,
            }
            world.settle(way);
        }
        let look = world.look();
        assert_eq!(look.certificates.len(), world.certificates.len());
        for resident in (0..world.residents.len()).map(ResidentId) {
            assert_eq!(world.offers(resident).len(), 30);
        }
    }
    // The acts are not all idle.
    assert!(done > 2000 && refused > 2000 && open > 500, "{done} {refused} {open}");
    assert!(registered > 200, "{registered}");
}

/// Acts done twice: a repeat either is refused or changes nothing.
#[test]
fn a_repeat_changes_nothing() {
    for life in 1..=60u64 {
        let mut random = Random(life.wrapping_mul(0xD134_2543_DE82_EF95) | 1);
        let mut world = town(&mut random);
        for _ in 0..100 {
            world.pass(later(&mut random, &world));
            let act = any_act(&mut random, &world);
            let way = random.of(&world.ways(&act));
            let was_done = matches!(way.expected, Expected::Done(_));
            world.settle(way);
            let repeats = matches!(
                act,
                Act::HoldCard { .. }
                    | Act::HoldPhone { .. }
                    | Act::RevokePhone { .. }
                    | Act::RevokeOwn { .. }
                    | Act::RevokeOther { .. }
                    | Act::Register { .. }
                    | Act::StopCertificates { .. }
                    | Act::Die { .. }
                    | Act::MoveAbroad { .. }
                    | Act::ReportCardLost { .. }
                    | Act::ComeOnline { .. }
            );
            if was_done && repeats {
                for way in world.ways(&act) {
                    let (once, again) = (without_tries(&world), without_tries(&way.world));
                    assert_eq!(once, again, "{act:?}");
                }
            }
        }
    }
}
