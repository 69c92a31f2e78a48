//! A stage: the authority, and the personas' phones, at an address that nobody else knows, for as long as
//! somebody acts there. The house need not stand.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use inrou_api::clock::SandboxClock;
use inrou_api::server::{Shell, Trigger, listen, serve, shutdown};
use inrou_authority::Authority;
use inrou_chip::tray::Tray;
use inrou_phone::card::TableOfCards;
use inrou_phone::{Fleet, Parts, Settings};

use super::world::World;
use super::{RoleKeys, SandboxError};
use crate::maker::Maker;
use crate::serve::{AuthorityRole, Ground, RoleError};

/// What stages are set with.
pub(super) struct Props {
    pub(super) clock: Arc<SandboxClock>,
    pub(super) ground: Ground,
    pub(super) maker: Arc<Maker>,
    pub(super) authority: Arc<Authority>,
    pub(super) keys: RoleKeys,
    /// The personas' cards.
    pub(super) tray: Arc<Tray>,
    /// Where the personas' phones lie.
    pub(super) phones: PathBuf,
}

/// A stage that is open.
pub(super) struct Stage {
    /// What there is on it: the personas' cards and phones, and nobody's portal.
    pub(super) world: World,
    trigger: Trigger,
}

impl Stage {
    /// Opens one.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub(super) async fn open(props: &Props) -> Result<Self, SandboxError> {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let Ground { clock, entropy, keys } = props.ground.clone();
        let (trigger, told) = shutdown();
        let settings = Settings {
            directory: props.phones.clone(),
            authority: format!("{base}/authority/v1"),
            askers: Vec::new(),
            roots: Vec::new(),
        };
        let parts = Parts {
            clock,
            entropy: entropy.clone(),
            keys,
            maker: props.maker.clone(),
            cards: Arc::new(TableOfCards::new(props.tray.clone())),
            observer: None,
            shutdown: told.clone(),
        };
        let fleet = Fleet::open(&settings, parts).map_err(RoleError::from)?;
        let router = AuthorityRole::router(props.authority.clone(), told.clone())
            .merge(inrou_phone::http::router(fleet.clone()));
        let shell = Shell::new("stage", entropy.clone());
        tokio::spawn(serve(listener, shell.wrap(router), told));
        let world = World {
            base,
            clock: props.clock.clone(),
            tray: props.tray.clone(),
            residents: Vec::new(),
            fleet,
            authority: props.authority.clone(),
            keys: props.keys.clone(),
            entropy,
            roots: Vec::new(),
            cast: Weak::new(),
        };
        Ok(Self { world, trigger })
    }

    /// Closes it: nothing of it holds the authority or a chip any more.
    pub(super) async fn close(self) {
        let Self { world, trigger } = self;
        drop(world);
        trigger.finish().await;
    }
}
