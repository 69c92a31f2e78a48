//! Any order of steps, failures, restarts and news: never a panic, never done without its steps.

use std::collections::BTreeSet;

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    AttestedKey, Challenge, EnrolmentBegun, EnrolmentStage, EnrolmentView, RequestBegun, SigningKey,
};
use inrou_api::wire::phone::{NextStep, Procedure, Step, Typed};
use inrou_rules::{ChipId, EnrolmentId, Refusal, Use, Uses};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Addressee, Flow, Outcome, Situation, Then, Work};
use crate::secrets::Secrets;

const CHIP: ChipId = ChipId::from_bytes([0xC1; 16]);
const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// What a person, chance and the authority do.
#[derive(Clone, Debug)]
enum Turn {
    /// A step; the work that follows goes well so many times, then fails with this one of the problems.
    Step(Step, u8, u8),
    /// The step that is asked for, likewise.
    Obey(u8, u8),
    Restart,
    Time(i64),
    /// The authority tells how far the application is.
    News(EnrolmentStage),
}

/// What is around a procedure, and what really happened.
struct World {
    flow: Flow,
    secrets: Secrets,
    now: Timestamp,
    registered: bool,
    begun: u8,
    /// Whether the step being taken is the press of "register".
    pressed: bool,
    /// When the challenge expires that was given last.
    expires: Timestamp,
    /// What the person chose last.
    choice: Option<Uses>,
    /// Keys under which something was begun.
    answered: BTreeSet<String>,
    /// What the authority knows of the attempt under way.
    enrolment: Option<EnrolmentId>,
    uses: Uses,
    accepted: bool,
    granted: bool,
    /// Whether the end of what is on the old phone was consented to.
    consented: bool,
    /// Whether the chip has to be emptied.
    empties: bool,
    leave: bool,
    pins: Uses,
    completed: bool,
    stored: bool,
    deleted: bool,
    registered_elsewhere: bool,
}

