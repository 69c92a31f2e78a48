//! `inrou verify`: whether a file holds, check by check.
//!
//! Nothing is asked over the network but the status of a certificate, once it is known to be from a
//! trusted issuer: at the address that the issuer wrote into it, or where the running sandbox is.

mod inspected;
mod signatures;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_authority::keys::issuer_certificates;
use inrou_authority::store::{SqliteSettings, SqliteStore};
use inrou_pki::SystemEntropy;
use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_relying::inspect::{Beside, FileKind};
use inrou_relying::report::{Given, SignatureFormat, SignedFile, When};
use inrou_relying::{Settings, StatusClient, StatusEvidence, TrustAnchors, Validator, anchors};
use inrou_words::{Form, Language, Term, error, text};
use jiff::Timestamp;

use crate::control::{Answer, Request, ask};
use crate::facts::printable;
use crate::fault::Fault;
use crate::moment::read_moment;
use crate::sandbox::DataFolder;
use crate::terminal::words;

/// The longest file that is read: a list of a million revocations fits.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// What is to be verified, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// A certificate, a signed message, an OCSP response or a CRL, in DER or PEM; a signed PDF or XML file,
    /// or a JWS.
    pub file: PathBuf,
    /// The issuers that are trusted for residents' certificates; if `None`, the sandbox's. Where there is no
    /// sandbox, others may be trusted alone.
    pub anchors: Option<PathBuf>,
    /// The issuers that are trusted for time-stamps; if `None`, the sandbox's, where its issuers are
    /// trusted.
    pub time_stamp_anchors: Option<PathBuf>,
    /// The issuers that are trusted for the seals of organisations; if `None`, the sandbox's, where its
    /// issuers are trusted.
    pub seal_anchors: Option<PathBuf>,
    /// What was signed, where it lies beside the signature.
    pub content: Option<PathBuf>,
    /// The hash of that alone, as typed.
    pub digest: Option<String>,
    /// OCSP responses and CRLs that tell the status, DER or PEM. If there are any, nobody is asked.
    pub status: Vec<PathBuf>,
    /// The serial number, as typed, that an OCSP response or a CRL is asked about.
    pub serial: Option<String>,
    /// The time as of which to judge, as typed. If `None`, it is the present by the sandbox's clock
    /// where its issuers are trusted, else by this machine's.
    pub at: Option<String>,
    /// Whether no status is asked for.
    pub offline: bool,
    /// Whether the report on signatures is to be written whole, as JSON.
    pub json: bool,
}

/// Shows what a file says and which checks hold.
///
/// # Errors
/// `file-not-good` if all is genuine and the issuer says that the certificate is not good,
/// `file-not-valid` if a check does not hold, `file-not-checked` if one could not be made;
/// `anchors-missing`, `file-not-readable`, `file-not-recognised`, `anchors-not-readable`,
/// `moment-not-readable`, `serial-not-readable`, `digest-not-readable`, `option-without-use`.
pub fn run(language: Language, data: &Path, verification: &Verification) -> Result<(), Fault> {
    let typed = verification.at.as_deref().map(read_moment).transpose()?;
    let serial = verification.serial.as_deref().map(serial).transpose()?;
    let digest = verification.digest.as_deref().map(digest).transpose()?;
    let file = read_file(&verification.file)?;
    let content = verification.content.as_deref().map(read_file).transpose()?;
    let stamps = verification.time_stamp_anchors.as_deref().map(read_anchors).transpose()?;
    let seals = verification.seal_anchors.as_deref().map(read_anchors).transpose()?;
    let mut trust = match &verification.anchors {
        Some(path) => Trust::in_issuers(read_anchors(path)?),
        None => match of_sandbox(data)? {
            Some(trust) => trust,
            None if stamps.is_some() || seals.is_some() => {
                Trust::in_issuers(TrustAnchors::default())
            }
            None => return Err(Fault::new("anchors-missing").with("path", data.display())),
        },
    };
    trust.stamps = stamps.unwrap_or(trust.stamps);
    trust.seals = seals.unwrap_or(trust.seals);
    let (clock, is_of_sandbox) = (trust.now, trust.is_of_sandbox);
    let now = typed.unwrap_or(clock);
    let status = verification.status.iter().map(|file| read_status(file, now));
    let status: Vec<_> = status.collect::<Result<_, _>>()?;
    let kind = kind_of(&file).map_err(|error| error.with("path", verification.file.display()))?;
    refuse_what_has_no_use(verification, kind, language)?;
    let validator = validator(trust, verification.offline)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    let Some(format) = kind.format() else {
        let beside = Beside { content: None, status, serial: serial.as_deref() };
        return runtime.block_on(inspected::run(
            language,
            &validator,
            verification,
            &file,
            &beside,
            now,
        ));
    };
    let given = match (&content, digest) {
        (Some(content), _) => Given::Content(content),
        (None, Some(digest)) => Given::Digest(digest),
        (None, None) => Given::Nothing,
    };
    let filename = verification.content.as_ref().unwrap_or(&verification.file).file_name();
    let signed = SignedFile {
        file: &file,
        given,
        status: &status,
        filename: filename.and_then(|name| name.to_str()),
        detailed: true,
    };
    // Other issuers' clock may be turned as well: there the time given is the present.
    let present = if is_of_sandbox { clock } else { now };
    let when = When { at: now, present };
    let report = runtime.block_on(validator.report_file(format, &signed, when));
    let report = report.map_err(|error| {
        tracing::error!(%error, "an option was let through that has no use");
        Fault::new("internal-error")
    })?;
    signatures::tell(language, verification, kind, &report)
}

