//! Random histories under a clock that is turned forward: no command ever breaks an invariant.

use std::collections::BTreeSet;

use inrou_rules::{
    ApplicationStage, CertificateId, ChipId, Command, Departure, Event, Invariant, Issuance,
    Medium, Municipality, OperatorAct, PhoneStage, Platform, Presence, Refusal, RevocationReason,
    RevocationWay, Serial, Use, Uses, apply, broken_invariants,
};
use jiff::SignedDuration;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::world::*;

/// One step: after some minutes, somebody asks for something. What it is about is picked from the
/// state at that time, mostly such that it makes sense.
#[derive(Clone, Debug)]
struct Step {
    minutes: i64,
    kind: Kind,
    uses: Uses,
    usage: Use,
    /// One time in eight: another municipality, a proxy, a wrong certificate, …
    odd: bool,
    flag: bool,
    enrolment: u8,
    chip: Index,
    certificate: Index,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Whatever comes next on the way to a registered phone.
    Next,
    IssueCard,
    Choose,
    ChangeRecord,
    Unlock,
    RecordCard,
    ActivateCard,
    Apply,
    Complete,
    RecordPhone,
    ActivatePhone,
    Revoke,
    ConfirmDeletion,
    ResetPin,
    Hold,
    Renew,
    FindCard,
    Depart,
    ChangePhone,
    RevokeOther,
    Resume,
    Watch,
    Operate,
}

fn step() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![
        6 => Just(0_i64),
        4 => 1..1_000_i64,
        2 => 1_000..100_000_i64,
        1 => 100_000..3_000_000_i64,
    ];
    let kind = prop_oneof![
        20 => Just(Kind::Next),
        1 => Just(Kind::IssueCard),
        2 => Just(Kind::Choose),
        1 => Just(Kind::ChangeRecord),
        1 => Just(Kind::Unlock),
        1 => Just(Kind::RecordCard),
        1 => Just(Kind::ActivateCard),
        2 => Just(Kind::Apply),
        1 => Just(Kind::Complete),
        1 => Just(Kind::RecordPhone),
        1 => Just(Kind::ActivatePhone),
        1 => Just(Kind::Revoke),
        1 => Just(Kind::ConfirmDeletion),
        1 => Just(Kind::ResetPin),
        1 => Just(Kind::Hold),
        1 => Just(Kind::Renew),
        1 => Just(Kind::FindCard),
        1 => Just(Kind::ChangePhone),
        1 => Just(Kind::Resume),
        1 => Just(Kind::Watch),
        1 => Just(Kind::Operate),
        1 => prop_oneof![Just(Kind::RevokeOther), Just(Kind::Depart)],
    ];
    let uses = prop_oneof![4 => Just(Uses::BOTH), 2 => Just(SIGNATURE), 2 => Just(AUTHENTICATION), 1 => Just(Uses::NONE)];
    let usage = prop_oneof![Just(Use::Signature), Just(Use::UserAuthentication)];
    let odd = prop::bool::weighted(0.125);
    let picks = (any::<bool>(), 0..4_u8, any::<Index>(), any::<Index>());
    (minutes, kind, uses, usage, odd, picks).prop_map(
        |(minutes, kind, uses, usage, odd, (flag, enrolment, chip, certificate))| Step {
            minutes,
            kind,
            uses,
            usage,
            odd,
            flag,
            enrolment,
            chip,
            certificate,
        },
    )
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..60)
}

/// A world, what happened in it, and what was signed in it but not recorded at once.
struct Play {
    world: World,
    happened: Vec<Event>,
    kept: Vec<Issuance>,
}

impl Play {
    fn new(birth_year: i16) -> Play {
        let mut world = World::empty(date(birth_year, 2, 28));
        let happened = world.run(&admit());
        Play { world, happened, kept: Vec::new() }
    }