impl World {
    fn new(flow: Flow) -> Self {
        Self {
            flow,
            secrets: Secrets::default(),
            now: Timestamp::UNIX_EPOCH,
            registered: false,
            begun: 0,
            pressed: false,
            expires: Timestamp::UNIX_EPOCH,
            choice: None,
            answered: BTreeSet::new(),
            enrolment: None,
            uses: Uses::NONE,
            accepted: false,
            granted: false,
            consented: false,
            empties: false,
            leave: false,
            pins: Uses::NONE,
            completed: false,
            stored: false,
            deleted: false,
            registered_elsewhere: false,
        }
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Step(step, successes, problem) => {
                self.pressed = matches!(step, Step::Register);
                self.consented |= matches!(step, Step::ConsentToReplacement)
                    && self.flow.next(&self.secrets) == NextStep::ConsentToReplacement;
                let then = self.flow.step(&step, &mut self.secrets);
                match (step, then) {
                    (Step::Choose { uses, .. }, Ok(_)) => self.choice = Some(uses),
                    (_, Ok(Then::Work)) => self.work(successes, problem),
                    _ => {}
                }
                self.secrets.forget_the_rest();
            }
            Turn::Obey(successes, problem) => match obedient(&self.flow.next(&self.secrets)) {
                Some(step) => self.take(Turn::Step(step, successes, problem)),
                None => self.take(Turn::News(EnrolmentStage::Ready { since: self.now })),
            },
            Turn::Restart => {
                let stored = serde_json::to_vec(&self.flow).unwrap();
                self.flow = serde_json::from_slice(&stored).unwrap();
                self.secrets = Secrets::default();
            }
            Turn::Time(minutes) => self.now += SignedDuration::from_mins(minutes),
            Turn::News(stage) => {
                if let Some(enrolment) = self.enrolment.filter(|_| self.completed) {
                    let registered = matches!(stage, EnrolmentStage::Registered { .. });
                    self.registered_elsewhere |= registered;
                    self.flow.heard(&EnrolmentView { enrolment, uses: self.uses, stage });
                }
            }
        }
        self.check();
    }

    fn work(&mut self, successes: u8, problem: u8) {
        // More works than a procedure has at all: it does not go round in circles.
        for number in 0..12 {
            let situation = Situation { registered: self.registered, now: self.now };
            let Some(work) = self.flow.work(&self.secrets, situation) else { return };
            self.check_work(&work);
            if number >= successes {
                self.flow.failed(&work, &problems()[usize::from(problem) % problems().len()]);
                return;
            }
            let outcome = self.carry_out(&work);
            self.flow.done(outcome, CHIP);
        }
        panic!("work without end");
    }

    /// Nothing is done before its turn, nor without what it needs.
    fn check_work(&self, work: &Work) {
        let registered = self.registered || matches!(work, Work::RegisterPhone);
        if let Work::Sign { statement, .. } = work {
            assert!(self.now < self.expires, "the challenge has expired");
            let wanted = serde_json::to_string(&self.choice.unwrap_or_default()).unwrap();
            let statement = std::str::from_utf8(&statement.0).unwrap();
            let replaces = self.flow.procedure() == Procedure::ChangePhone;
            let applies = replaces || self.flow.procedure() == Procedure::Apply;
            assert!(!applies || statement.contains(&wanted), "it is not what was chosen");
            assert_eq!(statement.contains("\"change_of_phone\":true"), replaces);
        }
        match work {
            Work::Sign { with: SigningKey::Card, .. } => {
                assert!(self.secrets.card_password.is_some());
            }
            Work::Sign { with: SigningKey::Phone, .. } => {
                assert!(self.secrets.phone_password.is_some());
            }
            Work::SetPin(usage) => {
                assert!(self.accepted && self.uses.contains(*usage) || self.leave);
                assert!(match usage {
                    Use::Signature => self.secrets.new_password.is_some(),
                    Use::UserAuthentication => self.secrets.new_pin.is_some(),
                });
            }
            Work::Complete(_) => assert!(self.accepted && self.pins == self.uses),
            Work::Store(_) => assert!(self.completed && self.pressed, "REG-1: nobody pressed"),
            Work::Send { .. } if self.flow.procedure() == Procedure::ChangePhone => {
                assert!(self.consented, "MOVE-1: nothing is sent before");
            }
            Work::Delete => assert!(self.granted && self.empties),
            Work::AllowPin(_) => assert!(self.granted),
            Work::BeginEnrolment { .. } | Work::BeginRequest(_) => {
                let key = self.flow.key("begin").unwrap();
                assert!(!self.answered.contains(key.as_str()), "the key has had its answer");
            }
            _ => {}
        }
        assert!(registered || matches!(work, Work::Sign { .. } | Work::SetPin(_)));
    }

    fn carry_out(&mut self, work: &Work) -> Outcome {
        match work {
            Work::RegisterPhone => {
                self.registered = true;
                Outcome::PhoneRegistered
            }
            Work::BeginEnrolment { uses, .. } => {
                let challenge = self.begin();
                let enrolment = EnrolmentId::from_bytes([self.begun; 16]);
                (self.enrolment, self.uses) = (Some(enrolment), *uses);
                let terms = "2024-02".to_owned();
                Outcome::EnrolmentBegun(EnrolmentBegun { enrolment, challenge, terms })
            }
            Work::BeginRequest(_) => {
                let challenge = self.begin();
                let request = self.begun.to_string();
                Outcome::RequestBegun(RequestBegun { request, challenge })
            }
            Work::MakeKeys(enrolment) => {
                assert_eq!(self.enrolment, Some(*enrolment));
                let key = |usage| AttestedKey { usage, spki: Base64(vec![1]) };
                Outcome::KeysMade(self.uses.iter().map(key).collect())
            }
            Work::Sign { statement, .. } => Outcome::Signed(statement.clone()),
            Work::Send { to: Addressee::Enrolment(enrolment), cms } => {
                assert_eq!(self.enrolment, Some(*enrolment));
                let text = String::from_utf8(cms.0.clone()).unwrap();
                assert!(text.contains(&enrolment.to_string()), "what was signed is what is sent");
                self.accepted = true;
                Outcome::ApplicationAccepted(self.uses)
            }
            Work::Send { to: Addressee::Request(request), cms } => {
                assert_eq!(*request, self.begun.to_string());
                let text = String::from_utf8(cms.0.clone()).unwrap();
                assert!(text.contains(&format!("\"request\":\"{request}\"")));
                self.granted = true;
                self.empties = match self.flow.procedure() {
                    Procedure::RevokeOther => false,
                    Procedure::Resume => self.begun.is_multiple_of(2),
                    _ => true,
                };
                Outcome::RequestDone { empties: self.empties }
            }
            Work::AllowPin(_) => {
                self.leave = true;
                Outcome::PinAllowed
            }
            Work::SetPin(usage) => {
                self.pins = self.pins.iter().chain([*usage]).collect();
                Outcome::PinSet(*usage)
            }
            Work::Complete(enrolment) => {
                self.completed = true;
                // Work on it may be over before the answer comes.
                let stage = match self.begun % 2 {
                    0 => EnrolmentStage::Completed { at: self.now, due: self.now },
                    _ => EnrolmentStage::Ready { since: self.now },
                };
                let (enrolment, uses) = (*enrolment, self.uses);
                Outcome::Completed(EnrolmentView { enrolment, uses, stage })
            }
            Work::Store(_) => {
                self.stored = true;
                Outcome::Stored { usable_from: self.now }
            }
            Work::Delete => {
                self.deleted = true;
                Outcome::Deleted
            }
        }
    }

    /// Something begins anew at the authority: nothing of the attempt before counts.
    fn begin(&mut self) -> Challenge {
        self.answered.insert(self.flow.key("begin").unwrap().as_str().to_owned());
        self.begun = self.begun.wrapping_add(1);
        (self.accepted, self.granted, self.leave) = (false, false, false);
        (self.consented, self.empties) = (false, false);
        (self.completed, self.pins) = (false, Uses::NONE);
        self.expires = self.now + CHALLENGE_LIFE;
        Challenge { value: Base64(vec![self.begun]), expires: self.expires }
    }

    fn check(&self) {
        let next = self.flow.next(&self.secrets);
        let stored = serde_json::to_vec(&self.flow).unwrap();
        assert_eq!(serde_json::from_slice::<Flow>(&stored).unwrap(), self.flow);
        let text = String::from_utf8(stored).unwrap();
        assert!(!text.contains("ABC123") && !text.contains("4321"), "a PIN is stored");
        match (&next, self.flow.procedure()) {
            (
                NextStep::Done { .. },
                Procedure::Apply | Procedure::ChangePhone | Procedure::Register,
            ) => {
                assert!(self.completed && (self.stored || self.registered_elsewhere));
            }
            (
                NextStep::Done { .. },
                Procedure::Revoke | Procedure::RevokeOther | Procedure::Resume,
            ) => assert!(self.granted),
            (NextStep::Done { .. }, Procedure::ResetPin) => {
                assert!(self.leave && !self.pins.is_empty());
            }
            (NextStep::Wait { .. } | NextStep::Register, _) => assert!(self.completed),
            (NextStep::Delete, _) => assert!(self.granted),
            _ => {}
        }
    }
}

