//! The issuers' keys: generations under one name, delegated OCSP responders, what was signed with them.
//!
//! A generation is made when the last one is old. Each has a responder of its own, since a responder
//! answers for the key that certified it (RFC 6960 §4.2.2.2); its certificate is replaced when it ends
//! soon, and removed with its key once it has expired. Both are made when they are first needed. Private
//! keys are files of the key folder, encrypted; the certificates are documents of the store, and open
//! nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use inrou_api::problem::{OrInternal, Problem};
use inrou_api::wire::Base64;
use inrou_pki::certificate::UnsignedCertificate;
use inrou_pki::digest::Digest;
use inrou_pki::profile::CertificateKind;
use inrou_pki::{Certificate, PublicKey, SignError, Signer, SoftwareKey};
use inrou_rules::{CertificateId, Serial, Use, whole_second};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Authority;
use crate::certify::log_signature;
use crate::key_folder::KeyFolder;
use crate::problem::Failed;
use crate::store::{
    CertificateRecord, Document, DocumentKind, Opaque, Partition, Status, Store, StoreError, Unit,
    Version, Write,
};

/// The documents of issuer generations and responders; their owner is the use.
const ISSUER_KEY: DocumentKind = DocumentKind("issuer-key");

/// How long a responder is remembered after its end, so that its key is removed even if that fails at first.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// How long before its end a responder's certificate is replaced: longer than any answer is valid.
const RESPONDER_MARGIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A key with its certificate. The private key is read when it is first used.
pub struct CertifiedKey {
    /// Which generation of the issuer: its own, or the one that certified a responder.
    pub generation: u32,
    /// The certificate.
    pub certificate: Certificate,
    public_key: PublicKey,
    file: String,
    folder: Arc<KeyFolder>,
    key: OnceLock<SoftwareKey>,
}

impl Signer for CertifiedKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign_digest(&self, digest: &Digest) -> Result<Vec<u8>, SignError> {
        if let Some(key) = self.key.get() {
            return key.sign_digest(digest);
        }
        let key =
            self.folder.read(&self.file).map_err(|error| SignError::Failed(error.to_string()))?;
        self.key.get_or_init(|| key).sign_digest(digest)
    }
}

/// A key that lies in the folder under a name, and is not certified yet.
struct NewKey {
    file: String,
    key: SoftwareKey,
}

/// A responder's key with its certificate, and the issuer's that certified it.
pub(crate) struct ResponderKey {
    pub(crate) issuer: Arc<CertifiedKey>,
    pub(crate) key: Arc<CertifiedKey>,
}

impl ResponderKey {
    /// Whether it answers at `now`. Where its certificate ends with the issuer's, there is no later
    /// one to wait for.
    pub(crate) fn serves_at(&self, now: Timestamp) -> bool {
        let (own, issuers) = (&self.key.certificate, &self.issuer.certificate);
        let end = if own.not_after() < issuers.not_after() {
            own.not_after().saturating_sub(RESPONDER_MARGIN).unwrap_or(Timestamp::MIN)
        } else {
            own.not_after()
        };
        (own.not_before()..=end).contains(&now)
    }
}

/// All issuer keys.
pub(crate) struct IssuerKeys {
    folder: Arc<KeyFolder>,
    known: RwLock<Known>,
    /// Held while a key is made, so that two do not make one each.
    making: std::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    generations: BTreeMap<(Use, u32), Arc<CertifiedKey>>,
    /// The latest responder of each generation.
    responders: BTreeMap<(Use, u32), Arc<CertifiedKey>>,
    /// Those before them.
    former_responders: Vec<Arc<CertifiedKey>>,
}

/// *This type is stored.*
#[derive(Serialize, Deserialize)]
struct StoredKey {
    usage: Use,
    generation: u32,
    responder: bool,
    certificate: Base64,
    file: String,
}

/// The issuers' certificates in a store: every generation of both, oldest first. For who looks into
/// the store of an authority that does not run.
///
/// # Errors
/// The store failed, or what it holds cannot be read.
pub fn issuer_certificates(store: &dyn Store) -> Result<Vec<Certificate>, Failed> {
    let mut generations = BTreeMap::new();
    for_each_key(store, |stored| {
        if !stored.responder {
            let certificate = Certificate::from_der(&stored.certificate.0).or_internal()?;
            generations.insert((stored.usage, stored.generation), certificate);
        }
        Ok(())
    })?;
    Ok(generations.into_values().collect())
}

