//! Scenarios: named histories, as files that come with the program. Each begins with a new sandbox, and is
//! played by the acts of [`Person`], over the roles' APIs as anybody would.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use inrou_api::clock::{Clock, ClockError, SystemClock};
use inrou_rules::{japan, validity};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::world::World;
use crate::fault::Fault;
use crate::person::Person;
use crate::residents::{Handle, TestResident};
use crate::unmet::Unmet;

/// The files, in the order in which they are listed. The words for them are the texts `scenario.NAME` and
/// `scenario-about.NAME`.
const FILES: [(&str, &str); 9] = [
    ("fresh", include_str!("../../data/scenarios/fresh.toml")),
    ("ready-to-register", include_str!("../../data/scenarios/ready-to-register.toml")),
    ("registered", include_str!("../../data/scenarios/registered.toml")),
    ("applied-at-night", include_str!("../../data/scenarios/applied-at-night.toml")),
    ("application-sent", include_str!("../../data/scenarios/application-sent.toml")),
    ("phone-held", include_str!("../../data/scenarios/phone-held.toml")),
    ("given-up", include_str!("../../data/scenarios/given-up.toml")),
    ("card-locked", include_str!("../../data/scenarios/card-locked.toml")),
    ("near-expiry", include_str!("../../data/scenarios/near-expiry.toml")),
];

static SCENARIOS: LazyLock<[Scenario; FILES.len()]> = LazyLock::new(|| {
    FILES.map(|(name, file)| {
        let read: File = toml::from_str(file).expect("the tests read every file");
        Scenario { name, at: read.at, steps: read.steps }
    })
});

/// A history.
pub(super) struct Scenario {
    /// Its name.
    pub(super) name: &'static str,
    /// At what hour in Japan it begins.
    pub(super) at: Time,
    pub(super) steps: Vec<Step>,
}

/// The name of a scenario that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct ScenarioName(usize);

/// No scenario has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scenario has that name")]
pub struct UnknownScenario;

/// What somebody does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    who: Handle,
    does: Deed,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Apply,
    SetPins,
    WaitForNotice,
    Register,
    LogIn,
    Send,
    Revoke,
    LockCard,
    ReportLoss,
    /// The clock is turned to an hour before the card's certificates end.
    LiveUntilAnHourBeforeExpiry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    at: Time,
    #[serde(default)]
    steps: Vec<Step>,
}

impl ScenarioName {
    /// All of them, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..FILES.len()).map(Self)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.scenario().name
    }

    pub(super) fn scenario(self) -> &'static Scenario {
        &SCENARIOS[self.0]
    }
}

impl FromStr for ScenarioName {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        FILES.iter().position(|(name, _)| *name == text).map(Self).ok_or(UnknownScenario)
    }
}

impl TryFrom<String> for ScenarioName {
    type Error = UnknownScenario;

    fn try_from(text: String) -> Result<Self, UnknownScenario> {
        text.parse()
    }
}

impl From<ScenarioName> for &'static str {
    fn from(name: ScenarioName) -> &'static str {
        name.as_str()
    }
}

impl Scenario {
    /// When it begins: at its hour in Japan, on the day on which a new sandbox does.
    pub(super) fn begins(&self, start: Option<Timestamp>) -> Timestamp {
        let day = japan::day(start.unwrap_or_else(|| SystemClock::new().now()));
        japan::moment(day.to_datetime(self.at))
    }

    /// That everybody in it lives there, with a phone and a card that can sign.
    ///
    /// # Errors
    /// `scenario-needs-resident`.
    pub(super) fn check(&self, residents: &[TestResident]) -> Result<(), Fault> {
        let can_act = |who: &Handle| {
            let resident = residents.iter().find(|resident| resident.handle == *who);
            resident.is_some_and(|resident| {
                !resident.phones.is_empty() && resident.card.pins.signature.is_some()
            })
        };
        match self.steps.iter().find(|step| !can_act(&step.who)) {
            Some(step) => Err(Fault::new("scenario-needs-resident").with("name", &step.who)),
            None => Ok(()),
        }
    }
}

