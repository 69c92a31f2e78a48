//! Lives a script at the service and in the oracle's worlds at once, and holds the one against the others.
//!
//! Where the sources leave open what comes of an act, more than one world is possible: all are kept that
//! nothing seen has contradicted. The service is wrong, or the oracle is, when none is left.

use std::collections::BTreeMap;

use inrou_oracle::{Act, ApplicationStage, Expected, PhoneId, Platform, Question, World};
use inrou_rules as rules;
use jiff::Timestamp;

use crate::decided::DECIDED;
use crate::doing::{People, Resident, attributes, municipality};
use crate::judge::contradiction;
use crate::outcome::{Outcome, rules_of};
use crate::script::{START, Script, Step};
use crate::seen::{Look, Seen};
use crate::things::Phone;
use crate::town::Town;

/// How many worlds may be possible at a time.
const WORLDS: usize = 256;

/// Each how many steps everything is looked at.
const WHOLE: usize = 5;

pub struct Life {
    people: People,
    worlds: Vec<World>,
    steps: usize,
    /// Which answers to open questions were seen to be the service's, and how often.
    pub learnt: BTreeMap<(Question, bool), usize>,
    /// How often acts were done and refused.
    pub done: usize,
    pub refused: usize,
    /// What changes what is seen before it is judged: how a test proves that the judge can fail.
    pub lens: fn(&mut Seen),
}

/// Where a world comes from in this step.
type Way = (World, Vec<(Question, bool)>);

impl Life {
    pub async fn begin(script: &Script) -> Self {
        let start: Timestamp = START.parse().unwrap();
        let town = Town::at(start).await;
        let mut world = World::new(start);
        world.decided = DECIDED.iter().map(|(question, answer, _)| (*question, *answer)).collect();
        world.holidays = crate::decided::holidays();
        let (mut residents, mut phones) = (Vec::new(), Vec::new());
        for (birth, place) in &script.residents {
            world.add_resident(*birth, *place);
            residents.push(admit(&town, *birth, *place).await);
        }
        for platform in &script.phones {
            world.add_phone(*platform, true);
            let platform = match platform {
                Platform::Android => rules::Platform::Android,
                Platform::Iphone => rules::Platform::Iphone,
            };
            phones.push(Phone::new(&town, platform).await);
        }
        Self {
            people: People { town, residents, phones },
            worlds: vec![world],
            steps: 0,
            learnt: BTreeMap::new(),
            done: 0,
            refused: 0,
            lens: |_| {},
        }
    }

    /// One of the worlds that are possible now.
    pub fn world(&self) -> &World {
        &self.worlds[0]
    }

    pub async fn step(&mut self, step: &Step) -> Result<(), String> {
        let ways = match step {
            Step::Turn(to) if *to < self.people.now() => return Ok(()),
            Step::Turn(to) => {
                self.pass(*to);
                self.worlds.iter().map(|world| (world.clone(), Vec::new())).collect()
            }
            Step::Crash => {
                self.people.town.gate.crash();
                self.worlds.iter().map(|world| (world.clone(), Vec::new())).collect()
            }
            Step::Act { act, mishap, repeats } => {
                self.people.town.gate.expect(*mishap);
                let outcome = self.people.act(act, *repeats).await;
                self.people.town.gate.expect(None);
                self.count(&outcome)?;
                let ways: Vec<_> =
                    self.worlds.iter().flat_map(|world| ways(world, act, &outcome)).collect();
                if ways.is_empty() {
                    return Err(self.unexpected(act, &outcome));
                }
                ways
            }
            Step::Together(one, other) => self.together(one, other).await?,
        };
        self.people.town.work();
        self.steps += 1;
        let whole = self.steps.is_multiple_of(WHOLE);
        let mut seen = self.people.see(if whole { Look::Whole } else { Look::Quick }).await;
        (self.lens)(&mut seen);
        self.settle(ways, &seen)
    }

    /// Time passes, and at each moment at which something is due it is done.
    fn pass(&mut self, to: Timestamp) {
        loop {
            let next = self.worlds.iter().filter_map(World::next_moment).min();
            let next = next.map_or(to, |next| next.min(to));
            self.people.town.clock.advance_to(next);
            self.people.town.work();
            self.worlds.iter_mut().for_each(|world| world.pass(next));
            if next == to {
                return;
            }
        }
    }

    fn count(&mut self, outcome: &Outcome) -> Result<(), String> {
        match outcome {
            Outcome::Broken(why) => return Err(why.clone()),
            Outcome::Done => self.done += 1,
            _ => self.refused += 1,
        }
        Ok(())
    }

    /// Two acts that come at once came one after the other, whichever was first.
    async fn together(&mut self, one: &Act, other: &Act) -> Result<Vec<Way>, String> {
        let people = &self.people;
        let (first, second) = tokio::join!(people.act(one, false), people.act(other, false));
        self.count(&first)?;
        self.count(&second)?;
        let mut all = Vec::new();
        for world in &self.worlds {
            for [(a, came_of_a), (b, came_of_b)] in
                [[(one, &first), (other, &second)], [(other, &second), (one, &first)]]
            {
                for (between, answers) in ways(world, a, came_of_a) {
                    for (after, more) in ways(&between, b, came_of_b) {
                        all.push((after, [answers.clone(), more].concat()));
                    }
                }
            }
        }
        if all.is_empty() {
            return Err(format!(
                "{one:?} came to {first:?} and at once {other:?} to {second:?}: in neither order"
            ));
        }
        Ok(all)
    }