/// By whom a file is judged.
struct Trust {
    issuers: TrustAnchors,
    /// Those that are trusted for time-stamps.
    stamps: TrustAnchors,
    /// Those that are trusted for seals.
    seals: TrustAnchors,
    settings: Settings,
    /// The present by their clock.
    now: Timestamp,
    /// Whether they are a sandbox's.
    is_of_sandbox: bool,
}

impl Trust {
    /// In those issuers of residents' certificates, and in nobody of the sandbox.
    fn in_issuers(issuers: TrustAnchors) -> Self {
        Self {
            issuers,
            stamps: TrustAnchors::default(),
            seals: TrustAnchors::default(),
            settings: Settings::default(),
            now: SystemClock::new().now(),
            is_of_sandbox: false,
        }
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One that is inspected.
    Inspected(FileKind),
    /// One with signatures of that format.
    Signed(SignatureFormat),
}

impl Kind {
    /// The format of its signatures, if it is there for them.
    fn format(self) -> Option<SignatureFormat> {
        match self {
            Self::Inspected(_) => None,
            Self::Signed(format) => Some(format),
        }
    }

    /// Its name.
    fn words(self, language: Language) -> String {
        let code = match self {
            Self::Inspected(kind) => kind.code(),
            Self::Signed(SignatureFormat::Cms) => FileKind::SignedMessage.code(),
            Self::Signed(SignatureFormat::Pdf) => "signed-pdf",
            Self::Signed(SignatureFormat::Xml) => "signed-xml",
            Self::Signed(SignatureFormat::Jws) => "jws",
        };
        words(&format!("file.{code}"), language)
    }
}

/// What a file is; a DER file is looked into, since it can be anything.
fn kind_of(file: &[u8]) -> Result<Kind, Fault> {
    match SignatureFormat::of(file) {
        Some(format) if format != SignatureFormat::Cms => Ok(Kind::Signed(format)),
        _ => match FileKind::of(file) {
            Ok(FileKind::SignedMessage) => Ok(Kind::Signed(SignatureFormat::Cms)),
            Ok(kind) => Ok(Kind::Inspected(kind)),
            Err(error) => {
                tracing::debug!(%error, "the file is of no known kind");
                Err(Fault::new("file-not-recognised"))
            }
        },
    }
}

fn validator(trust: Trust, offline: bool) -> Result<Validator, Fault> {
    let Trust { issuers, stamps, seals, mut settings, .. } = trust;
    if offline {
        settings.sources.clear();
    }
    let status = StatusClient::new(&settings, Arc::new(SystemEntropy)).map_err(|error| {
        tracing::error!(%error, "no client of status services can be made");
        Fault::new("internal-error")
    })?;
    let validator = Validator::new(issuers, settings, status);
    Ok(validator.with_time_stamp_issuers(stamps).with_seal_issuers(seals))
}

fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    let fault = || Fault::new("file-not-readable").with("path", path.display());
    let mut bytes = Vec::new();
    // One byte more than is taken shows that there is more.
    let read =
        File::open(path).and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes));
    match read {
        Ok(read) if read as u64 <= LONGEST_FILE => Ok(bytes),
        _ => Err(fault()),
    }
}

fn read_status(path: &Path, now: Timestamp) -> Result<StatusEvidence, Fault> {
    StatusEvidence::read(&read_file(path)?, now).map_err(|error| {
        tracing::debug!(%error, "the file is no status information");
        Fault::new("status-not-recognised").with("path", path.display())
    })
}

