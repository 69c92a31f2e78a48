//! The first start: every test resident is entered and gets a card, as of the day it was issued on, and
//! phones.
//!
//! The sandbox's clock begins in the past and is turned forward from one issuance to the next, so
//! that certificates, journal and issuers' keys are as if the years had passed.

use std::sync::Arc;

use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_chip::tray::Tray;
use inrou_phone::Fleet;
use jiff::Timestamp;

use super::counter::Counter;
use super::personas::Cast;
use super::stage::Stage;
use super::{DataFolder, Role, SandboxError, setup};
use crate::residents::TestResident;

pub(super) use super::setup::beginning;

/// A first start that is under way.
pub(super) struct FirstStart<'a> {
    pub folder: &'a DataFolder,
    pub residents: &'a [TestResident],
    /// The personas who need the past.
    pub personas: &'a [TestResident],
    pub cast: &'a Cast,
    pub clock: &'a SandboxClock,
    /// Is told how many of how many have their cards.
    pub tell: &'a (dyn Fn(usize, usize) + Sync),
}

/// Who gets a card.
#[derive(Clone, Copy)]
enum Entrant<'a> {
    Resident(&'a TestResident),
    Persona(&'a TestResident),
}

impl FirstStart<'_> {
    /// Lets the residents have their cards, and makes the personas, oldest first, ending at `now`.
    pub(super) async fn issue_cards(
        &self,
        now: Timestamp,
        tray: &Arc<Tray>,
    ) -> Result<(), SandboxError> {
        let stage = Stage::open(&self.cast.props).await?;
        self.clock.stop()?;
        let entered = self.enter(&stage, tray).await;
        stage.close().await;
        entered?;
        if self.clock.now() < now {
            self.clock.advance_to(now)?;
        }
        Ok(())
    }

    async fn enter(&self, stage: &Stage, tray: &Arc<Tray>) -> Result<(), SandboxError> {
        let client = stage.world.client("/authority/v1", Role::Counter)?;
        let residents = self.residents.iter().map(Entrant::Resident);
        let personas = self.personas.iter().map(Entrant::Persona);
        let mut oldest_first: Vec<_> = residents.chain(personas).collect();
        oldest_first.sort_by_key(|entrant| entrant.issuance());
        let all = oldest_first.len();
        for (entered, entrant) in oldest_first.into_iter().enumerate() {
            (self.tell)(entered, all);
            if self.clock.now() < entrant.issuance() {
                self.clock.advance_to(entrant.issuance())?;
            }
            match entrant {
                Entrant::Resident(resident) => {
                    let municipality = resident.municipality;
                    let counter = Counter { client: client.clone(), municipality };
                    setup::enter(resident, &self.cast.props.maker, tray, &counter).await?;
                }
                Entrant::Persona(persona) => {
                    let made = self.cast.make_first(stage, persona).await;
                    made.map_err(SandboxError::Persona)?;
                }
            }
        }
        Ok(())
    }

    /// Buys the residents' phones.
    pub(super) async fn buy_phones(&self, fleet: Arc<Fleet>) -> Result<(), SandboxError> {
        Ok(setup::buy_phones(self.residents, fleet).await?)
    }

    /// Ends the first start: from now on the clock runs, from `start` if that was asked for.
    pub(super) fn finish(&self, start: Option<Timestamp>) -> Result<(), SandboxError> {
        let present = start.unwrap_or_else(|| SystemClock::new().now());
        if self.clock.state().now < present {
            self.clock.advance_to(present)?;
        }
        self.clock.run()?;
        Ok(self.folder.note_ready()?)
    }
}

impl Entrant<'_> {
    fn issuance(self) -> Timestamp {
        let (Self::Resident(one) | Self::Persona(one)) = self;
        setup::issuance(one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Options, Sandbox};

    /// The age of `yui` is told from the day of the first start, and so is the day of her card.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_first_start_that_was_broken_off_goes_on_another_day() {
        let root = tempfile::tempdir().unwrap();
        let start = async |at: &str| {
            let folder = DataFolder::create(root.path()).unwrap();
            let (start, residents) = (at.parse().unwrap(), vec!["yui".to_owned()]);
            let options =
                Options { folder, port: 0, start: Some(start), residents: Some(residents) };
            Sandbox::start(options).await.unwrap()
        };
        let first = start("2026-11-21T23:59:00+09:00").await;
        let born = first.world().unwrap().residents[0].attributes.birth_date;
        first.stop().await;
        std::fs::remove_file(root.path().join("ready")).unwrap();
        let again = start("2026-11-23T10:00:00+09:00").await;
        assert_eq!(again.world().unwrap().residents[0].attributes.birth_date, born);
        assert!(again.clock.now() >= "2026-11-23T10:00:00+09:00".parse().unwrap());
        again.stop().await;
    }
}
