//! The role: what it is made of, how it is opened, what runs in it by itself.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::hmac;
use inrou_api::clock::Clock;
use inrou_api::idempotency::Keyed;
use inrou_api::problem::{Code, OrInternal};
use inrou_api::server::Shutdown;
use inrou_api::wire::Base64;
use inrou_chip::files::Folder;
use inrou_chip::issuer::MakerCertificate;
use inrou_chip::scp03::MasterKey;
use inrou_pki::{Entropy, KeySource};
use inrou_rules::{Municipality, Refusal};
use inrou_tlog::NoteKey;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::journal_log::JournalLog;
use crate::key_folder::KeyFolder;
use crate::keys::IssuerKeys;
use crate::problem::Failed;
use crate::sessions::Sessions;
use crate::settings::{Permission, Settings};
use crate::status::{CrlPublisher, Ocsp, StatusIndex};
use crate::store::{Store, Write};
use crate::subjects::Subjects;

/// How often what has expired is deleted.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// How many rows of a kind are deleted in one commit.
const PRUNE_AT_ONCE: u32 = 1000;
/// After how long jobs are looked for again, if they could not be read.
const RETRY: SignedDuration = SignedDuration::from_mins(1);

/// What an authority is made of.
pub struct Parts {
    /// Where everything durable is.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where the issuers' key pairs come from.
    pub key_source: Arc<dyn KeySource>,
    /// Where they are kept.
    pub key_folder: KeyFolder,
    /// The folder in which CRLs lie while they are published.
    pub crl_folder: PathBuf,
    /// The folder in which the tiles and checkpoints of the journal lie.
    pub log_folder: Folder,
    /// The maker whose chips are trusted.
    pub maker: MakerCertificate,
    /// From which the chips' channel keys are derived.
    pub channel_master: MasterKey,
    /// What the operator set.
    pub settings: Settings,
}

/// The authority. Calls block on the store; async callers wrap them.
pub struct Authority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) key_source: Arc<dyn KeySource>,
    pub(crate) keys: IssuerKeys,
    pub(crate) maker: MakerCertificate,
    pub(crate) channel_master: MasterKey,
    pub(crate) settings: Settings,
    pub(crate) status: StatusIndex,
    pub(crate) ocsp: Ocsp,
    pub(crate) crls: CrlPublisher,
    pub(crate) log: JournalLog,
    pub(crate) sessions: Sessions,
    pub(crate) subjects: Subjects,
    pub(crate) changed: Changed,
}

impl Authority {
    /// Opens an authority on a store and a key folder. No private key is read, and nothing else that
    /// grows with the number of certificates but those that are not good.
    ///
    /// # Errors
    /// The store or a folder cannot be read.
    pub fn open(parts: Parts) -> Result<Self, Failed> {
        let secret = parts.key_folder.secret("subjects", &*parts.entropy)?;
        let log_key = parts.key_folder.secret("journal-log", &*parts.entropy)?;
        let log_key = NoteKey::from_seed(&parts.settings.log_origin, &log_key)
            .ok_or_else(|| io::Error::other("log_origin is not a name that a log can have"))
            .or_internal()?;
        let log = JournalLog::new(parts.log_folder, log_key);
        let keys = IssuerKeys::open(parts.key_folder, &*parts.store)?;
        let status = StatusIndex::default();
        status.catch_up(&*parts.store)?;
        Ok(Self {
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            key_source: parts.key_source,
            keys,
            maker: parts.maker,
            channel_master: parts.channel_master,
            settings: parts.settings,
            status,
            ocsp: Ocsp::default(),
            crls: CrlPublisher::open(parts.crl_folder).or_internal()?,
            log,
            sessions: Sessions::default(),
            subjects: Subjects::new(secret),
            changed: Changed::default(),
        })
    }

    /// The status of certificates, as status services tell it.
    pub fn status_index(&self) -> &StatusIndex {
        &self.status
    }

