//! The first start: the test residents get their cards and phones, as if the years had passed.

use std::fs;
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

pub(super) use super::setup::beginning;

/// A first start that is under way.
pub(super) struct FirstStart<'a> {
    pub folder: &'a DataFolder,
    pub residents: &'a [TestResident],
    pub clock: &'a SandboxClock,
    pub ground: &'a Ground,
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
        setup::enter_residents(self.residents, now, self.clock, maker, tray, counter).await?;
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
        Ok(fs::write(self.folder.ready_mark(), b"")?)
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
}

impl Drop for Site {
    fn drop(&mut self) {
        self.trigger.pull();
    }
}