/// The content octets of a serial number in hexadecimal digits, with or without `0x` and colons.
fn serial(typed: &str) -> Result<Vec<u8>, Fault> {
    let digits: String = typed.trim_start_matches("0x").chars().filter(|&c| c != ':').collect();
    let significant = digits.trim_start_matches('0');
    let is_serial = !digits.is_empty()
        && significant.len() <= 40
        && significant.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_serial {
        return Err(Fault::new("serial-not-readable").with("serial", printable(typed)));
    }
    let even = format!("{significant:0>width$}", width = significant.len().next_multiple_of(2));
    let pair = |at: usize| even.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = (0..even.len()).step_by(2).filter_map(pair);
    let octets: Vec<u8> = bytes.collect();
    // DER: the first bit is the sign's.
    let sign = octets.first().is_none_or(|first| first & 0x80 != 0);
    Ok(sign.then_some(0).into_iter().chain(octets).collect())
}

/// A hash in hexadecimal digits; by its length it is SHA-256, SHA-384 or SHA-512.
fn digest(typed: &str) -> Result<Digest, Fault> {
    let wrong = || Fault::new("digest-not-readable").with("digest", printable(typed));
    let hash = match typed.len() {
        64 => HashAlgorithm::Sha256,
        96 => HashAlgorithm::Sha384,
        128 => HashAlgorithm::Sha512,
        _ => return Err(wrong()),
    };
    if !typed.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let pair = |at: usize| typed.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = (0..typed.len()).step_by(2).filter_map(pair).collect();
    Digest::from_bytes(hash, &bytes).ok_or_else(wrong)
}

/// An option that says nothing about a file of that kind was not meant as it would be taken.
fn refuse_what_has_no_use(
    verification: &Verification,
    kind: Kind,
    language: Language,
) -> Result<(), Fault> {
    let is_status = matches!(kind, Kind::Inspected(FileKind::OcspResponse | FileKind::Crl));
    let has_status = kind == Kind::Inspected(FileKind::Certificate) || kind.format().is_some();
    let takes_content = matches!(kind.format(), Some(SignatureFormat::Cms | SignatureFormat::Jws));
    let takes_digest = kind.format() == Some(SignatureFormat::Cms);
    let is_signed = kind.format().is_some();
    let given = [
        ("--content", verification.content.is_some(), takes_content),
        ("--digest", verification.digest.is_some(), takes_digest),
        ("--status", !verification.status.is_empty(), has_status),
        ("--serial", verification.serial.is_some(), is_status),
        ("--time-stamp-anchors", verification.time_stamp_anchors.is_some(), is_signed),
        ("--json", verification.json, is_signed),
    ];
    match given.into_iter().find(|(_, given, of_use)| *given && !of_use) {
        Some((option, ..)) => Err(Fault::new("option-without-use")
            .with("option", option)
            .with("path", verification.file.display())
            .with("kind", kind.words(language))),
        None => Ok(()),
    }
}

fn read_anchors(path: &Path) -> Result<TrustAnchors, Fault> {
    anchors::from_files([path]).map_err(|error| {
        tracing::debug!(%error, "the trust anchors cannot be read");
        let code = if path.is_file() { "anchors-not-readable" } else { "file-not-readable" };
        Fault::new(code).with("path", path.display())
    })
}

/// The issuers of the sandbox in a data folder, from itself if it runs, else from its store; `None` if there is
/// none.
fn of_sandbox(data: &Path) -> Result<Option<Trust>, Fault> {
    let Ok(folder) = DataFolder::find(data) else { return Ok(None) };
    let now = SandboxClock::open(folder.root())?.now();
    let mut settings = Settings::default();
    let [mut stamps, mut seals] = [(); 2].map(|()| TrustAnchors::default());
    let issuers = match ask(&folder, &Request::Anchors)? {
        Some((_, Answer::Anchors { pem, published, time_stamps, seals: of_seals })) => {
            stamps = anchors::from_bytes(time_stamps.as_bytes()).unwrap_or_default();
            seals = anchors::from_bytes(of_seals.as_bytes()).unwrap_or_default();
            let issuer = settings.issuer.published_at(&published);
            settings.issuer = issuer.map_err(|_| Fault::new("service-unavailable"))?;
            anchors::from_bytes(pem.as_bytes()).ok()
        }
        Some(_) => None,
        None => {
            let _lock = folder.lock()?;
            stamps = stamps_from_store(&folder)?;
            seals = seals_from_folder(&folder)?;
            from_store(&folder)?
        }
    };
    let trust = |issuers| Trust { issuers, stamps, seals, settings, now, is_of_sandbox: true };
    Ok(issuers.map(trust))
}

