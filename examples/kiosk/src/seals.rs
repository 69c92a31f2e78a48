//! The municipalities' seals (自治体の電子署名): an issuer of their own, a seal for each municipality, made when it
//! is first needed, and the issuer's CRL. In the service they are the municipalities', behind the kiosk.

use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use example_site::{Book, Failed};
use inrou_api::problem::{OrInternal, Problem};
use inrou_pdf::{NewSignature, Pdf};
use inrou_pki::certificate::IssueError;
use inrou_pki::cms::NewPdfMessage;
use inrou_pki::crl::NewCrl;
use inrou_pki::keys::{FreshKeys, KeyError};
use inrou_pki::profile::{HttpUri, Place as CertificatePlace, ProfileError};
use inrou_pki::{Certificate, Entropy, IssuerSettings, KeyAlgorithm, KeySource, SoftwareKey};
use inrou_relying::{TimeStampClient, Validator};
use inrou_rules::{Municipality, Serial};
use inrou_words::Place;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The file with keys and certificates, in the site's folder.
const FILE: &str = "seals.json";

/// An issuer gets a successor when it could not outlive a new seal.
const SUCCESSION: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// How long a CRL holds; a new one is made whenever somebody asks.
const CRL_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Room in the file for signature, certificates and time-stamp.
const ROOM: usize = 16 * 1024;

/// What lies in the file.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    /// The last serial number that an issuer gave.
    last: u64,
    /// The issuers, the oldest first.
    issuers: Vec<Keyed>,
    seals: BTreeMap<Municipality, Keyed>,
}

/// A certificate and its key, which is in the clear, as all that an example site keeps.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Keyed {
    /// PEM.
    certificate: String,
    /// PKCS #8, base64.
    key: String,
}

/// The seals.
pub(crate) struct Seals {
    book: Book<Kept>,
    settings: IssuerSettings,
    /// Where the CRLs are published: `http://127.0.0.1:8765/seals`.
    published: String,
    /// The CRL of each issuer, by the issuer's number.
    crls: Mutex<BTreeMap<usize, Made>>,
}

/// A CRL as of the last second in which somebody asked.
struct Made {
    second: i64,
    der: Arc<Vec<u8>>,
}

/// Why there is no seal.
#[derive(Debug, thiserror::Error)]
enum SealError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error("the file with the seals is damaged")]
    Damaged,
}

/// The certificates of the seals' issuers that lie in a site's folder; none if there is no such file.
///
/// # Errors
/// The file cannot be read, or is none.
pub fn seal_issuers(folder: &Path) -> io::Result<Vec<Certificate>> {
    let kept: Kept = match std::fs::read(path(folder)) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => Kept::default(),
        Err(error) => return Err(error),
    };
    let read = |keyed: &Keyed| keyed.certificate().map_err(io::Error::other);
    kept.issuers.iter().map(read).collect()
}

