//! CRLs, one for each partition, written to files when somebody asks for one and the last is stale.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_pki::Signer;
use inrou_pki::crl::{self, CrlPath, NewCrl};
use inrou_rules::whole_second;
use jiff::Timestamp;

use super::Life;
use crate::Authority;
use crate::certify::place;
use crate::keys::CertifiedKey;
use crate::problem::Failed;
use crate::store::{CrlRecord, Partition, Precondition, StatusVersion, StoreError, Write};

/// How often a CRL is written anew because another process published one meanwhile.
const ATTEMPTS: u32 = 8;

/// The CRLs that are published. Their files lie in one folder; what an earlier process left there is
/// written over.
pub(crate) struct CrlPublisher {
    folder: PathBuf,
    pub(super) shelves: Mutex<HashMap<Partition, Arc<Shelf>>>,
}

/// The CRLs of one partition: the same list by each of the issuer's keys. They share their numbers.
#[derive(Default)]
pub(super) struct Shelf {
    published: RwLock<HashMap<CrlPath, Published>>,
    /// Held by who writes the next one.
    pub(super) writing: Mutex<()>,
}

/// A CRL that is whole.
struct Published {
    about: CrlInfo,
    /// Up to which change of status it tells.
    version: StatusVersion,
}

/// What is to be known of a CRL without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlInfo {
    /// Its number (RFC 5280 §5.2.3).
    pub number: u64,
    /// How long it speaks.
    pub life: Arc<Life>,
    /// How many certificates it lists.
    pub entries: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A CRL to be read. It stays what it is, also when the next one takes its place.
#[derive(Debug)]
pub struct OpenCrl {
    /// About it.
    pub about: CrlInfo,
    /// Its DER.
    pub file: File,
}

impl CrlPublisher {
    /// Takes a folder, and makes it if it is not there.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, shelves: Mutex::default() })
    }

    pub(super) fn shelf(&self, partition: Partition) -> Arc<Shelf> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.entry(partition).or_default().clone()
    }

    fn file(&self, path: &CrlPath) -> PathBuf {
        self.folder.join(path.to_string().replace('/', "-"))
    }
}

