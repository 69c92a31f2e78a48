//! One phone: what it remembers, what lies on it, and who may work with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_api::client::Client;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::signature::{DeviceKey, SigningError};
use inrou_api::wire::authority::Notice;
use inrou_api::wire::phone::{NextStep, PhoneState, ProcedureState};
use inrou_chip::files::Folder;
use inrou_chip::tray::{ChipName, TrayError};
use inrou_rules::{Attributes, ChipId, Use, Uses};
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;

use crate::card::CardOnPhone;
use crate::check::Checked;
use crate::chip::PhoneChip;
use crate::fleet::{Fleet, NotLent, Parts};
use crate::flow::Flow;
use crate::models::{Model, Models};
use crate::passkey::Challenge;
use crate::progress::Progress;
use crate::secrets::Secrets;
use crate::stored::Stored;
use crate::told::Told;
use crate::transactions::Opened;

/// A phone in use.
pub(crate) struct Phone {
    name: String,
    folder: Folder,
    pub(crate) id: ChipId,
    pub(crate) chip: Arc<PhoneChip>,
    pub(crate) parts: Parts,
    /// The authority, called without a signature: for the phone's registration alone.
    pub(crate) stranger: Client,
    /// The authority, called with the device key's signature.
    pub(crate) authority: Client,
    /// The fleet's sessions with the authority: each holds a thread while it lasts.
    pub(crate) sessions: Arc<Semaphore>,
    /// The models that can carry certificates.
    models: Arc<Models>,
    live: Mutex<Live>,
    /// Held while the file is written, so that an older memory never replaces a newer one.
    writing: Mutex<()>,
    /// One place, for the one operation that the phone carries out.
    room: Arc<Semaphore>,
    /// Tells of new notices, and of work that goes on.
    pub(crate) changed: watch::Sender<()>,
    /// The task that listens for notices, once there is one.
    pub(crate) listener: Mutex<Option<AbortHandle>>,
}

/// What changes.
pub(crate) struct Live {
    pub(crate) stored: Stored,
    pub(crate) secrets: Secrets,
    /// What was read from the card's certificate, for the person to see: in memory only.
    pub(crate) applicant: Option<Attributes>,
    /// Whether the person has seen it.
    pub(crate) applicant_seen: bool,
    /// What was ticked last, for the form to keep if something else in it was wrong.
    pub(crate) ticked: Option<Uses>,
    /// Why forms were not taken, where no procedure keeps it, for the pages that their senders are led to.
    pub(crate) told: Told,
    /// How far the work under way is.
    pub(crate) progress: Option<Progress>,
    /// What the last operation check found.
    pub(crate) checked: Vec<Checked>,
    /// What authenticators were asked and have not answered.
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) card: Option<CardOnPhone>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) opened: Vec<Opened>,
}

impl Phone {
    /// Takes a phone into use. Must be called where tasks can be spawned.
    ///
    /// # Errors
    /// Its directory is gone.
    pub(crate) fn open(
        name: &ChipName,
        folder: Folder,
        stored: Stored,
        fleet: &Fleet,
    ) -> Result<Arc<Self>, TrayError> {
        let Fleet { parts, authority, sessions, models, .. } = fleet;
        let chip = Arc::new(PhoneChip::new(folder.clone(), name, parts)?);
        // Requests that outlive the phone do not hold on to its chip.
        let weak = Arc::downgrade(&chip);
        let sign = move |message: &[u8]| match weak.upgrade() {
            Some(chip) => chip.sign(message),
            None => Err(SigningError("the phone is gone".to_owned())),
        };
        let device = DeviceKey::new(format!("phone:{}", stored.chip), sign);
        let registered = stored.registered;
        let phone = Arc::new(Self {
            name: name.to_string(),
            folder,
            id: stored.chip,
            chip,
            parts: parts.clone(),
            stranger: authority.clone(),
            authority: authority.clone().signing(Arc::new(device)),
            sessions: Arc::clone(sessions),
            models: Arc::clone(models),
            live: Mutex::new(Live {
                stored,
                secrets: Secrets::default(),
                applicant: None,
                applicant_seen: false,
                ticked: None,
                told: Told::default(),
                progress: None,
                checked: Vec::new(),
                challenges: Vec::new(),
                card: None,
                notices: Vec::new(),
                opened: Vec::new(),
            }),
            writing: Mutex::default(),
            room: Arc::new(Semaphore::new(1)),
            changed: watch::Sender::default(),
            listener: Mutex::default(),
        });
        if registered {
            phone.listen();
        }
        Ok(phone)
    }

    /// Carries out an operation to its end, even if who asked for it goes away.
    ///
    /// # Errors
    /// `phone-busy` while another one runs; those of the operation.
    pub(crate) async fn alone<T, F>(
        self: Arc<Self>,
        operation: impl FnOnce(Arc<Self>) -> F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let place = Arc::clone(&self.room).try_acquire_owned();
        let place = place.map_err(|_| Problem::new(Code::PHONE_BUSY))?;
        let phone = Arc::clone(&self);
        let operation = operation(self);
        let task = tokio::spawn(async move {
            let done = operation.await;
            phone.live().progress = None;
            drop(place);
            phone.changed.send_replace(());
            done
        });
        task.await.or_internal()?
    }