    fn step(&mut self, step: &Step) {
        self.world.now += SignedDuration::from_mins(step.minutes);
        let attributes = self.world.attributes.clone();
        let command = self.command(step);
        match self.world.decide(&command) {
            // The record stays as it was.
            Err(_) => self.world.attributes = attributes,
            Ok(events) => {
                self.world.take(&events);
                self.happened.extend(events);
                self.decide_again(&command);
            }
        }
    }

    /// The second decision is refused or leaves the state unchanged.
    fn decide_again(&self, command: &Command) {
        let mut again = self.world.clone();
        match again.decide(command) {
            Err(_) => {}
            Ok(events) => {
                again.take(&events);
                assert_eq!(again.resident, self.world.resident, "{command:?}");
            }
        }
    }

    fn command(&mut self, step: &Step) -> Command {
        let by = if step.odd { elsewhere() } else { self.municipality() };
        let presence = if step.odd && step.flag { Presence::Proxy } else { Presence::InPerson };
        let (uses, usage) = (step.uses, step.usage);
        let chip = *step.chip.get(&[PHONE, PHONE, OTHER_PHONE, CARD_CHIP]);
        let platform = if step.flag { Platform::Android } else { Platform::Iphone };
        let enrolment = enrolment(step.enrolment);
        let kind = if let Kind::Next = step.kind { self.next_kind() } else { step.kind };
        match kind {
            Kind::Next | Kind::IssueCard => {
                let (card, chip) =
                    *step.certificate.get(&[(card_id(3), CARD_CHIP), (card_id(4), NEW_CARD_CHIP)]);
                Command::IssueCard { card, chip, uses, presence, by }
            }
            Kind::Renew => Command::RenewCardCertificates { uses, presence, by },
            Kind::FindCard => Command::FindCard { reissue: step.flag, presence, by },
            Kind::Depart => Command::Depart {
                departure: if step.flag { Departure::Died } else { Departure::MovedAbroad },
                by,
            },
            Kind::Choose => Command::ChooseCardCertificates { uses, presence, by },
            Kind::ChangeRecord => self.change_record(step, presence),
            Kind::Unlock => Command::UnlockCard { usage: Some(usage), presence, by },
            Kind::RecordCard => {
                Command::RecordCardIssuance { issued: self.signed(Medium::Card, step) }
            }
            Kind::ActivateCard => {
                Command::ActivateCard { certificates: self.named(Medium::Card, step) }
            }
            Kind::Apply => Command::Apply {
                enrolment,
                chip,
                platform,
                uses,
                confirmed: !(step.odd && step.flag),
                consent: step.usage == Use::Signature,
                signed_with: self.signer(Medium::Card, step),
            },
            Kind::Complete => Command::CompleteApplication { enrolment: self.applied(step) },
            Kind::RecordPhone => Command::RecordPhoneIssuance {
                enrolment: self.applied(step),
                issued: self.signed(Medium::Phone, step),
            },
            Kind::ActivatePhone => Command::ActivatePhone {
                enrolment: self.world.resident().phone.as_ref().map_or(enrolment, |p| p.enrolment),
                certificates: self.named(Medium::Phone, step),
            },
            Kind::Revoke => Command::RevokePhone {
                chip: self.phone(chip, step),
                way: match (step.flag, usage) {
                    (true, _) => RevocationWay::PhoneSignature(self.signer(Medium::Phone, step)),
                    (false, Use::Signature) => {
                        RevocationWay::CardSignature(self.signer(Medium::Card, step))
                    }
                    (false, Use::UserAuthentication) => RevocationWay::Hotline,
                },
            },
            Kind::ChangePhone => {
                let (old, kind) = match &self.world.resident().phone {
                    Some(phone) => (phone.chip, if step.odd { platform } else { phone.platform }),
                    None => (chip, platform),
                };
                Command::Apply {
                    enrolment,
                    chip: if old == PHONE { OTHER_PHONE } else { PHONE },
                    platform: kind,
                    uses,
                    confirmed: true,
                    consent: true,
                    signed_with: self.signer(Medium::Card, step),
                }
            }
            Kind::RevokeOther => Command::RevokeOtherPhone {
                asked_on: chip,
                signed_with: self.signer(Medium::Card, step),
            },
            Kind::Resume => Command::ResumePhone {
                chip: self.phone(chip, step),
                signed_with: self.signer(Medium::Card, step),
            },
            Kind::Watch => Command::WatchDeletion { chip },
            Kind::Operate => Command::Operate {
                operation: operation(step.enrolment),
                act: match (step.flag, usage) {
                    (true, Use::Signature) => OperatorAct::Hold,
                    (true, Use::UserAuthentication) => OperatorAct::Lift,
                    (false, Use::Signature) if step.odd => {
                        OperatorAct::Revoke(RevocationReason::KeyCompromise)
                    }
                    (false, _) => OperatorAct::AskToReapply,
                },
                certificates: vec![self.any_certificate(step)],
            },
            Kind::ConfirmDeletion => Command::ConfirmDeletion { chip },
            Kind::ResetPin => Command::ResetPhonePin {
                chip: self.phone(chip, step),
                usage,
                signed_with: self.signer(Medium::Card, step),
            },
            Kind::Hold => {
                self.world.settings.card_hold_includes_phone = step.odd;
                Command::Hold { medium: if step.flag { Medium::Card } else { Medium::Phone } }
            }
        }
    }