/// Plays a scenario in a new sandbox, and tells how many of its steps are done.
///
/// # Errors
/// `scenario-failed`, `scenario-needs-resident`.
pub(super) async fn play(
    scenario: &Scenario,
    world: &World,
    tell: &mut (dyn FnMut(usize) + Send),
) -> Result<(), Fault> {
    scenario.check(&world.residents)?;
    let failed = |unmet: Unmet| {
        Fault::new("scenario-failed")
            .with("scenario", scenario.name)
            .with("expected", unmet.expected)
            .with("seen", unmet.seen)
    };
    let mut persons: BTreeMap<&str, Person<'_>> = BTreeMap::new();
    for (done, step) in scenario.steps.iter().enumerate() {
        tell(done);
        let who = step.who.as_str();
        if !persons.contains_key(who)
            && let Some(resident) = world.resident(who)
        {
            persons.insert(who, Person::new(world, resident).map_err(failed)?);
        }
        if let Some(person) = persons.get_mut(who) {
            person.does(step.does).await.map_err(failed)?;
        }
    }
    Ok(())
}

impl Person<'_> {
    async fn does(&mut self, deed: Deed) -> Result<(), Unmet> {
        match deed {
            Deed::Apply => self.apply().await,
            Deed::SetPins => self.set_pins().await.map(|_| ()),
            Deed::WaitForNotice => self.wait_for_notice().await,
            Deed::Register => self.register().await.map(|_| ()),
            Deed::LogIn => self.log_in().await,
            Deed::Send => self.send().await.map(|_| ()),
            Deed::Revoke => self.revoke().await,
            Deed::LockCard => self.lock_card().await,
            Deed::ReportLoss => self.report_loss().await,
            Deed::LiveUntilAnHourBeforeExpiry => self.live_until_an_hour_before_expiry(),
        }
    }

    fn live_until_an_hour_before_expiry(&self) -> Result<(), Unmet> {
        let (issued, born) = (self.as_listed().card.issued, self.as_listed().attributes.birth_date);
        let end = validity::card_certificate_not_after(
            issued,
            born,
            validity::card_expires(issued, born),
        );
        let turned = end
            .checked_sub(SignedDuration::from_hours(1))
            .map_err(|_| ClockError::OutOfRange)
            .and_then(|hour_before| self.clock().advance_to(hour_before));
        turned.map(|_| ()).map_err(|error| Unmet::new("the clock an hour before expiry", error))
    }
}

#[cfg(test)]
mod tests {
    use inrou_rules::UserAuthenticationPin;
    use inrou_words::text;

    use super::*;
    use crate::person::PHONE_PIN;
    use crate::residents::{BUILT_IN, parse};
    use crate::sandbox::{DataFolder, Options, Sandbox};

    #[test]
    fn every_scenario_is_read_has_its_words_and_its_residents() {
        let residents = parse(BUILT_IN, jiff::civil::date(2026, 11, 21)).unwrap();
        for name in ScenarioName::all() {
            name.scenario().check(&residents).unwrap();
            for family in ["scenario", "scenario-about"] {
                assert!(text(&format!("{family}.{}", name.as_str())).exists(), "{name:?}");
            }
            assert_eq!(name.as_str().parse(), Ok(name));
        }
        assert_eq!("nothing".parse::<ScenarioName>(), Err(UnknownScenario));
    }

    #[test]
    fn the_pin_that_a_scenario_sets_is_not_one_that_the_app_advises_against() {
        let pin = UserAuthenticationPin::parse(PHONE_PIN).unwrap();
        for resident in parse(BUILT_IN, jiff::civil::date(2026, 11, 21)).unwrap() {
            let born = resident.attributes.birth_date;
            assert!(!pin.is_easily_guessed(Some(born)), "{}", resident.handle);
        }
    }

    #[test]
    fn a_scenario_without_its_resident_is_refused() {
        let name: ScenarioName = "registered".parse().unwrap();
        let fault = name.scenario().check(&[]).unwrap_err();
        assert_eq!(fault.code(), "scenario-needs-resident");
        assert!(ScenarioName(0).scenario().check(&[]).is_ok(), "nobody is in the first one");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_step_that_cannot_be_done_is_told_with_what_was_seen() {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            folder: DataFolder::create(folder.path()).unwrap(),
            port: 0,
            start: Some("2026-11-24T01:00:00Z".parse().unwrap()),
            residents: Some(vec!["hana".to_owned()]),
        });
        let sandbox = sandbox.await.unwrap();
        let step = |does| Step { who: "hana".parse().unwrap(), does };
        let steps = vec![step(Deed::LockCard), step(Deed::Apply)];
        let scenario = Scenario { name: "odd", at: Time::midnight(), steps };
        let mut told = Vec::new();
        let world = sandbox.world().unwrap();
        let fault = play(&scenario, &world, &mut |done| told.push(done)).await.unwrap_err();
        assert_eq!((fault.code(), told), ("scenario-failed", vec![0, 1]));
        sandbox.stop().await;
    }
}
