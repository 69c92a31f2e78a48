//! The app on phones as a role: where its things lie, and how it is opened.

use std::path::PathBuf;
use std::sync::Arc;

use inrou_api::server::Shutdown;
use inrou_chip::observer::Observer;
use inrou_chip::transport::pcsc::{LastTries, Pcsc};
use inrou_chip::tray::Tray;
use inrou_phone::card::{CardSource, ReaderCards, TableOfCards};
use inrou_phone::{Fleet, Parts, Settings};
use serde::{Deserialize, Serialize};

use super::{Ground, RoleError, Server, certificates, passphrase};
use crate::maker::Maker;

/// A fleet of phones.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneRole {
    /// Where it is served.
    pub server: Server,
    /// The phones: a folder each.
    pub folder: PathBuf,
    /// The folder of the maker of new phones' chips.
    pub maker: PathBuf,
    /// The file with the passphrase that opens the maker's keys.
    pub passphrase: PathBuf,
    /// The folder of the cards that can be put to phones; absent: cards in PC/SC readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cards: Option<PathBuf>,
    /// The authority's address, such as `http://127.0.0.1:8765`.
    pub authority: String,
    /// The sites that the app answers (REG-4), such as `http://localhost:8766/portal/v1`.
    pub askers: Vec<String>,
    /// The certificates trusted for TLS, PEM; if there are none, the operating system's.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
}

impl PhoneRole {
    /// Opens the fleet, with the cards that lie in `cards`.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(&self, ground: &Ground, told: Shutdown) -> Result<Arc<Fleet>, RoleError> {
        let (entropy, keys) = (ground.entropy.clone(), ground.keys.clone());
        let cards: Arc<dyn CardSource> = match &self.cards {
            Some(folder) => {
                let tray =
                    Tray::open(folder.clone(), "inrou serve", entropy.clone(), keys.clone())?;
                Arc::new(TableOfCards::new(Arc::new(tray)))
            }
            None => Arc::new(ReaderCards::new(Pcsc::open()?, LastTries::Spare)),
        };
        let passphrase = passphrase(&self.passphrase)?;
        let maker = Maker::open(self.maker.clone(), passphrase, ground.clock.now(), entropy, keys)?;
        self.open_with(ground, Arc::new(maker), cards, None, told)
    }

    /// Opens the fleet, with a maker and cards that are open already.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open_with(
        &self,
        ground: &Ground,
        maker: Arc<Maker>,
        cards: Arc<dyn CardSource>,
        observer: Option<Arc<dyn Observer>>,
        told: Shutdown,
    ) -> Result<Arc<Fleet>, RoleError> {
        let settings = Settings {
            directory: self.folder.clone(),
            authority: format!("{}/authority/v1", self.authority.trim_end_matches('/')),
            askers: self.askers.clone(),
            roots: certificates(&self.roots)?,
        };
        let parts = Parts {
            clock: ground.clock.clone(),
            entropy: ground.entropy.clone(),
            keys: ground.keys.clone(),
            maker,
            cards,
            observer,
            shutdown: told,
        };
        Ok(Fleet::open(&settings, parts)?)
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.folder, &mut self.maker, &mut self.passphrase]
            .into_iter()
            .chain(&mut self.cards)
            .chain(&mut self.roots)
            .chain(self.server.paths())
    }
}