    fn next_kind(&self) -> Kind {
        let resident = self.world.resident();
        let Some(card) = &resident.card else {
            return Kind::IssueCard;
        };
        if !card.ordered.is_empty() {
            return Kind::RecordCard;
        }
        if !self.world.waiting(Medium::Card).is_empty() {
            return Kind::ActivateCard;
        }
        match (&resident.application, &resident.phone) {
            (Some(application), _) => match application.stage {
                ApplicationStage::Signed => Kind::Complete,
                ApplicationStage::Completed { .. } => Kind::RecordPhone,
            },
            (None, None) => Kind::Apply,
            (None, Some(phone)) => match phone.stage {
                PhoneStage::Ready { .. } => Kind::ActivatePhone,
                PhoneStage::Registered { .. } => Kind::ResetPin,
            },
        }
    }

    fn municipality(&self) -> Municipality {
        self.world.resident().municipality
    }

    /// An odd change corrects the birth date, to that of somebody younger or older.
    fn change_record(&mut self, step: &Step, presence: Presence) -> Command {
        let birth_date =
            if step.odd { date(1990 + 7 * i16::from(step.enrolment), 6, 1) } else { self.born() };
        let new = attributes(birth_date);
        let mut change = self.world.attributes.change_to(&new);
        change.name |= step.usage == Use::Signature;
        self.world.attributes = new;
        Command::ChangeRecord {
            record: self.world.resident().record.next(),
            commitment: [0; 32],
            change,
            municipality: if step.flag { home() } else { elsewhere() },
            reissue: step.flag,
            presence,
        }
    }

    fn born(&self) -> jiff::civil::Date {
        self.world.attributes.birth_date
    }

    /// What is due, or, oddly, what was due some time ago, or with another end.
    fn signed(&mut self, medium: Medium, step: &Step) -> Vec<Issuance> {
        let mut issued = self.world.signed(medium);
        if step.odd && step.flag {
            return std::mem::replace(&mut self.kept, issued);
        }
        if step.odd {
            let longer = SignedDuration::from_hours(24 * 366);
            for issuance in &mut issued {
                let later = issuance.not_after.checked_add(longer);
                issuance.not_after = later.unwrap_or(jiff::Timestamp::MIN);
            }
        }
        issued
    }

    /// All that waits, or, oddly, any one certificate.
    fn named(&self, medium: Medium, step: &Step) -> Vec<CertificateId> {
        if step.odd { vec![self.any_certificate(step)] } else { self.world.waiting(medium) }
    }

    fn signer(&self, medium: Medium, step: &Step) -> CertificateId {
        let resident = self.world.resident();
        match resident.live_for(medium, Use::Signature, self.world.now) {
            Some(certificate) if !step.odd => certificate.id,
            _ => self.any_certificate(step),
        }
    }

