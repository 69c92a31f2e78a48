//! What a chip forgets when the power goes: the selection and the security status.

use std::collections::BTreeSet;

use super::Interface;
use super::application::{Access, Application};
use super::secure_messaging::SecureMessaging;
use crate::image::FileId;
use crate::issuer;

/// A powered chip's state.
pub(super) struct Session {
    pub(super) interface: Interface,
    /// The selected application; `None` is the card manager.
    pub(super) selected: Option<Application>,
    /// The current EF of the selected application.
    pub(super) current: Option<FileId>,
    /// The card manager's secure channel.
    pub(super) channel: issuer::Channel,
    /// The face-input application's session key.
    pub(super) secure_messaging: Option<SecureMessaging>,
    /// The rest of an answer that GET RESPONSE fetches.
    pub(super) remaining: Vec<u8>,
    security_status: Option<SecurityStatus>,
}

/// Which PINs were verified, in the application selected last.
struct SecurityStatus {
    application: Application,
    verified: BTreeSet<FileId>,
}

impl Session {
    pub(super) fn new(interface: Interface) -> Self {
        Self {
            interface,
            selected: None,
            current: None,
            channel: issuer::Channel::default(),
            secure_messaging: None,
            remaining: Vec::new(),
            security_status: None,
        }
    }

    /// Selects an application. What was verified there stays, if no other was selected since.
    pub(super) fn select(&mut self, application: Application) {
        self.leave();
        self.selected = Some(application);
        if self.security_status.as_ref().is_none_or(|status| status.application != application) {
            self.security_status = Some(SecurityStatus { application, verified: BTreeSet::new() });
        }
    }

    /// Selects the card manager: what was verified is forgotten.
    pub(super) fn select_card_manager(&mut self) {
        self.leave();
        self.security_status = None;
    }

    /// A warm reset: nothing is selected any more, but what was verified in the application selected
    /// last is remembered for when it is selected again.
    pub(super) fn reset(&mut self) {
        self.leave();
    }

    pub(super) fn set_verified(&mut self, pin: FileId) {
        if let Some(status) = &mut self.security_status {
            status.verified.insert(pin);
        }
    }

    pub(super) fn clear_verified(&mut self, pin: FileId) {
        if let Some(status) = &mut self.security_status {
            status.verified.remove(&pin);
        }
    }

    pub(super) fn is_verified(&self, pin: FileId) -> bool {
        self.security_status.as_ref().is_some_and(|status| status.verified.contains(&pin))
    }

    pub(super) fn satisfies(&self, access: Access) -> bool {
        match access {
            Access::Free => true,
            Access::AnyOf(pins) => pins.iter().any(|&pin| self.is_verified(pin)),
        }
    }

    fn leave(&mut self) {
        self.selected = None;
        self.current = None;
        self.channel = issuer::Channel::default();
        self.secure_messaging = None;
        self.remaining.clear();
    }
}
