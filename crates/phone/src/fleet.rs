//! The phones of one directory.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_api::client::{Client, ClientError};
use inrou_api::clock::Clock;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Openings, Shutdown, Source};
use inrou_api::wire::authority::{CertificateView, EnrolmentView};
use inrou_api::wire::phone::{NewPhone, PhoneSummary};
use inrou_chip::files::Folder;
use inrou_chip::image::Personality;
use inrou_chip::issuer::{IssuerState, ManufactureError};
use inrou_chip::observer::Observer;
use inrou_chip::personalisation;
use inrou_chip::tray::{ChipName, Tray, TrayError};
use inrou_pki::{Entropy, KeySource};
use inrou_rules::{CertificateStatus, ChipId, Platform, Use};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::card::CardSource;
use crate::models::Models;
use crate::phone::Phone;
use crate::problem::of_own_tray;
use crate::stored::Stored;
use crate::transactions::Asker;

/// How many secure-channel sessions run at a time: more would take the threads away on which an
/// authority in the same process answers them.
const SESSIONS: usize = 64;

/// The longest name of a model, in characters.
const LONGEST_MODEL: usize = 100;

/// How many phones may be bought over HTTP in [`PURCHASE`], for anybody may: each costs the making of a
/// chip, and stays.
const PURCHASES: usize = 100;
const PURCHASE: SignedDuration = SignedDuration::from_mins(1);

/// How many phones a directory holds at most.
const MOST_PHONES: usize = 10_000;

/// Where phones lie and whom they speak to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory of the fleet: a directory a phone, `NAME/`, with the chip's file `NAME.chip` and
    /// the app's memory `phone.json`.
    pub directory: PathBuf,
    /// The authority's API, such as `http://localhost:8080/authority/v1`.
    pub authority: String,
    /// The sites that the app answers (REG-4), each by the address under which its transactions lie,
    /// such as `http://localhost:8080/portal/v1`.
    pub askers: Vec<String>,
    /// The certificates (DER) that are trusted for TLS; if there are none, the operating system's.
    pub roots: Vec<Vec<u8>>,
}

/// What a fleet is made of.
#[derive(Clone)]
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where the chips' key pairs come from.
    pub keys: Arc<dyn KeySource>,
    /// Who makes the chips of new phones.
    pub maker: Arc<dyn Maker>,
    /// The cards near the phones.
    pub cards: Arc<dyn CardSource>,
    /// Who looks on at what the app says to its chip, if anybody.
    pub observer: Option<Arc<dyn Observer>>,
    /// Told when the service ends.
    pub shutdown: Shutdown,
}

/// Makes chips: holds the master keys of their secure channels, which no phone knows.
pub trait Maker: Send + Sync {
    /// The card manager's part of a new chip.
    ///
    /// # Errors
    /// There is no key for it, or the maker's CA does not sign.
    fn manufacture(&self, chip: &ChipId) -> Result<IssuerState, ManufactureError>;
}