    fn any_certificate(&self, step: &Step) -> CertificateId {
        let stranger = CertificateId { usage: step.usage, serial: Serial(0) };
        let mut all: Vec<_> = self.world.resident().certificates.keys().copied().collect();
        all.push(stranger);
        *step.certificate.get(&all)
    }

    fn applied(&self, step: &Step) -> inrou_rules::EnrolmentId {
        match &self.world.resident().application {
            Some(application) if !step.odd => application.enrolment,
            _ => enrolment(step.enrolment),
        }
    }

    fn phone(&self, other: ChipId, step: &Step) -> ChipId {
        match &self.world.resident().phone {
            Some(phone) if !step.odd => phone.chip,
            _ => other,
        }
    }
}

fn play(birth_year: i16, steps: &[Step]) -> Play {
    let mut play = Play::new(birth_year);
    steps.iter().for_each(|step| play.step(step));
    play
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every step checks all invariants and decides the same command a second time.
    #[test]
    fn no_history_breaks_an_invariant(birth_year in 1950..2020_i16, steps in history()) {
        let play = play(birth_year, &steps);
        // The journal alone makes the same state, also in its stored form.
        let stored = serde_json::to_string(&play.happened).unwrap();
        let journal: Vec<Event> = serde_json::from_str(&stored).unwrap();
        let replayed = journal.iter().fold(None, apply);
        prop_assert_eq!(replayed, play.world.resident);
    }

    /// Events in an order in which they never happened.
    #[test]
    fn no_shuffled_journal_revives_a_certificate(
        birth_year in 1950..2010_i16,
        steps in history(),
        picks in prop::collection::vec(any::<Index>(), 0..120),
    ) {
        let play = play(birth_year, &steps);
        let mut state = apply(None, &play.happened[0]).unwrap();
        for pick in picks {
            let after = apply(Some(state.clone()), pick.get(&play.happened)).unwrap();
            let broken = broken_invariants(Some(&state), &after, &play.world.attributes, play.world.now);
            prop_assert!(!broken.contains(&Invariant::HeldSignatureStaysInvalid));
            prop_assert!(!broken.contains(&Invariant::RevokedForGood));
            state = after;
        }
    }

    /// Any time, any birth date: an answer, never a panic.
    #[test]
    fn no_time_makes_a_decision_panic(
        second in jiff::Timestamp::MIN.as_second()..=jiff::Timestamp::MAX.as_second(),
        year in jiff::civil::Date::MIN.year()..=jiff::civil::Date::MAX.year(),
        steps in history(),
    ) {
        let mut world = World::empty(date(year, 2, 28));
        world.now = jiff::Timestamp::from_second(second).unwrap();
        let happened = world.run(&admit());
        let mut play = Play { world, happened, kept: Vec::new() };
        for step in &steps {
            let command = play.command(step);
            if let Ok(events) = play.world.decide(&command) {
                play.world.resident = events.iter().fold(play.world.resident.take(), apply);
            }
        }
    }
}

/// What is noted of a resident without a rule that decides it.
const NOTED: [&str; 2] = ["consent-given", "consent-withdrawn"];

/// The histories above go everywhere: every event happens in them that rules decide.
#[test]
fn histories_reach_every_event() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for birth_year in (1950..2020).cycle().take(700) {
        let steps = history().new_tree(&mut runner).unwrap().current();
        seen.extend(play(birth_year, &steps).happened.iter().map(name));
    }
    let decided = crate::stored_forms::events().iter().map(name).collect::<BTreeSet<_>>();
    let decided = decided.into_iter().filter(|name| !NOTED.contains(&name.as_str()));
    assert_eq!(seen, decided.collect());
}

fn name(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()
}

#[test]
fn a_refusal_is_an_error_with_a_code() {
    let error: Box<dyn std::error::Error> = Box::new(Refusal::NoneSelected);
    assert_eq!(error.to_string(), "none-selected (APPLY-2)");
}
