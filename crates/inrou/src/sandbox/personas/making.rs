//! How a persona is made: the card is issued, the phone applied for and registered, and the story happens.

use inrou_api::clock::Clock;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::phone::NewPhone;
use inrou_chip::tray::{ChipName, TrayError};
use inrou_phone::carries_certificates;
use inrou_rules::{BusinessHours, ResidentId, hours};

use super::story::Story;
use super::{Cast, MOST_CARDS, numbered};
use crate::person::Person;
use crate::residents::{TestResident, WrongTries};
use crate::sandbox::Role;
use crate::sandbox::counter::Counter;
use crate::sandbox::setup;
use crate::sandbox::stage::Stage;

/// How far a persona's making is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Missing,
    /// It was begun, and nobody knows how far it came: what would come of it now is another story.
    BrokenOff,
    Made,
}

impl Cast {
    /// Makes a persona at the first start, as of the present of its clock, unless it is there.
    ///
    /// # Errors
    /// What keeps it from being made.
    pub(in crate::sandbox) async fn make_first(
        &self,
        stage: &Stage,
        persona: &TestResident,
    ) -> Result<(), Problem> {
        let story = Story::of(persona.handle.as_str());
        for number in 1..MOST_CARDS {
            let one = numbered(persona, number)?;
            match self.standing(&chip_of(&one)?)? {
                Standing::Made => return Ok(()),
                // It has no steps but those that can be repeated, and the clock waits for them.
                Standing::BrokenOff if story == Story::Outlived => {}
                Standing::BrokenOff => continue,
                Standing::Missing => {}
            }
            return self.make_on(stage, story, &one).await;
        }
        Err(Problem::new(Code::INTERNAL_ERROR))
    }

    /// How far the persona with this card is.
    pub(super) fn standing(&self, chip: &ChipName) -> Result<Standing, Problem> {
        if self.folder.contains(&mark(chip)) {
            return Ok(Standing::Made);
        }
        match self.props.tray.entry(chip) {
            Ok(_) => Ok(Standing::BrokenOff),
            Err(TrayError::NoSuchChip(_)) => Ok(Standing::Missing),
            Err(error) => Err(Problem::internal(error)),
        }
    }

    /// Makes a persona on a stage of its own.
    pub(super) async fn make(&self, story: Story, persona: &TestResident) -> Result<(), Problem> {
        let stage = Stage::open(&self.props).await.or_internal()?;
        let made = self.make_on(&stage, story, persona).await;
        stage.close().await;
        made
    }

    /// Makes a persona, and marks it as made.
    async fn make_on(
        &self,
        stage: &Stage,
        story: Story,
        persona: &TestResident,
    ) -> Result<(), Problem> {
        if will_register(persona) {
            self.check_hour()?;
        }
        let resident = self.issue_card(stage, persona).await?;
        self.equip(stage, persona).await?;
        story.happen(stage, persona, resident).await?;
        self.folder.replace(&mark(&chip_of(persona)?), b"").or_internal()
    }

    /// That an application is worked on at once (HOURS-1).
    fn check_hour(&self) -> Result<(), Problem> {
        let now = self.props.clock.now();
        if hours::work_begins(now, BusinessHours::default()) > now {
            return Err(Problem::new(Code::PERSONA_AT_NIGHT).by_rule("HOURS-1"));
        }
        Ok(())
    }

    pub(super) async fn issue_card(
        &self,
        stage: &Stage,
        persona: &TestResident,
    ) -> Result<ResidentId, Problem> {
        let client = stage.world.client("/authority/v1", Role::Counter).or_internal()?;
        let counter = Counter { client, municipality: persona.municipality };
        let (maker, tray) = (&self.props.maker, &self.props.tray);
        setup::enter(persona, maker, tray, &counter).await.or_internal()
    }

    /// Buys the persona's phone, if the file tells of one, and has it carry certificates, if it can.
    pub(super) async fn equip(&self, stage: &Stage, persona: &TestResident) -> Result<(), Problem> {
        let Some(phone) = persona.phones.first() else { return Ok(()) };
        let new = NewPhone {
            name: phone.name.to_string(),
            platform: phone.platform,
            model: phone.model.clone(),
        };
        let fleet = stage.world.fleet.clone();
        tokio::task::spawn_blocking(move || fleet.buy(&new)).await.or_internal()??;
        if !will_register(persona) {
            return Ok(());
        }
        let mut person = Person::new(&stage.world, persona).or_internal()?;
        person.apply().await.or_internal()?;
        person.set_pins_by_day().await.or_internal()?;
        // At a first start nobody else is at work.
        let authority = self.props.authority.clone();
        let worked = tokio::task::spawn_blocking(move || authority.run_due_jobs()).await;
        worked.or_internal()?.map_err(|failed| failed.0)?;
        person.wait_for_notice().await.or_internal()?;
        person.register().await.map(drop).or_internal()
    }
}

/// Whether the persona's phone comes to carry certificates: the application is signed with the card
/// (APPLY-4).
pub(super) fn will_register(persona: &TestResident) -> bool {
    let is_open = persona.card.wrong_tries.signature < WrongTries::MOST.signature;
    is_supported(persona) && persona.card.certificates.signature && is_open
}

/// Whether the persona has a phone that can carry certificates (READY-2).
pub(super) fn is_supported(persona: &TestResident) -> bool {
    let phone = persona.phones.first();
    phone.is_some_and(|phone| carries_certificates(phone.platform, &phone.model))
}

/// The name of the persona's card, and of the phone.
pub(super) fn chip_of(persona: &TestResident) -> Result<ChipName, Problem> {
    persona.handle.as_str().parse().or_internal()
}

/// The file that says that the persona with this card is made.
fn mark(chip: &ChipName) -> String {
    format!("{chip}.made")
}