    /// Whether an operation is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.room.available_permits() == 0
    }

    /// Runs work with chip, card or file off the threads that serve requests.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let phone = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&phone)).await.or_internal()?
    }

    /// What changes. Never held while anything is waited for.
    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the phone's memory, durably.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub(crate) async fn save(self: &Arc<Self>) -> Result<(), Problem> {
        self.blocking(|phone| {
            let _writing = phone.writing();
            let stored = phone.live().stored.clone();
            phone.write(&stored)
        })
        .await
    }

    /// Allows the use of the chip at a card reader, or forbids it (REG-4): not while a reader has it.
    ///
    /// # Errors
    /// `phone-busy`, `chip-file-damaged`, `store-unavailable`; then it stays as it was.
    pub(crate) async fn allow_contactless(self: &Arc<Self>, allowed: bool) -> Result<(), Problem> {
        self.blocking(move |phone| {
            let _writing = phone.writing();
            if !allowed {
                phone.chip.check()?;
            }
            let mut stored = phone.live().stored.clone();
            stored.contactless = allowed;
            phone.write(&stored)?;
            phone.live().stored.contactless = allowed;
            Ok(())
        })
        .await
    }

    /// Lends the chip to another program, if the holder allows that (REG-4); nobody forbids it in
    /// between. Blocks.
    ///
    /// # Errors
    /// [`NotLent`]: its problem is `phone-busy`.
    pub(crate) fn lend(&self, to: &str) -> Result<(), NotLent> {
        let _writing = self.writing();
        if !self.live().stored.contactless {
            return Err(NotLent::Forbidden);
        }
        Ok(self.chip.lend(to)?)
    }

    fn write(&self, stored: &Stored) -> Result<(), Problem> {
        let written = stored.write(&self.folder);
        written.map_err(|error| Problem::new(Code::STORE_UNAVAILABLE).caused_by(error))
    }

    /// The turn to write the phone's memory.
    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The card that lies on the phone.
    pub(crate) fn card(&self) -> Option<CardOnPhone> {
        self.live().card.clone()
    }

    /// Puts a card to the phone, in place of the one that lies there.
    pub(crate) fn put_card(&self, name: &str) {
        let there = self.live().card.replace(CardOnPhone::put(name.to_owned()));
        if let Some(there) = there {
            there.take_away();
        }
    }

    /// Takes the card away, also in the middle of a read.
    pub(crate) fn take_card_away(&self) {
        if let Some(card) = self.live().card.take() {
            card.take_away();
        }
    }

    /// The phone as its holder sees it. Blocks: chip and card are asked for tries left.
    pub(crate) fn state(&self) -> PhoneState {
        let procedure = self.live().procedure();
        let procedure = procedure.map(|procedure| ProcedureState {
            tries_left: self.tries_left(&procedure.next),
            ..procedure
        });
        let (supported, biometrics) = match self.model() {
            Some(model) => (true, model.biometrics),
            None => (false, false),
        };
        let live = self.live();
        let Stored {
            chip,
            platform,
            model,
            enrolment,
            certificates,
            deletion_due,
            deleted,
            resumption,
            contactless,
            ..
        } = live.stored.clone();
        PhoneState {
            name: self.name.clone(),
            chip,
            platform,
            model,
            supported,
            biometrics,
            contactless,
            card: live.card.as_ref().map(|card| card.name().to_owned()),
            procedure,
            enrolment,
            certificates,
            deletion_due,
            deleted,
            resumption,
        }
    }

    /// The phone's model, if it can carry certificates (READY-2).
    pub(crate) fn model(&self) -> Option<&Model> {
        let live = self.live();
        self.models.find(live.stored.platform, &live.stored.model)
    }

    /// How many tries the PIN has left that a step asks for, where that can be known (PIN-1).
    fn tries_left(&self, next: &NextStep) -> Option<u8> {
        match next {
            NextStep::PhonePassword => {
                let asked = self.chip.jpki(|client| client.tries_left(Use::Signature));
                asked.ok()?.ok()
            }
            NextStep::CardPassword | NextStep::Choose | NextStep::ReadCard => {
                let card = self.card()?;
                card.tries_left(&*self.parts.cards).ok()
            }
            _ => None,
        }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let listener = self.listener.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listener {
            listener.abort();
        }
    }
}

impl Live {
    /// The procedure under way with the secrets typed for it.
    pub(crate) fn flow(&mut self) -> Result<(&mut Flow, &mut Secrets), Problem> {
        let flow = self.stored.flow.as_mut();
        let flow =
            flow.ok_or_else(|| Problem::new(Code::STEP_OUT_OF_TURN).with("next", "begin"))?;
        Ok((flow, &mut self.secrets))
    }

    /// The procedure that has to be gone on with or given up before another begins.
    pub(crate) fn procedure_in_the_way(&self) -> Option<ProcedureState> {
        let flow = self.stored.flow.as_ref()?;
        if flow.may_be_replaced() { None } else { self.procedure() }
    }

    fn procedure(&self) -> Option<ProcedureState> {
        let flow = self.stored.flow.as_ref()?;
        let applicant = self.applicant.clone();
        let next = match flow.next(&self.secrets) {
            NextStep::NewSignaturePassword { .. } => NextStep::NewSignaturePassword { applicant },
            NextStep::NewUserAuthenticationPin { .. } => {
                NextStep::NewUserAuthenticationPin { applicant }
            }
            next => next,
        };
        Some(ProcedureState {
            procedure: flow.procedure(),
            next,
            tries_left: None,
            problem: flow.problem().cloned(),
        })
    }
}