impl Seals {
    /// The seals in a folder, whose CRLs are published at that address.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(folder: &Path, published: String) -> io::Result<Self> {
        Ok(Self {
            book: Book::open(path(folder))?,
            settings: IssuerSettings::default(),
            published,
            crls: Mutex::default(),
        })
    }

    /// The certificates of all issuers, PEM, the oldest first.
    ///
    /// # Errors
    /// `internal-error`.
    pub async fn issuers(&self, now: Timestamp) -> Result<String, Problem> {
        let settings = self.settings.clone();
        let change = move |kept: &mut Kept| kept.issuer(&settings, now).map(drop);
        if self.book.look(|kept| kept.lasting(now).is_none()) {
            self.book.change(change).await?.or_internal()?;
        }
        Ok(self.book.look(|kept| kept.issuers.iter().map(|each| &*each.certificate).collect()))
    }

    /// The CRL of an issuer by its number, DER; nothing if there is none. No seal is ever revoked here.
    ///
    /// # Errors
    /// `internal-error`.
    pub fn crl(&self, number: usize, now: Timestamp) -> Result<Option<Arc<Vec<u8>>>, Problem> {
        let issuer = |kept: &Kept| kept.issuers.get(number.checked_sub(1)?).cloned();
        let Some(issuer) = self.book.look(issuer) else { return Ok(None) };
        let mut crls = self.crls.lock().unwrap_or_else(PoisonError::into_inner);
        // The number grows with the clock: within one second it is one CRL.
        let second = now.as_second();
        if let Some(made) = crls.get(&number).filter(|made| made.second == second) {
            return Ok(Some(made.der.clone()));
        }
        let (certificate, key) = (issuer.certificate().or_internal()?, issuer.key().or_internal()?);
        let new = NewCrl {
            issuer: &certificate,
            scope: None,
            number: second.unsigned_abs(),
            this_update: now,
            next_update: now.saturating_add(CRL_LIFE).unwrap_or(Timestamp::MAX),
        };
        let mut der = Cursor::new(Vec::new());
        new.write(std::iter::empty(), &key, &mut der).or_internal()?;
        let der = Arc::new(der.into_inner());
        crls.insert(number, Made { second, der: der.clone() });
        Ok(Some(der))
    }

    /// Seals a PDF file for a municipality: PAdES to baseline B-LT, with a time-stamp. `clock` tells the
    /// time, which goes on while others are asked.
    ///
    /// # Errors
    /// `service-unavailable`: the time-stamp, or what tells that the seal is good, was not to be had.
    pub async fn seal(
        &self,
        file: Vec<u8>,
        place: &Place,
        office: &Office<'_>,
        clock: impl Fn() -> Timestamp,
    ) -> Result<Vec<u8>, Problem> {
        let now = clock();
        let (seal, issuer) = self.of(place, now).await?;
        let (certificate, issuer) = (seal.certificate().or_internal()?, issuer.or_internal()?);
        let new = NewSignature { field: "Seal", signing_time: now, room: ROOM };
        let prepared = Pdf::read(file).or_internal()?.prepare_signature(&new).or_internal()?;
        let message = NewPdfMessage {
            content: prepared.signed_bytes(),
            signer: &certificate,
            chain: &[issuer],
        };
        let signature = message.sign(&seal.key().or_internal()?).or_internal()?;
        let Office { validator, stamps, entropy } = office;
        let stamped = validator.add_time_stamp(&signature, *stamps, *entropy, clock()).await;
        let file = prepared.finish(&stamped.map_err(unavailable)?).or_internal()?;
        validator.raise_pdf_to_lt(file, clock()).await.map_err(unavailable)
    }

    /// A municipality's seal and its issuer's certificate.
    async fn of(
        &self,
        place: &Place,
        now: Timestamp,
    ) -> Result<(Keyed, Result<Certificate, SealError>), Problem> {
        let (settings, published, code) =
            (self.settings.clone(), self.published.clone(), place.code);
        let named = CertificatePlace {
            code,
            prefecture: place.prefecture.romaji.to_owned(),
            municipality: place.municipality.romaji.to_owned(),
        };
        let change = move |kept: &mut Kept| kept.seal(&settings, &named, &published, now);
        let seal = self.book.change(change).await?.or_internal()?;
        let issuer = self.book.look(|kept| {
            let of_seal = seal.certificate()?;
            let named = of_seal.authority_key_identifier().and_then(|id| id.key.clone());
            let all = kept.issuers.iter().filter_map(|each| each.certificate().ok());
            let mut own = all.filter(|each| each.subject_key_identifier() == named.as_deref());
            own.next().ok_or(SealError::Damaged)
        });
        Ok((seal, issuer))
    }
}

/// By whom a municipality's office has its seal stamped and judged.
pub(crate) struct Office<'a> {
    pub validator: &'a Validator,
    pub stamps: &'a TimeStampClient,
    pub entropy: &'a dyn Entropy,
}

impl Kept {
    /// The newest issuer, if a new seal would not outlive it.
    fn lasting(&self, now: Timestamp) -> Option<(usize, &Keyed)> {
        let newest = self.issuers.last()?;
        let until = newest.certificate().ok()?.not_after();
        (until.duration_since(now) > SUCCESSION).then_some((self.issuers.len(), newest))
    }

    /// The issuer of new seals, and its number; made if there is none.
    fn issuer(
        &mut self,
        settings: &IssuerSettings,
        now: Timestamp,
    ) -> Result<(usize, Keyed), SealError> {
        if let Some((number, issuer)) = self.lasting(now) {
            return Ok((number, issuer.clone()));
        }
        let key = FreshKeys.generate(KeyAlgorithm::EcP256)?;
        let serial = self.next_serial();
        let certificate = settings.seal_issuer(public(&key), serial, now)?.sign(&key)?;
        let made = Keyed::new(&certificate, &key);
        self.issuers.push(made.clone());
        Ok((self.issuers.len(), made))
    }

    /// A municipality's seal; made if there is none that is valid.
    fn seal(
        &mut self,
        settings: &IssuerSettings,
        place: &CertificatePlace,
        published: &str,
        now: Timestamp,
    ) -> Result<Keyed, SealError> {
        if let Some(seal) = self.seals.get(&place.code)
            && seal.certificate()?.not_after() > now
        {
            return Ok(seal.clone());
        }
        let (number, issuer) = self.issuer(settings, now)?;
        let (of_issuer, serial) = (issuer.certificate()?, self.next_serial());
        let key = FreshKeys.generate(KeyAlgorithm::EcP256)?;
        let crl = HttpUri::try_from(format!("{published}/{number}.crl"));
        let crl = crl.map_err(|_| SealError::Damaged)?;
        let unsigned =
            settings.municipal_seal(&of_issuer, place, public(&key), serial, now, &crl)?;
        let made = Keyed::new(&unsigned.sign(&issuer.key()?)?, &key);
        self.seals.insert(place.code, made.clone());
        Ok(made)
    }