    /// The ways that nothing seen contradicts; what they have in common is learnt.
    fn settle(&mut self, ways: Vec<Way>, seen: &Seen) -> Result<(), String> {
        let mut left: Vec<Way> = Vec::new();
        let mut contradictions = Vec::new();
        for way in ways.into_iter().flat_map(with_notices) {
            match contradiction(&way.0, seen) {
                Some(why) => contradictions.push((why, way.1)),
                None if left.iter().any(|(world, _)| *world == way.0) => {}
                None => left.push(way),
            }
        }
        if left.is_empty() {
            contradictions.dedup();
            let shown: Vec<_> = contradictions
                .iter()
                .take(6)
                .map(|(why, by)| format!("{why} (if {by:?})"))
                .collect();
            return Err(format!("what is seen is in no world:\n  {}", shown.join("\n  ")));
        }
        if left.len() > WORLDS {
            return Err(format!("{} worlds are possible: too little is seen", left.len()));
        }
        for (question, answer) in left[0].1.clone() {
            if left.iter().all(|(_, answers)| answers.contains(&(question, answer))) {
                *self.learnt.entry((question, answer)).or_default() += 1;
            }
        }
        self.worlds = left.into_iter().map(|(world, _)| world).collect();
        Ok(())
    }

    fn unexpected(&self, act: &Act, outcome: &Outcome) -> String {
        let expected: Vec<String> = self
            .worlds
            .iter()
            .take(2)
            .flat_map(|world| world.ways(act))
            .map(|way| format!("{:?} (if {:?})", way.expected, way.answers))
            .collect();
        let rules = match outcome {
            Outcome::Refused(code) => rules_of(code),
            _ => Vec::new(),
        };
        format!("{act:?} came to {outcome:?} {rules:?}, not to\n  {}", expected.join("\n  "))
    }
}

/// The ways in which an act comes to this in a world.
fn ways(world: &World, act: &Act, outcome: &Outcome) -> Vec<Way> {
    let mut all = Vec::new();
    for way in world.ways(act).into_iter().filter(|way| agree(&way.expected, outcome)) {
        // REG-3 (assumption): an application that was begun on the phone gives way as soon as keys are
        // made for the next one, though that be refused.
        if let Act::Apply(apply) = act
            && *outcome != Outcome::Done
            && gives_way(world, apply.phone)
        {
            let mut given_way = way.world.clone();
            if let Some(application) = &mut given_way.phones[apply.phone.0].application {
                application.stage = ApplicationStage::Withdrawn;
            }
            all.push((given_way, way.answers.clone()));
        }
        all.push((way.world, way.answers));
    }
    all
}

/// Whether the application on a phone gives way to the next one: begun, or issued and expired since.
fn gives_way(world: &World, phone: PhoneId) -> bool {
    let application = world.phones[phone.0].application.as_ref();
    application.is_some_and(|application| match application.stage {
        ApplicationStage::Begun => true,
        ApplicationStage::Ready => application.certificates.iter().all(|id| world.is_over(*id)),
        _ => false,
    })
}

fn agree(expected: &Expected, outcome: &Outcome) -> bool {
    match (expected, outcome) {
        (Expected::Done(_), Outcome::Done) => true,
        (Expected::Refused { rules }, Outcome::Refused(code)) => {
            rules_of(code).iter().any(|rule| rules.contains(rule))
        }
        (Expected::Refused { rules }, Outcome::Pin) => {
            rules.iter().any(|rule| ["CARD-6", "PIN-1"].contains(rule))
        }
        (Expected::Refused { .. }, Outcome::Impossible) => true,
        _ => false,
    }
}

/// Each application that may be worked on by now has been, or has not.
fn with_notices((world, answers): Way) -> Vec<Way> {
    let mut all = vec![world];
    for phone in 0..all[0].phones.len() {
        for index in 0..all.len() {
            let (mut noticed, now) = (all[index].clone(), all[index].now);
            let waits = matches!(
                noticed.stage(PhoneId(phone)),
                Some(ApplicationStage::Waiting { from, .. }) if from <= now
            );
            // An error is an application that is rejected instead, which is a world as well.
            if waits {
                let _ = noticed.notice(PhoneId(phone), now);
                all.push(noticed);
            }
        }
    }
    for phone in 0..all[0].phones.len() {
        for index in 0..all.len() {
            // APPLY-4: one whose certificate has expired meanwhile may be rejected at any occasion.
            let world = &all[index];
            let application = world.phones[phone].application.as_ref();
            let over = application.is_some_and(|a| world.is_over(a.signed_by));
            if over && world.stage(PhoneId(phone)) == Some(ApplicationStage::Begun) {
                let mut rejected = world.clone();
                if let Some(application) = &mut rejected.phones[phone].application {
                    application.stage = ApplicationStage::Rejected;
                }
                all.push(rejected);
            }
        }
    }
    all.into_iter().map(|world| (world, answers.clone())).collect()
}

async fn admit(
    town: &Town,
    birth: jiff::civil::Date,
    place: inrou_oracle::Municipality,
) -> Resident {
    use inrou_api::wire::authority::{AdmitResident, ResidentAdmitted};
    let attributes = attributes(birth, place);
    let body = AdmitResident { municipality: municipality(place), attributes: attributes.clone() };
    let key = inrou_api::idempotency::IdempotencyKey::new(&inrou_pki::SystemEntropy);
    let call = town.counter(place).post("/residents").json(&body).once(&key);
    let admitted: ResidentAdmitted = call.answer().await.unwrap();
    Resident::new(admitted.resident, attributes, place)
}