/// Of the kinds that matter: nobody there, refused for good, for its age, for what was done before.
fn problems() -> [Problem; 9] {
    [
        Problem::new(Code::SERVICE_UNAVAILABLE),
        Problem::new(Code::INTERNAL_ERROR),
        Problem::new(Code::SESSION_LOST),
        Problem::new(Code::CHALLENGE_EXPIRED),
        Problem::new(Code::WRONG_PIN),
        Problem::new(Code::CARD_REMOVED),
        Problem::new(Code::CONFLICT),
        Problem::from(Refusal::NoSuchApplication),
        Problem::from(Refusal::DeletionNotDue),
    ]
}

fn typed() -> impl Strategy<Value = Typed> {
    prop_oneof![Just("ABC123"), Just("4321"), Just("")].prop_map(Typed::new)
}

fn steps() -> impl Strategy<Value = Step> {
    let uses = (any::<bool>(), any::<bool>());
    let choose = (uses, prop::bool::weighted(0.9)).prop_map(|(uses, confirmed)| {
        let uses = Uses { signature: uses.0, user_authentication: uses.1 };
        Step::Choose { uses, confirmed }
    });
    let way = (prop::bool::weighted(0.9), any::<bool>());
    let new_password = (typed(), typed())
        .prop_map(|(password, again)| Step::NewSignaturePassword { password, again });
    let new_pin =
        (typed(), typed()).prop_map(|(pin, again)| Step::NewUserAuthenticationPin { pin, again });
    prop_oneof![
        2 => typed().prop_map(|password| Step::CardPassword { password }),
        1 => choose,
        3 => Just(Step::ReadCard),
        3 => new_password,
        3 => new_pin,
        1 => Just(Step::Complete),
        1 => Just(Step::ConsentToReplacement),
        1 => Just(Step::ConfirmResumption),
        1 => Just(Step::Register),
        1 => way
            .prop_map(|(confirmed, with_card)| Step::ConfirmRevocation { confirmed, with_card }),
        2 => typed().prop_map(|password| Step::PhonePassword { password }),
        1 => Just(Step::Delete),
        1 => Just(Step::Cancel),
    ]
}