    fn next_serial(&mut self) -> Serial {
        self.last += 1;
        Serial(self.last)
    }
}

impl Keyed {
    fn new(certificate: &Certificate, key: &SoftwareKey) -> Self {
        Self { certificate: certificate.to_pem(), key: STANDARD.encode(key.to_pkcs8()) }
    }

    fn certificate(&self) -> Result<Certificate, SealError> {
        Certificate::from_pem(&self.certificate).map_err(|_| SealError::Damaged)
    }

    fn key(&self) -> Result<SoftwareKey, SealError> {
        let der = STANDARD.decode(&self.key).map(zeroize::Zeroizing::new);
        Ok(SoftwareKey::from_pkcs8(&der.map_err(|_| SealError::Damaged)?)?)
    }
}

fn public(key: &SoftwareKey) -> &inrou_pki::keys::PublicKey {
    inrou_pki::Signer::public_key(key)
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// What keeps a seal from being raised is not to be had now, and may be later.
fn unavailable(error: impl std::error::Error) -> Problem {
    Failed::of(error).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inrou_pki::crl::Crl;
    use inrou_pki::path::TrustAnchors;

    use super::*;

    const PUBLISHED: &str = "http://127.0.0.1:1/seals";

    fn place(code: &str) -> &'static Place {
        inrou_words::place(code.parse().unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_municipality_keeps_its_seal_until_it_ends_and_issuers_succeed_each_other() {
        let folder = tempfile::tempdir().unwrap();
        assert!(seal_issuers(folder.path()).unwrap().is_empty());
        let open = || Seals::open(folder.path(), PUBLISHED.to_owned()).unwrap();
        let (seals, now) = (open(), at("2026-11-24T10:00:00+09:00"));
        let (kiyose, issuer) = seals.of(place("13221"), now).await.unwrap();
        let (osaka, _) = seals.of(place("27100"), now).await.unwrap();
        let (again, _) = open().of(place("13221"), now).await.unwrap();
        assert_eq!(again.certificate, kiyose.certificate);
        assert_ne!(osaka.certificate, kiyose.certificate);
        let certificate = kiyose.certificate().unwrap();
        assert!(certificate.subject().to_string().contains("Kiyose-shi seal"));
        certificate.verify_signature(issuer.unwrap().public_key().unwrap()).unwrap();
        // Nine years later there are a new seal and a new issuer.
        let later = at("2035-11-24T10:00:00+09:00");
        let (next, issuer) = seals.of(place("13221"), later).await.unwrap();
        assert_ne!(next.certificate, kiyose.certificate);
        next.certificate()
            .unwrap()
            .verify_signature(issuer.unwrap().public_key().unwrap())
            .unwrap();
        let issuers = seal_issuers(folder.path()).unwrap();
        assert_eq!(issuers.len(), 2);
        let pem = seals.issuers(later).await.unwrap();
        assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 2);
        TrustAnchors::new(issuers).unwrap();
    }

    #[tokio::test]
    async fn each_issuer_has_a_crl_of_this_moment_that_covers_its_seals() {
        let folder = tempfile::tempdir().unwrap();
        let seals = Seals::open(folder.path(), PUBLISHED.to_owned()).unwrap();
        let now = at("2026-11-24T10:00:00+09:00");
        assert!(seals.crl(1, now).unwrap().is_none());
        let (seal, issuer) = seals.of(place("13221"), now).await.unwrap();
        let (seal, issuer) = (seal.certificate().unwrap(), issuer.unwrap());
        assert_eq!(seal.distribution_points()[0].uri(), Some("http://127.0.0.1:1/seals/1.crl"));
        let read = |at| Crl::from_der(seals.crl(1, at).unwrap().unwrap().to_vec()).unwrap();
        let first = read(now);
        let moment = inrou_pki::status::Moment { at: now, tolerance: SignedDuration::ZERO };
        let status = first.verify(&issuer).unwrap().status(&seal, moment);
        assert_eq!(status, Ok(inrou_pki::Status::Good));
        assert!(read(now + Duration::from_secs(1)).this_update() > read(now).this_update());
        assert!(seals.crl(0, now).unwrap().is_none() && seals.crl(2, now).unwrap().is_none());
    }
}