    /// Does jobs as they fall due, until the shutdown; those that are under way are finished.
    pub async fn work(self: Arc<Self>, told: Shutdown) {
        let mut changes = self.changed.subscribe();
        let mut prune_at = Timestamp::MIN;
        while !told.is_triggered() {
            let (worker, now) = (self.clone(), self.clock.now());
            let prune = now >= prune_at;
            if prune {
                prune_at = self.deadline(PRUNE_EVERY);
            }
            let next = tokio::task::spawn_blocking(move || {
                if prune {
                    worker.prune();
                }
                worker.run_some_due_jobs()
            });
            let next = match next.await {
                Ok(Ok(next)) => next,
                Ok(Err(failed)) => {
                    tracing::error!(problem = %failed.0, "jobs cannot be read");
                    Some(self.deadline(RETRY))
                }
                Err(error) => {
                    tracing::error!(%error, "a job panicked");
                    Some(self.deadline(RETRY))
                }
            };
            let due = next.map_or(prune_at, |due| due.min(prune_at));
            tokio::select! {
                () = self.clock.wait_until(due) => {}
                changed = changes.changed() => if changed.is_err() { return },
                () = told.triggered() => {}
            }
        }
    }

    /// Whether a role may do something.
    pub(crate) fn permit(&self, role: &str, permission: Permission) -> Result<(), Failed> {
        let caller = self.settings.callers.get(role).ok_or(Code::CALLER_UNKNOWN)?;
        if caller.permissions.contains(&permission) {
            Ok(())
        } else {
            Err(Code::PERMISSION_DENIED.into())
        }
    }

    /// Whether a role may act at the counter of a municipality: that of one does at no other's.
    pub(crate) fn permit_counter(&self, role: &str, of: Municipality) -> Result<(), Failed> {
        self.permit(role, Permission::Counter)?;
        match self.counter_of(role) {
            Some(own) if own != of => Err(Refusal::OtherMunicipality.into()),
            _ => Ok(()),
        }
    }

    /// Whose residents a role may see that looks residents up: of one municipality, or all.
    pub(crate) fn permit_view(&self, role: &str) -> Result<Option<Municipality>, Failed> {
        let sees_all = [Permission::Hotline, Permission::Operator];
        if sees_all.into_iter().any(|permission| self.permit(role, permission).is_ok()) {
            return Ok(None);
        }
        self.permit(role, Permission::Counter)?;
        Ok(self.counter_of(role))
    }

    fn counter_of(&self, role: &str) -> Option<Municipality> {
        self.settings.callers.get(role).and_then(|caller| caller.municipality)
    }

    /// When something that may be used for `life` from now on ends.
    pub(crate) fn deadline(&self, life: SignedDuration) -> Timestamp {
        self.clock.now().saturating_add(life).unwrap_or(Timestamp::MAX)
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A random challenge, as it is stored.
    pub(crate) fn random_32(&self) -> Base64 {
        Base64(self.random::<32>().to_vec())
    }

    /// The identifier of what a request creates. The same request gives the same one, so that a
    /// repetition finds what was created, even if the answer was never recorded.
    pub(crate) fn new_id(&self, kind: &str, request: &Keyed) -> [u8; 16] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.subjects.secret());
        let mut mac = hmac::Context::with_key(&key);
        for part in [kind.as_bytes(), request.caller.as_bytes(), request.key.as_str().as_bytes()] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.update(request.fingerprint.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&mac.sign().as_ref()[..16]);
        id
    }

    /// Deletes what has expired.
    pub(crate) fn prune(&self) {
        let now = self.clock.now();
        // Before the rows that name them.
        self.keys.remove_expired_responders(now);
        loop {
            let writes = [
                Write::Prune { now, limit: PRUNE_AT_ONCE },
                Write::ForgetGood { up_to: self.status.seen() },
            ];
            match self.store.commit(writes.into_iter().collect()) {
                Ok(committed) if committed.pruned >= u64::from(PRUNE_AT_ONCE) => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, "what has expired was not pruned");
                    return;
                }
            }
        }
    }
}

/// Tells those who wait that something was committed.
pub(crate) struct Changed(watch::Sender<()>);

impl Changed {
    pub(crate) fn notify(&self) {
        self.0.send_replace(());
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

impl Default for Changed {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}