fn turns() -> impl Strategy<Value = Turn> {
    let at = Timestamp::UNIX_EPOCH;
    let news = prop_oneof![
        Just(EnrolmentStage::Begun),
        Just(EnrolmentStage::Completed { at, due: at }),
        Just(EnrolmentStage::Ready { since: at }),
        Just(EnrolmentStage::Registered { since: at, usable_from: None }),
        Just(EnrolmentStage::Ended { code: "not-on-register".to_owned() }),
    ];
    let (successes, problem) = (prop_oneof![0..6_u8, Just(20)].boxed(), any::<u8>());
    let obey = (successes.clone(), problem).prop_map(|(n, p)| Turn::Obey(n, p));
    let step = (steps(), successes, problem).prop_map(|(s, n, p)| Turn::Step(s, n, p));
    prop_oneof![
        8 => obey,
        8 => step,
        1 => Just(Turn::Restart),
        1 => (0..15_i64).prop_map(Turn::Time),
        2 => news.prop_map(Turn::News),
    ]
}

/// What a person does who does as asked. `None` where only waiting helps.
fn obedient(next: &NextStep) -> Option<Step> {
    let (password, pin) = (|| Typed::new("ABC123"), || Typed::new("4321"));
    Some(match next {
        NextStep::CardPassword => Step::CardPassword { password: password() },
        NextStep::Choose => Step::Choose { uses: Uses::BOTH, confirmed: true },
        NextStep::ReadCard => Step::ReadCard,
        NextStep::ConsentToReplacement => Step::ConsentToReplacement,
        NextStep::ConfirmResumption => Step::ConfirmResumption,
        NextStep::NewSignaturePassword { .. } => {
            Step::NewSignaturePassword { password: password(), again: password() }
        }
        NextStep::NewUserAuthenticationPin { .. } => {
            Step::NewUserAuthenticationPin { pin: pin(), again: pin() }
        }
        NextStep::Complete => Step::Complete,
        NextStep::Register => Step::Register,
        NextStep::ConfirmRevocation => {
            Step::ConfirmRevocation { confirmed: true, with_card: false }
        }
        NextStep::PhonePassword => Step::PhonePassword { password: password() },
        NextStep::Delete => Step::Delete,
        NextStep::Wait { .. } | NextStep::Done { .. } => return None,
    })
}

fn flow(procedure: Procedure, usage: Option<Use>) -> Flow {
    Flow::begin(procedure, usage, "00ff".to_owned()).unwrap()
}

