//! The oracle told what the guides tell, step by step; and properties over random acts.

mod guide_s0;
mod guide_s1_s3;
mod guide_s2;
mod guide_s4;
mod open_questions;
mod properties;
mod tables;

use jiff::Timestamp;
use jiff::civil::date;

use super::causes::Reason;
use super::*;

pub const TOWN: Municipality = Municipality(13221);
pub const OTHER_TOWN: Municipality = Municipality(27100);

/// A moment in Japan.
pub fn jst(year: i16, month: i8, day: i8, hour: i8, minute: i8) -> Timestamp {
    japan::at(date(year, month, day), hour, minute, 0)
}

/// One grown-up in a town, whose card carries both certificates, and some phones.
pub struct Scene {
    pub world: World,
    pub now: Timestamp,
    pub me: ResidentId,
    pub android: PhoneId,
    pub new_android: PhoneId,
    pub iphone: PhoneId,
    pub new_iphone: PhoneId,
}

impl Scene {
    pub fn new() -> Scene {
        let mut scene = Scene::without_card();
        scene.does(Act::IssueCard {
            resident: scene.me,
            at: TOWN,
            uses: Uses::BOTH,
            by: Person::InPerson,
        });
        scene
    }

    /// A Wednesday morning.
    pub fn without_card() -> Scene {
        let now = jst(2025, 10, 1, 10, 0);
        let mut world = World::new(now);
        // docs/assumptions.md, CARD-11.
        world.decided.push((Question::CallReportsLoss, true));
        let me = world.add_resident(date(1980, 2, 17), TOWN);
        let android = world.add_phone(Platform::Android, true);
        let new_android = world.add_phone(Platform::Android, true);
        let iphone = world.add_phone(Platform::Iphone, true);
        let new_iphone = world.add_phone(Platform::Iphone, true);
        Scene { world, now, me, android, new_android, iphone, new_iphone }
    }

    pub fn moves_to(&mut self, now: Timestamp) {
        self.now = now;
        self.world.pass(now);
    }

    /// The act must be done, without anything left open.
    pub fn does(&mut self, act: Act) -> Vec<Change> {
        match self.world.act(&act, self.now) {
            Expected::Done(changes) => changes,
            other => panic!("{act:?} must be done, but: {}", outline(&other)),
        }
    }

    /// The act must be refused in every way, and this rule is among the reasons. The world goes
    /// the first way, in which nothing changes but what is sure to.
    pub fn refused(&mut self, act: Act, rule: &str) {
        let must = |expected: &Expected| match expected {
            Expected::Refused { rules } => {
                assert!(rules.contains(&rule), "{act:?} is refused by {rules:?}, not by {rule}");
            }
            other => panic!("{act:?} must be refused, but: {}", outline(other)),
        };
        match self.world.act(&act, self.now) {
            Expected::Either(mut ways) => {
                ways.iter().for_each(|way| must(&way.expected));
                self.world.settle(ways.remove(0));
            }
            other => must(&other),
        }
    }

    /// The act may be done or refused; the world goes the way of the first that is done.
    pub fn may_do(&mut self, act: Act) {
        let Expected::Either(ways) = self.world.act(&act, self.now) else {
            panic!("{act:?} must be left open");
        };
        assert!(ways.iter().any(|way| matches!(way.expected, Expected::Refused { .. })));
        let done = ways.into_iter().find(|way| matches!(way.expected, Expected::Done(_)));
        self.world.settle(done.expect("a way in which it is done"));
    }

    pub fn application(&self, phone: PhoneId, menu: Menu, uses: Uses) -> Act {
        Act::Apply(self.screens(phone, menu, uses))
    }

    pub fn screens(&self, phone: PhoneId, menu: Menu, uses: Uses) -> Apply {
        Apply {
            phone,
            card: self.me,
            menu,
            uses,
            confirmed: true,
            password: Entry::RIGHT,
            card_face_pin: Entry::RIGHT,
            face_matches: true,
        }
    }

    /// Applies and sets PINs; what is ready is not registered yet.
    pub fn applies(&mut self, phone: PhoneId, menu: Menu, uses: Uses) {
        self.does(self.application(phone, menu, uses));
        self.does(Act::Complete { phone, pins: pins(uses) });
    }

    pub fn gets_notice(&mut self, phone: PhoneId) {
        assert_eq!(self.world.notice(phone, self.now), Ok(()));
    }

    /// Applies in the daytime, gets the notice and registers.
    pub fn has_on(&mut self, phone: PhoneId, uses: Uses) {
        self.applies(phone, Menu::First, uses);
        self.gets_notice(phone);
        self.does(Act::Register { phone });
    }

    pub fn on_phone(&self, phone: PhoneId, usage: Use) -> CertificateId {
        self.world.latest(Medium::Phone(phone), usage).expect("a certificate on the phone")
    }

    pub fn on_card(&self, usage: Use) -> CertificateId {
        self.world.latest_on_card(self.me, usage).expect("a certificate on the card")
    }

    pub fn ocsp(&self, id: CertificateId) -> Vec<Status> {
        self.world.status(id, StatusService::Ocsp)
    }

    pub fn phone(&self, phone: PhoneId) -> PhoneSeen {
        self.world.look().phones[phone.0].clone()
    }

    pub fn logs_in(&self, phone: PhoneId) -> bool {
        self.phone(phone).log_in == Outcome::Succeeds
    }

    pub fn signs(&self, phone: PhoneId) -> bool {
        self.phone(phone).sign == Outcome::Succeeds
    }

    /// The certificate is revoked now, for this reason alone.
    pub fn is_revoked(&self, id: CertificateId, reason: Reason) {
        let since = Between::at(self.now);
        let told = self.ocsp(id);
        let [Status::Revoked { reasons, since: told_since }] = told[..] else {
            panic!("not revoked: {told:?}");
        };
        assert_eq!(reasons, [reason]);
        assert_eq!(told_since, since);
    }
}

pub fn pins(uses: Uses) -> NewPins {
    NewPins {
        signature: uses.signature.then(|| Twice::same("PASSW0RD")),
        authentication: uses.authentication.then(|| Twice::same("1234")),
    }
}

pub const IN_PERSON: Person = Person::InPerson;
pub const FIRST: Menu = Menu::First;
pub const MOVES: Menu = Menu::ChangeOfPhone { consent: true };

fn outline(expected: &Expected) -> String {
    match expected {
        Expected::Either(ways) => {
            let each = ways.iter().map(|way| format!("{:?} by {:?}", way.expected, way.answers));
            each.collect::<Vec<_>>().join("; or ")
        }
        other => format!("{other:?}"),
    }
}
