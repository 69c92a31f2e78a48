//! The first start: the test residents get their cards and phones, as if the years had passed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use inrou_api::client::Client;
use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_api::server::{Shell, Trigger, listen, serve, shutdown};
use inrou_authority::Authority;
use inrou_chip::tray::Tray;
use inrou_phone::Fleet;
use jiff::Timestamp;

use super::counter::Counter;
use super::{DataFolder, Role, RoleKeys, SandboxError, setup};
use crate::maker::Maker;
use crate::residents::TestResident;
use crate::serve::{AuthorityRole, Ground};

pub(super) use super::setup::{Entrant, beginning};

/// A first start that is under way.
pub(super) struct FirstStart<'a> {
    pub folder: &'a DataFolder,
    pub residents: &'a [TestResident],
    /// The persona who needs the past, if there is one.
    pub persona: Option<Entrant<'a>>,
    pub clock: &'a SandboxClock,
    pub ground: &'a Ground,
    /// Is told how many residents of how many have their cards.
    pub tell: &'a (dyn Fn(usize, usize) + Sync),
}

impl FirstStart<'_> {
    /// Lets the residents have their cards, ending at `now`.
    pub(super) async fn issue_cards(
        &self,
        now: Timestamp,
        authority: &Arc<Authority>,
        maker: &Maker,
        tray: &Arc<Tray>,
        keys: &RoleKeys,
    ) -> Result<(), SandboxError> {
        let site = Site::open(authority.clone(), self.ground).await?;
        let client = site.api.clone().signing(keys.signer(Role::Counter));
        let counter = |resident: &TestResident| Counter {
            client: client.clone(),
            municipality: resident.municipality,
        };
        self.clock.stop()?;
        let residents = self.residents.iter().map(|resident| Entrant { resident, tray });
        let entrants: Vec<_> = residents.chain(self.persona).collect();
        let entered =
            setup::enter_residents(&entrants, now, self.clock, maker, counter, self.tell).await;
        site.close().await;
        Ok(entered?)
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

/// The authority alone, at an address that nobody else knows, until the house stands.
struct Site {
    api: Client,
    trigger: Trigger,
}

impl Site {
    async fn open(authority: Arc<Authority>, ground: &Ground) -> Result<Self, SandboxError> {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let base = format!("http://{}/authority/v1", listener.local_addr()?);
        let api = Client::new(&base, &[], ground.clock.clone(), ground.entropy.clone())?;
        let (trigger, told) = shutdown();
        let router = AuthorityRole::router(authority, told.clone());
        let shell = Shell::new("first-start", ground.entropy.clone());
        tokio::spawn(serve(listener, shell.wrap(router), told));
        Ok(Self { api, trigger })
    }

    /// Ends it: nothing of it holds the authority any more.
    async fn close(self) {
        self.trigger.finish().await;
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