impl Authority {
    /// The CRL at a path below `/crl`: that of a partition by one of the issuer's keys.
    ///
    /// It is written when it is asked for: if something in the partition has changed since the last
    /// one, or half the life of that is over. Who asks while it is written gets the last one, as long
    /// as that holds. Blocks while it writes.
    ///
    /// # Errors
    /// `not-found`: no such key, a key whose time is over, or a municipality that is not known. The
    /// store, the folder or the key failed, and the last CRL does not hold any more.
    pub fn crl(&self, path: &CrlPath) -> Result<OpenCrl, Failed> {
        let now = self.clock.now();
        let generations = self.keys.generations();
        let asked = generations
            .iter()
            .find(|(usage, key)| *usage == path.usage && path.is_by(key.public_key().identifier()));
        let (_, issuer) = asked.ok_or(Code::NOT_FOUND)?;
        let partition = match path.holders {
            None => Partition::Own { usage: path.usage },
            Some((medium, municipality)) => {
                Partition::Residents { usage: path.usage, medium, municipality }
            }
        };
        let scope = scope(partition)?;
        if now > issuer.certificate.not_after() {
            return Err(Code::NOT_FOUND.into());
        }
        self.status.settle(&*self.store)?;
        let shelf = self.crls.shelf(partition);
        let open = |wanted: &dyn Fn(&Published) -> bool| self.crls.read(&shelf, path, wanted);
        let is_fresh = |crl: &Published| self.is_fresh(partition, crl, now);
        let holds = |crl: &Published| now < crl.about.life.next_update;
        if let Some(crl) = open(&is_fresh)? {
            return Ok(crl);
        }
        let _writing = match shelf.writing.try_lock() {
            Ok(writing) => writing,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                if let Some(crl) = open(&holds)? {
                    return Ok(crl);
                }
                shelf.writing.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        // Somebody else may have written it meanwhile.
        if let Some(crl) = open(&is_fresh)? {
            return Ok(crl);
        }
        let Err(failed) = self.write_crl(&shelf, path, (partition, &scope), issuer) else {
            return open(&|_| true)?.ok_or_else(|| Code::STORE_UNAVAILABLE.into());
        };
        let Some(last) = open(&holds)? else { return Err(failed) };
        let Failed(problem) = failed;
        tracing::error!(%problem, cause = problem.source(), %partition, "the last CRL stands in");
        Ok(last)
    }

    fn is_fresh(&self, partition: Partition, crl: &Published, now: Timestamp) -> bool {
        crl.version >= self.status.changed(partition) && crl.about.life.is_young(now)
    }

    fn write_crl(
        &self,
        shelf: &Shelf,
        path: &CrlPath,
        (partition, scope): (Partition, &crl::Partition),
        issuer: &CertifiedKey,
    ) -> Result<(), Failed> {
        let file = self.crls.file(path);
        let draft = file.with_extension("new");
        for _ in 0..ATTEMPTS {
            let reserve = Write::ReserveCrlNumber(partition);
            let numbers = self.store.commit(reserve.into())?.crl_numbers;
            let number = *numbers.first().ok_or(StoreError::Closed)?;
            let last = self.store.crl(partition)?.map(|last| last.this_update);
            let listing = self.status.listing(partition, last);
            let this_update = whole_second(self.clock.now());
            let next_update =
                this_update.saturating_add(self.settings.crl_life).unwrap_or(Timestamp::MAX);
            let crl = NewCrl {
                issuer: &issuer.certificate,
                scope: Some((&self.settings.issuer, scope)),
                number,
                this_update,
                next_update,
            };
            let mut out = File::create(&draft).or_internal()?;
            let written = crl.write(listing.entries(), issuer, &mut out).or_internal()?;
            tracing::info!(%partition, number, digest = ?written.digest, "a CRL was signed");
            let record = CrlRecord {
                partition,
                number,
                this_update,
                next_update,
                entries: written.entries,
                status_version: listing.version,
            };
            match self.store.commit(Write::PutCrl(record).into()) {
                Ok(_) => {}
                Err(StoreError::Precondition(Precondition::CrlNumberNotNext)) => continue,
                Err(error) => return Err(error.into()),
            }
            let about = CrlInfo {
                number,
                life: Arc::new(Life::new(this_update, next_update, written.digest.as_bytes())),
                entries: written.entries,
                bytes: written.bytes,
            };
            let mut published = shelf.published.write().unwrap_or_else(PoisonError::into_inner);
            fs::rename(&draft, &file).or_internal()?;
            published.insert(*path, Published { about, version: listing.version });
            return Ok(());
        }
        Err(StoreError::Conflict.into())
    }
}

impl CrlPublisher {
    /// Opens the CRL on the shelf, if it is as wanted. File and facts belong together: a new one
    /// takes the place of both at once.
    fn read(
        &self,
        shelf: &Shelf,
        path: &CrlPath,
        wanted: &dyn Fn(&Published) -> bool,
    ) -> Result<Option<OpenCrl>, Failed> {
        let published = shelf.published.read().unwrap_or_else(PoisonError::into_inner);
        let Some(crl) = published.get(path).filter(|crl| wanted(crl)) else {
            return Ok(None);
        };
        let file = File::open(self.file(path)).or_internal()?;
        Ok(Some(OpenCrl { about: crl.about.clone(), file }))
    }
}

/// The partition as CRLs name it.
fn scope(partition: Partition) -> Result<crl::Partition, Failed> {
    Ok(match partition {
        Partition::Own { usage } => crl::Partition::Issuer { usage },
        Partition::Residents { usage, medium, municipality } => crl::Partition::Holders {
            usage,
            medium,
            place: place(municipality).map_err(|_| Problem::new(Code::NOT_FOUND))?,
        },
    })
}