fn flows() -> impl Strategy<Value = Flow> {
    prop_oneof![
        3 => Just(flow(Procedure::Apply, None)),
        3 => Just(flow(Procedure::ChangePhone, None)),
        1 => Just(flow(Procedure::RevokeOther, None)),
        1 => Just(flow(Procedure::Resume, None)),
        1 => Just(flow(Procedure::Revoke, None)),
        1 => Just(flow(Procedure::ResetPin, Some(Use::Signature))),
        1 => Just(flow(Procedure::ResetPin, Some(Use::UserAuthentication))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_order_of_events_skips_a_step(
        flow in flows(),
        turns in prop::collection::vec(turns(), 0..60),
    ) {
        let mut world = World::new(flow);
        turns.into_iter().for_each(|turn| world.take(turn));
    }

    /// From wherever chance has led, a person who does as asked comes to the end.
    #[test]
    fn the_end_can_be_reached_from_everywhere(
        flow in flows(),
        turns in prop::collection::vec(turns(), 0..40),
    ) {
        let mut world = World::new(flow);
        turns.into_iter().for_each(|turn| world.take(turn));
        for _ in 0..20 {
            if let NextStep::Done { .. } = world.flow.next(&world.secrets) {
                return Ok(());
            }
            world.take(Turn::Obey(20, 0));
        }
        prop_assert!(false, "still at {:?}", world.flow.next(&world.secrets));
    }
}

#[test]
fn a_procedure_is_told_which_pin_it_is_for_exactly_if_it_needs_to() {
    let begin = |procedure, usage| Flow::begin(procedure, usage, String::new()).is_ok();
    assert!(begin(Procedure::ResetPin, Some(Use::Signature)));
    assert!(!begin(Procedure::ResetPin, None));
    for procedure in [
        Procedure::Apply,
        Procedure::ChangePhone,
        Procedure::Revoke,
        Procedure::RevokeOther,
        Procedure::Resume,
    ] {
        assert!(begin(procedure, None));
        assert!(!begin(procedure, Some(Use::Signature)));
    }
    assert!(!begin(Procedure::Register, None), "that begins with what the authority has");
}

#[test]
fn reg_1_news_that_was_overtaken_does_not_take_registration_back() {
    let enrolment = EnrolmentId::from_bytes([1; 16]);
    let at = Timestamp::UNIX_EPOCH;
    let view = |stage| EnrolmentView { enrolment, uses: Uses::BOTH, stage };
    let ready = view(EnrolmentStage::Ready { since: at });
    let mut flow = Flow::registering(&ready, String::new()).unwrap();
    flow.heard(&view(EnrolmentStage::Completed { at, due: at }));
    assert_eq!(flow.next(&Secrets::default()), NextStep::Register);
    let other = EnrolmentView { enrolment: EnrolmentId::from_bytes([2; 16]), ..ready };
    flow.heard(&EnrolmentView {
        stage: EnrolmentStage::Registered { since: at, usable_from: Some(at) },
        ..other
    });
    assert_eq!(flow.next(&Secrets::default()), NextStep::Register, "news of another application");
}

#[test]
fn hours_3_whoever_hears_of_a_registration_knows_from_when_it_can_be_used() {
    let (enrolment, since) = (EnrolmentId::from_bytes([1; 16]), Timestamp::UNIX_EPOCH);
    let view = |stage| EnrolmentView { enrolment, uses: Uses::BOTH, stage };
    let mut flow =
        Flow::registering(&view(EnrolmentStage::Ready { since }), String::new()).unwrap();
    let usable_from = Some(since + SignedDuration::from_mins(15));
    flow.heard(&view(EnrolmentStage::Registered { since, usable_from }));
    assert_eq!(flow.next(&Secrets::default()), NextStep::Done { usable_from });
    // Whoever presses at the same moment is told so as well.
    assert_eq!(flow.step(&Step::Register, &mut Secrets::default()).unwrap(), Then::Ask);
    assert_eq!(flow.next(&Secrets::default()), NextStep::Done { usable_from });
}

#[test]
fn reg_1_only_an_application_on_its_way_can_be_registered() {
    let at = Timestamp::UNIX_EPOCH;
    let enrolment = EnrolmentId::from_bytes([1; 16]);
    let next = |stage| {
        let view = EnrolmentView { enrolment, uses: Uses::BOTH, stage };
        Flow::registering(&view, String::new()).map(|flow| flow.next(&Secrets::default()))
    };
    assert_eq!(next(EnrolmentStage::Ready { since: at }), Some(NextStep::Register));
    let completed = EnrolmentStage::Completed { at, due: at };
    assert_eq!(next(completed), Some(NextStep::Wait { due: at }));
    for stage in [
        EnrolmentStage::Begun,
        EnrolmentStage::Signed,
        EnrolmentStage::Registered { since: at, usable_from: None },
        EnrolmentStage::Ended { code: "not-on-register".to_owned() },
    ] {
        assert_eq!(next(stage), None);
    }
}