/// Reads what is stored about every key, a page at a time.
fn for_each_key(
    store: &dyn Store,
    mut each: impl FnMut(StoredKey) -> Result<(), Failed>,
) -> Result<(), Failed> {
    const PAGE: u32 = 256;
    let mut after = None;
    loop {
        let page = store.documents(ISSUER_KEY, None, after.as_deref(), PAGE)?;
        after = page.last().map(|document| document.value.id.clone());
        for document in &page {
            each(serde_json::from_slice(&document.value.body.0).or_internal()?)?;
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

impl IssuerKeys {
    /// Reads the certificates; no private key is opened.
    pub(crate) fn open(folder: KeyFolder, store: &dyn Store) -> Result<Self, Failed> {
        let folder = Arc::new(folder);
        let mut known = Known::default();
        for_each_key(store, |stored| Ok(known.add(&stored, &folder, OnceLock::new())?))?;
        Ok(Self { folder, known: RwLock::new(known), making: std::sync::Mutex::new(()) })
    }

    /// One generation of an issuer.
    pub(crate) fn generation(&self, usage: Use, generation: u32) -> Option<Arc<CertifiedKey>> {
        self.read().generations.get(&(usage, generation)).cloned()
    }

    /// Every generation of both issuers, oldest first.
    pub(crate) fn generations(&self) -> Vec<(Use, Arc<CertifiedKey>)> {
        let known = self.read();
        known.generations.iter().map(|(&(usage, _), key)| (usage, key.clone())).collect()
    }

    /// Removes the keys of responders whose certificates have expired. One that cannot be removed is
    /// tried again the next time.
    pub(crate) fn remove_expired_responders(&self, now: Timestamp) {
        let expired = {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.take_expired(now)
        };
        for key in expired {
            if let Err(error) = self.folder.remove(&key.file) {
                tracing::warn!(%error, file = key.file, "a responder's old key was not removed");
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.former_responders.push(key);
            }
        }
    }

    fn latest(&self, usage: Use) -> Option<Arc<CertifiedKey>> {
        let known = self.read();
        known
            .generations
            .range((usage, 0)..=(usage, u32::MAX))
            .next_back()
            .map(|(_, key)| key.clone())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(
        &mut self,
        stored: &StoredKey,
        folder: &Arc<KeyFolder>,
        key: OnceLock<SoftwareKey>,
    ) -> Result<(), Problem> {
        let certificate = Certificate::from_der(&stored.certificate.0).or_internal()?;
        let key = Arc::new(CertifiedKey {
            generation: stored.generation,
            public_key: certificate.public_key().or_internal()?.clone(),
            certificate,
            file: stored.file.clone(),
            folder: folder.clone(),
            key,
        });
        let id = (stored.usage, stored.generation);
        if !stored.responder {
            self.generations.insert(id, key);
            return Ok(());
        }
        let former = match self.responders.get(&id) {
            Some(known) if known.certificate.not_before() >= key.certificate.not_before() => {
                Some(key)
            }
            _ => self.responders.insert(id, key),
        };
        self.former_responders.extend(former);
        Ok(())
    }

    /// Takes out the responders whose certificates have expired.
    fn take_expired(&mut self, now: Timestamp) -> Vec<Arc<CertifiedKey>> {
        let expired = |key: &CertifiedKey| key.certificate.not_after() < now;
        let latest = self.responders.extract_if(.., |_, key| expired(key)).map(|(_, key)| key);
        let former = self.former_responders.extract_if(.., |key| expired(key));
        latest.chain(former).collect()
    }
}

impl Authority {
    /// The issuers' keys with their certificates: every generation of both, oldest first, those that
    /// sign now among them.
    ///
    /// # Errors
    /// The store or the key folder failed while a new generation was made.
    pub fn trust_anchors(&self) -> Result<Vec<(Use, Arc<CertifiedKey>)>, Failed> {
        let now = self.clock.now();
        for usage in Use::ALL {
            self.issuer_at(usage, now)?;
        }
        Ok(self.keys.generations())
    }

    /// The generation of an issuer that signs at `now`; a new one is made if the last is old.
    pub(crate) fn issuer_at(
        &self,
        usage: Use,
        now: Timestamp,
    ) -> Result<Arc<CertifiedKey>, Failed> {
        let young = |key: &CertifiedKey| {
            now.duration_since(key.certificate.not_before()) < self.settings.generation_age
        };
        if let Some(key) = self.keys.latest(usage).filter(|key| young(key)) {
            return Ok(key);
        }
        let _making = self.keys.making.lock().unwrap_or_else(PoisonError::into_inner);
        match self.keys.latest(usage) {
            Some(key) if young(&key) => Ok(key),
            last => self.make_generation(usage, last.map_or(1, |key| key.generation + 1), now),
        }
    }

    /// The responder that answers for a generation of an issuer at `now`, certified anew if
    /// its certificate ends soon. `None` if that generation is over, or was never there.
    pub(crate) fn responder_at(
        &self,
        usage: Use,
        generation: u32,
        now: Timestamp,
    ) -> Result<Option<ResponderKey>, Failed> {
        let Some(issuer) = self.keys.generation(usage, generation) else { return Ok(None) };
        if now > issuer.certificate.not_after() {
            return Ok(None);
        }
        let present = || {
            let key = self.keys.read().responders.get(&(usage, generation)).cloned();
            key.map(|key| ResponderKey { issuer: issuer.clone(), key })
                .filter(|key| key.serves_at(now))
        };
        if let Some(key) = present() {
            return Ok(Some(key));
        }
        let _making = self.keys.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = present() {
            return Ok(Some(key));
        }
        self.make_responder(usage, &issuer, now)?;
        present().map(Some).ok_or_else(|| lost().into())
    }

    fn make_generation(
        &self,
        usage: Use,
        generation: u32,
        now: Timestamp,
    ) -> Result<Arc<CertifiedKey>, Failed> {
        let new = self.new_key(self.settings.issuer.issuer_key)?;
        let (not_before, public_key) = (whole_second(now), new.key.public_key().clone());
        let build = |serial| {
            self.settings.issuer.issuer_certificate(usage, &public_key, serial, not_before)
        };
        self.certify_own(usage, generation, new, None, build)?;
        self.keys.generation(usage, generation).ok_or_else(|| lost().into())
    }

    fn make_responder(
        &self,
        usage: Use,
        issuer: &CertifiedKey,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let new = self.new_key(self.settings.issuer.issuer_key)?;
        let (not_before, public_key) = (whole_second(now), new.key.public_key().clone());
        let build = |serial| {
            let settings = &self.settings.issuer;
            settings.responder_certificate(
                usage,
                &issuer.certificate,
                &public_key,
                serial,
                not_before,
            )
        };
        self.certify_own(usage, issuer.generation, new, Some(issuer), build)
    }

    /// Writes a new key to the folder before anything names it.
    fn new_key(&self, algorithm: inrou_pki::KeyAlgorithm) -> Result<NewKey, Failed> {
        let key = self.key_source.generate(algorithm).or_internal()?;
        let file = format!("{}.key", key.public_key().identifier());
        self.keys.folder.write(&file, &key, &*self.entropy).or_internal()?;
        Ok(NewKey { file, key })
    }

    /// Reserves a serial number, signs one of the issuer's own certificates and records it: that of
    /// `new` itself, or that of a responder of `issuer`.
    fn certify_own(
        &self,
        usage: Use,
        generation: u32,
        new: NewKey,
        issuer: Option<&CertifiedKey>,
        build: impl Fn(Serial) -> Result<UnsignedCertificate, inrou_pki::profile::ProfileError>,
    ) -> Result<(), Failed> {
        let partition = Partition::Own { usage };
        let (kind, signer): (_, &dyn Signer) = match issuer {
            Some(issuer) => (CertificateKind::OcspResponder(usage), issuer),
            None => (CertificateKind::Issuer(usage), &new.key),
        };
        let not_after = self.settings.issuer.profile(kind).lifetime.end(self.clock.now());
        let reserve = Write::ReserveSerials { partition, count: 1, not_after };
        let reserved = self.store.commit(reserve.into())?.serials;
        let serial = reserved.first().ok_or_else(lost)?.first;
        let certificate = build(serial).or_internal()?.sign(signer).or_internal()?;
        let id = CertificateId { usage, serial };
        log_signature(id, certificate.as_der());
        let stored = StoredKey {
            usage,
            generation,
            responder: issuer.is_some(),
            certificate: Base64(certificate.as_der().to_vec()),
            file: new.file,
        };
        let mut unit = Unit::from(Write::PutCertificate(CertificateRecord {
            id,
            generation,
            partition,
            holder: None,
            not_after: certificate.not_after(),
            der: certificate.as_der().to_vec(),
        }));
        unit.push(Write::PutStatus { id, status: Status::Good });
        unit.push(Write::PutDocument {
            expected: None::<Version>,
            document: Document {
                kind: ISSUER_KEY,
                id: crate::jobs::certificate_key(id),
                owner: None,
                expires: issuer.and_then(|_| certificate.not_after().checked_add(REMEMBERED).ok()),
                body: Opaque(serde_json::to_vec(&stored).or_internal()?),
            },
        });
        self.commit(unit)?;
        let mut known = self.keys.known.write().unwrap_or_else(PoisonError::into_inner);
        known.add(&stored, &self.keys.folder, new.key.into())?;
        Ok(())
    }
}

fn lost() -> Problem {
    Problem::internal(StoreError::Closed)
}