fn from_store(folder: &DataFolder) -> Result<Option<TrustAnchors>, Fault> {
    let file = folder.authority().join("store.db");
    if !file.is_file() {
        return Ok(None);
    }
    let unreadable = || Fault::new("file-not-readable").with("path", file.display());
    let store = SqliteStore::open(&file, SqliteSettings::default()).map_err(|_| unreadable())?;
    let certificates = issuer_certificates(&store).map_err(|_| unreadable())?;
    let trusted = TrustAnchors::new(certificates).map_err(|_| unreadable())?;
    Ok(Some(trusted).filter(|trusted| !trusted.certificates().is_empty()))
}

/// The issuers of time-stamps.
fn stamps_from_store(folder: &DataFolder) -> Result<TrustAnchors, Fault> {
    let file = folder.timestamps().join("store.db");
    if !file.is_file() {
        return Ok(TrustAnchors::default());
    }
    let unreadable = || Fault::new("file-not-readable").with("path", file.display());
    let store = inrou_timestamps::Store::open(&file).map_err(|_| unreadable())?;
    let issuers = store.issuers().map_err(|_| unreadable())?;
    TrustAnchors::new(issuers).map_err(|_| unreadable())
}

/// The issuers of the kiosk's seals.
fn seals_from_folder(folder: &DataFolder) -> Result<TrustAnchors, Fault> {
    let folder = folder.sites().join(example_kiosk::HOST);
    let unreadable = || Fault::new("file-not-readable").with("path", folder.display());
    let issuers = example_kiosk::seal_issuers(&folder).map_err(|_| unreadable())?;
    TrustAnchors::new(issuers).map_err(|_| unreadable())
}

/// `does not hold: The certificate has expired`
fn labelled(label: &str, said: &str, language: Language) -> String {
    let term = |text| Term { text, reading: "" };
    let both = text("cli.labelled").in_language(language);
    both.with("label", term(label)).with("said", term(said)).render(Form::Plain)
}

/// The title of an error.
fn title(code: &str, language: Language) -> String {
    let title = error(code).map(|text| text.title().in_language(language));
    title.map_or_else(String::new, |title| title.render(Form::Plain))
}

/// A line with the reason behind it, which is for developers, in their language alone.
fn with_reason(line: String, reason: &str, language: Language) -> String {
    match language {
        Language::En if !reason.is_empty() => format!("{line} ({})", printable(reason)),
        Language::En | Language::Ja | Language::JaEasy => line,
    }
}

/// A fault that names a file.
fn fault_of(code: &'static str, file: &Path) -> Fault {
    Fault::new(code).with("path", printable(&file.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_issuers_to_trust_the_error_says_which_option_to_give() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, b"x").unwrap();
        let mut verification = Verification { file, offline: true, ..Verification::default() };
        let fault = |verification: &Verification| {
            run(Language::En, &root.path().join("none"), verification).unwrap_err()
        };
        let missing = fault(&verification);
        assert_eq!(missing.code(), "anchors-missing");
        assert!(missing.lines(Language::En).contains("--anchors"));
        verification.anchors = Some(verification.file.clone());
        assert_eq!(fault(&verification).code(), "anchors-not-readable");
        (verification.anchors, verification.seal_anchors) = (None, verification.anchors);
        assert_eq!(fault(&verification).code(), "anchors-not-readable");
        verification.at = Some("tomorrow".to_owned());
        assert_eq!(fault(&verification).code(), "moment-not-readable");
    }

    #[test]
    fn serial_numbers_are_typed_as_other_tools_show_them() {
        for (typed, octets) in [
            ("04", &[4][..]),
            ("4", &[4]),
            ("0x04", &[4]),
            ("1e:E6:07", &[0x1E, 0xE6, 7]),
            ("00ff", &[0, 0xFF]),
            ("80", &[0, 0x80]),
            ("0", &[0]),
        ] {
            assert_eq!(serial(typed).unwrap(), octets, "{typed}");
        }
        for wrong in ["", "0x", "é", "twelve", "-4", &"f".repeat(41)] {
            assert_eq!(serial(wrong).unwrap_err().code(), "serial-not-readable", "{wrong}");
        }
    }

    #[test]
    fn a_hash_is_known_by_its_length() {
        for (length, hash) in
            [(64, HashAlgorithm::Sha256), (96, HashAlgorithm::Sha384), (128, HashAlgorithm::Sha512)]
        {
            let read = digest(&"aB".repeat(length / 2)).unwrap();
            assert_eq!((read.algorithm(), read.as_bytes()[0]), (hash, 0xAB));
        }
        for wrong in ["", "ab", &"g".repeat(64), &"é".repeat(32), &"a".repeat(40)] {
            assert_eq!(digest(wrong).unwrap_err().code(), "digest-not-readable", "{wrong}");
        }
    }
}