/// Why a fleet cannot be opened.
#[derive(Debug, Error)]
pub enum FleetError {
    /// The directory cannot be made.
    #[error("the directory of the phones cannot be made")]
    Directory(#[from] io::Error),
    /// The file of supported models does not have its form.
    #[error("the file of supported models cannot be read")]
    Models(#[source] io::Error),
    /// An address in the settings is none that can be called.
    #[error(transparent)]
    Address(#[from] ClientError),
}

/// Why a phone's chip is not lent.
#[derive(Debug, thiserror::Error)]
pub enum NotLent {
    /// The phone's holder has not allowed its use at a card reader (REG-4).
    #[error("its use at a card reader is not allowed")]
    Forbidden,
    /// It cannot be had.
    #[error(transparent)]
    Problem(#[from] Problem),
}

/// A phone, looked at from outside.
#[derive(Clone, Debug)]
pub struct Glance {
    /// Its model.
    pub model: String,
    /// Whether it can carry certificates (READY-2).
    pub supported: bool,
    /// The application that the authority has, as last heard.
    pub enrolment: Option<EnrolmentView>,
    /// The certificates, as last heard.
    pub certificates: Vec<CertificateView>,
}

impl Glance {
    /// Whether it carries a certificate of a use that can be used.
    pub(crate) fn carries(&self, usage: Use, now: Timestamp) -> bool {
        self.certificates.iter().any(|view| {
            let is_active = matches!(view.status, CertificateStatus::Active { .. });
            view.usage == usage && is_active && now <= view.not_after
        })
    }
}

/// The phones of one directory. Nothing of a phone is touched before it is used.
pub struct Fleet {
    pub(crate) parts: Parts,
    folder: Folder,
    pub(crate) authority: Client,
    pub(crate) models: Arc<Models>,
    pub(crate) askers: Vec<Asker>,
    /// See [`SESSIONS`].
    pub(crate) sessions: Arc<Semaphore>,
    /// The phones in use.
    phones: Mutex<BTreeMap<ChipName, Arc<Phone>>>,
    purchases: Openings<String>,
}

impl Fleet {
    /// Opens a directory of phones, and makes it if it is not there.
    ///
    /// # Errors
    /// [`FleetError`].
    pub fn open(settings: &Settings, parts: Parts) -> Result<Arc<Self>, FleetError> {
        Self::open_in(Folder::from(&settings.directory), settings, parts)
    }

    /// As [`Fleet::open`], in a folder of any file system in place of the settings' directory.
    ///
    /// # Errors
    /// [`FleetError`].
    pub fn open_in(
        folder: Folder,
        settings: &Settings,
        parts: Parts,
    ) -> Result<Arc<Self>, FleetError> {
        folder.make()?;
        let client = |base: &str| {
            Client::new(base, &settings.roots, parts.clock.clone(), parts.entropy.clone())
        };
        let askers = settings.askers.iter().map(|base| {
            Ok(Asker { base: base.trim_end_matches('/').to_owned(), client: client(base)? })
        });
        Ok(Arc::new(Self {
            models: Arc::new(Models::read(&folder).map_err(FleetError::Models)?),
            folder,
            authority: client(&settings.authority)?,
            askers: askers.collect::<Result<_, ClientError>>()?,
            sessions: Arc::new(Semaphore::new(SESSIONS)),
            phones: Mutex::default(),
            purchases: Openings::new(PURCHASES),
            parts,
        }))
    }

    /// As [`buy`](Self::buy), for whoever asks over HTTP from `source`.
    ///
    /// # Errors
    /// `too-many-requests`, `store-unavailable` if the directory is full; those of [`buy`](Self::buy).
    pub(crate) fn buy_for_anybody(&self, new: &NewPhone, source: Source) -> Result<(), Problem> {
        let now = self.parts.clock.now();
        let until = now.saturating_add(PURCHASE).unwrap_or(Timestamp::MAX);
        self.purchases.open(new.name.clone(), source, now, until)?;
        if self.folder.names().or_internal()?.len() >= MOST_PHONES {
            return Err(Problem::new(Code::STORE_UNAVAILABLE));
        }
        self.buy(new)
    }

    /// Buys a phone: its chip is made. It is there whole or not at all. Blocks.
    ///
    /// # Errors
    /// `bad-request` for `name` or `model`, `phone-name-taken`, `internal-error`.
    pub fn buy(&self, new: &NewPhone) -> Result<(), Problem> {
        let name: ChipName = new.name.parse().map_err(|_| Problem::bad_request("name"))?;
        let taken = || Problem::new(Code::PHONE_NAME_TAKEN).with("name", &name);
        if new.model.is_empty() || new.model.chars().count() > LONGEST_MODEL {
            return Err(Problem::bad_request("model"));
        }
        // One purchase at a time: an unfinished phone has one name.
        let _phones = self.phones();
        if self.folder.contains(name.as_str()) {
            return Err(taken());
        }
        // A name that no phone has.
        let unfinished = format!(".{name}.new");
        self.folder.remove_folder(&unfinished).or_internal()?;
        let inside = self.folder.folder(&unfinished);
        self.make_chip(&inside, &name, new)?.write(&inside).or_internal()?;
        match self.folder.rename(&unfinished, name.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(taken().caused_by(error));
            }
            other => other.or_internal()?,
        }
        self.folder.sync().or_internal()
    }

    /// A phone, taken into use. Blocks. Must be called where tasks can be spawned.
    ///
    /// # Errors
    /// `not-found`, `internal-error`.
    pub(crate) fn phone(&self, name: &str) -> Result<Arc<Phone>, Problem> {
        let name = parse(name)?;
        let mut phones = self.phones();
        if let Some(phone) = phones.get(&name) {
            return Ok(Arc::clone(phone));
        }
        let folder = self.folder.folder(name.as_str());
        let stored = read(&folder)?;
        let phone =
            Phone::open(&name, folder, stored, self).map_err(|error| of_own_tray(error, &name))?;
        phones.insert(name, Arc::clone(&phone));
        Ok(phone)
    }

    /// Phones by name: those after `after`, at most `most`. Blocks.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(crate) fn list(
        &self,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<PhoneSummary>, Problem> {
        let is_phone = |name: &ChipName| {
            after.is_none_or(|after| name.as_str() > after)
                && Stored::is_in(&self.folder.folder(name.as_str()))
        };
        let found = self.folder.names().or_internal()?;
        let names = found.iter().filter_map(|name| name.parse().ok());
        let mut names: Vec<ChipName> = names.filter(is_phone).collect();
        names.sort();
        names.truncate(most);
        let summary = |name: ChipName| {
            let Stored { platform, model, .. } = read(&self.folder.folder(name.as_str()))?;
            Ok(PhoneSummary { name: name.to_string(), platform, model })
        };
        names.into_iter().map(summary).collect()
    }

    /// How a phone stands, as far as it has heard. Nothing of it is taken into use. Blocks.
    ///
    /// # Errors
    /// `not-found`, `internal-error`.
    pub fn glance(&self, name: &str) -> Result<Glance, Problem> {
        let name = parse(name)?;
        let open = self.phones().get(&name).cloned();
        let stored = match open {
            Some(phone) => phone.live().stored.clone(),
            None => read(&self.folder.folder(name.as_str()))?,
        };
        let Stored { platform, model, enrolment, certificates, .. } = stored;
        let supported = self.models.find(platform, &model).is_some();
        Ok(Glance { model, supported, enrolment, certificates })
    }

    /// Lends a phone's chip to `to`, another program, which takes it from a tray of its own over the
    /// phone's directory, by the phone's name, and reaches it over the contactless link: the phone's
    /// holder must have allowed that (REG-4). Blocks; is called within the service's runtime.
    ///
    /// # Errors
    /// [`NotLent`]: its problems are `not-found`, `phone-busy`.
    pub fn lend(&self, name: &str, to: &str) -> Result<(), NotLent> {
        self.phone(name)?.lend(to)
    }

    /// Ends the lending of a phone's chip. Blocks; is called within the service's runtime.
    ///
    /// # Errors
    /// `not-found`.
    pub fn take_back(&self, name: &str) -> Result<(), Problem> {
        self.phone(name)?.chip.take_back();
        Ok(())
    }

    /// Puts a card to a phone; it is taken away from another one that does nothing with it. Blocks.
    ///
    /// # Errors
    /// `not-found`, `card-busy`, and what the [`CardSource`] says.
    pub(crate) fn put_card(&self, phone: &Arc<Phone>, card: &str) -> Result<(), Problem> {
        // A look at the card tells whether it is there and not lent out.
        drop(self.parts.cards.connect(card)?);
        let phones = self.phones();
        let others = phones.values().filter(|other| !Arc::ptr_eq(other, phone));
        let lies_on = |other: &&Arc<Phone>| other.card().is_some_and(|lies| lies.name() == card);
        if let Some(other) = others.into_iter().find(lies_on) {
            if other.is_busy() {
                return Err(Problem::new(Code::CARD_BUSY));
            }
            other.take_card_away();
        }
        phone.put_card(card);
        Ok(())
    }

    fn make_chip(
        &self,
        folder: &Folder,
        name: &ChipName,
        new: &NewPhone,
    ) -> Result<Stored, Problem> {
        let mut id = [0; 16];
        self.parts.entropy.fill(&mut id);
        let chip = ChipId::from_bytes(id);
        let issuer = self.parts.maker.manufacture(&chip).or_internal()?;
        let personality = match new.platform {
            Platform::Android => Personality::Android,
            Platform::Iphone => Personality::Ios,
        };
        let image = personalisation::phone(personality, chip, issuer);
        let (entropy, keys) = (self.parts.entropy.clone(), self.parts.keys.clone());
        Tray::open(folder.clone(), "", entropy, keys)
            .and_then(|tray| tray.create(name, image))
            .map_err(|error: TrayError| of_own_tray(error, name))?;
        Ok(Stored {
            chip,
            platform: new.platform,
            model: new.model.clone(),
            registered: false,
            flow: None,
            enrolment: None,
            certificates: Vec::new(),
            deletion_due: None,
            deleted: None,
            resumption: None,
            passkey: None,
            contactless: false,
            taking: None,
        })
    }

    fn phones(&self) -> MutexGuard<'_, BTreeMap<ChipName, Arc<Phone>>> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that cannot be a phone's is one that no phone has.
fn parse(name: &str) -> Result<ChipName, Problem> {
    name.parse().map_err(|_| Problem::new(Code::NOT_FOUND))
}

fn read(folder: &Folder) -> Result<Stored, Problem> {
    Stored::read(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::new(Code::NOT_FOUND).caused_by(error),
        _ => Problem::internal(error),
    })
}
