//! `inrou verify`: whether a file holds, check by check.
//!
//! Nothing is asked over the network but the status of a certificate, once it is known to be from a
//! trusted issuer: at the address that the issuer wrote into it, or where the running sandbox is.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_authority::keys::issuer_certificates;
use inrou_authority::store::{SqliteSettings, SqliteStore};
use inrou_pki::SystemEntropy;
use inrou_relying::inspect::{Beside, Check, FileKind, Outcome, Report};
use inrou_relying::{Settings, StatusClient, StatusEvidence, TrustAnchors, Validator, anchors};
use inrou_words::{Form, Language, Term, error, text};
use jiff::Timestamp;

use crate::control::{Answer, Request, ask};
use crate::facts::{self, printable};
use crate::fault::Fault;
use crate::moment::read_moment;
use crate::sandbox::DataFolder;
use crate::table::table;
use crate::terminal::{say, words};

/// The longest file that is read: a list of a million revocations fits.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// What is to be verified, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// A certificate, a signed message, an OCSP response or a CRL, in DER or PEM.
    pub file: PathBuf,
    /// The issuers that are trusted; the sandbox's if `None`.
    pub anchors: Option<PathBuf>,
    /// What was signed, where it lies beside the signed message.
    pub content: Option<PathBuf>,
    /// OCSP responses and CRLs that tell the status, DER or PEM. If there are any, nobody is asked.
    pub status: Vec<PathBuf>,
    /// The serial number, as typed, that an OCSP response or a CRL is asked about.
    pub serial: Option<String>,
    /// The time as of which to judge, as typed. If `None`, it is the present by the sandbox's clock
    /// where its issuers are trusted, else by this machine's.
    pub at: Option<String>,
    /// Whether no status is asked for.
    pub offline: bool,
}

/// Shows what a file says and which checks hold.
///
/// # Errors
/// `file-not-good` if all is genuine and the issuer says that the certificate is not good,
/// `file-not-valid` if a check does not hold, `file-not-checked` if one could not be made;
/// `anchors-missing`, `file-not-readable`, `file-not-recognised`,
/// `anchors-not-readable`, `moment-not-readable`, `serial-not-readable`, `option-without-use`.
pub fn run(language: Language, data: &Path, verification: &Verification) -> Result<(), Fault> {
    let typed = verification.at.as_deref().map(read_moment).transpose()?;
    let serial = verification.serial.as_deref().map(serial).transpose()?;
    let path = verification.file.display();
    let file = read_file(&verification.file)?;
    let content = verification.content.as_deref().map(read_file).transpose()?;
    let trust = match &verification.anchors {
        Some(path) => Trust {
            issuers: read_anchors(path)?,
            settings: Settings::default(),
            now: SystemClock::new().now(),
        },
        None => of_sandbox(data)?,
    };
    let now = typed.unwrap_or(trust.now);
    let status = verification.status.iter().map(|file| read_status(file, now));
    let beside = Beside {
        content: content.as_deref(),
        status: status.collect::<Result<_, _>>()?,
        serial: serial.as_deref(),
    };
    let validator = validator(trust, verification.offline)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    let report = runtime.block_on(validator.inspect(&file, &beside, now));
    let report = report.map_err(|error| {
        tracing::debug!(%error, "the file is of no known kind");
        Fault::new("file-not-recognised").with("path", path)
    })?;
    refuse_what_has_no_use(verification, report.file, language)?;
    show(&verification.file, &report, language);
    judge(&report, &verification.file, language)?;
    say(&holds(report.file, serial.is_some(), language));
    Ok(())
}

/// By whom a file is judged.
struct Trust {
    issuers: TrustAnchors,
    settings: Settings,
    /// The present by their clock.
    now: Timestamp,
}

fn validator(trust: Trust, offline: bool) -> Result<Validator, Fault> {
    let Trust { issuers, mut settings, .. } = trust;
    if offline {
        settings.sources.clear();
    }
    let status = StatusClient::new(&settings, Arc::new(SystemEntropy)).map_err(|error| {
        tracing::error!(%error, "no client of status services can be made");
        Fault::new("internal-error")
    })?;
    Ok(Validator::new(issuers, settings, status))
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

/// An option that says nothing about a file of that kind was not meant as it would be taken.
fn refuse_what_has_no_use(
    verification: &Verification,
    kind: FileKind,
    language: Language,
) -> Result<(), Fault> {
    let is_status = matches!(kind, FileKind::OcspResponse | FileKind::Crl);
    let has_status = matches!(kind, FileKind::Certificate | FileKind::SignedMessage);
    let given = [
        ("--content", verification.content.is_some(), kind == FileKind::SignedMessage),
        ("--status", !verification.status.is_empty(), has_status),
        ("--serial", verification.serial.is_some(), is_status),
    ];
    match given.into_iter().find(|(_, given, of_use)| *given && !of_use) {
        Some((option, ..)) => Err(Fault::new("option-without-use")
            .with("option", option)
            .with("path", verification.file.display())
            .with("kind", words(&format!("file.{}", kind.code()), language))),
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

/// The issuers of the sandbox in a data folder, from itself if it runs, else from its store.
fn of_sandbox(data: &Path) -> Result<Trust, Fault> {
    let missing = || Fault::new("anchors-missing").with("path", data.display());
    let folder = DataFolder::find(data).map_err(|_| missing())?;
    let now = SandboxClock::open(folder.root())?.now();
    let mut settings = Settings::default();
    let issuers = match ask(&folder, &Request::Anchors)? {
        Some((_, Answer::Anchors { pem, published })) => {
            let issuer = settings.issuer.published_at(&published);
            settings.issuer = issuer.map_err(|_| Fault::new("service-unavailable"))?;
            anchors::from_bytes(pem.as_bytes()).ok()
        }
        Some(_) => None,
        None => from_store(&folder)?,
    };
    Ok(Trust { issuers: issuers.ok_or_else(missing)?, settings, now })
}

fn from_store(folder: &DataFolder) -> Result<Option<TrustAnchors>, Fault> {
    let _lock = folder.lock()?;
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

fn show(file: &Path, report: &Report, language: Language) {
    let kind = words(&format!("file.{}", report.file.code()), language);
    say(&format!("{}: {kind}", printable(&file.display().to_string())));
    let facts = facts::rows(&report.facts, language);
    let gap = [String::new(), String::new()];
    let checks = report.checks.iter().map(|check| row(check, language));
    say(&table(&facts.into_iter().chain([gap]).chain(checks).collect::<Vec<_>>()));
}

fn row(check: &Check, language: Language) -> [String; 2] {
    let failed = || words("cli.check-failed", language);
    let outcome = match &check.outcome {
        Outcome::Passed => words("cli.check-passed", language),
        Outcome::NotChecked(why) => words(&format!("unchecked.{}", why.code()), language),
        Outcome::NotGood(said) => labelled(&failed(), &facts::status(*said, language), language),
        Outcome::Failed { code, reason } | Outcome::Unknown { code, reason } => {
            let title = error(code.as_str()).map(|text| text.title().in_language(language));
            let title = title.map_or_else(String::new, |title| title.render(Form::Plain));
            let label = match check.outcome {
                Outcome::Unknown { .. } => words("cli.check-unknown", language),
                _ => failed(),
            };
            let line = labelled(&label, &title, language);
            // The reason is for developers, in their language alone.
            match language {
                Language::En => format!("{line} ({})", printable(reason)),
                Language::Ja | Language::JaEasy => line,
            }
        }
    };
    [words(&format!("check.{}", check.name.code()), language), outcome]
}

/// `does not hold: The certificate has expired`
fn labelled(label: &str, said: &str, language: Language) -> String {
    let term = |text| Term { text, reading: "" };
    let both = text("cli.labelled").in_language(language);
    both.with("label", term(label)).with("said", term(said)).render(Form::Plain)
}

/// What it means that every check holds.
fn holds(kind: FileKind, asked: bool, language: Language) -> String {
    let code = match (kind, asked) {
        (FileKind::OcspResponse, _) => "cli.verify-says-good",
        (FileKind::Crl, true) => "cli.verify-not-listed",
        (FileKind::Crl, false) => "cli.verify-genuine",
        _ => "cli.verify-holds",
    };
    words(code, language)
}

fn judge(report: &Report, file: &Path, language: Language) -> Result<(), Fault> {
    if report.holds() {
        return Ok(());
    }
    let fault = |code| Fault::new(code).with("path", printable(&file.display().to_string()));
    if let Some(said) = report.not_good() {
        return Err(fault("file-not-good").with("status", facts::status(said, language)));
    }
    Err(fault(if report.is_open() { "file-not-checked" } else { "file-not-valid" }))
}

#[cfg(test)]
mod tests {
    use inrou_pki::Status;
    use inrou_relying::inspect::{CheckName, Unchecked};

    use super::*;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let check = |outcome| Check { name: CheckName::Timely, outcome };
        let checks = outcomes.into_iter().map(check).collect();
        Report { file: FileKind::Crl, facts: Vec::new(), checks }
    }

    #[test]
    fn only_a_file_whose_every_check_held_is_valid() {
        let failed = || Outcome::Failed {
            code: inrou_api::problem::Code::CERTIFICATE_EXPIRED,
            reason: "it expired".to_owned(),
        };
        let open = || Outcome::NotChecked(Unchecked::NoStatusService);
        let judge = |outcomes| judge(&report(outcomes), Path::new("f"), Language::En);
        let code = |outcomes| judge(outcomes).map_err(|fault| fault.code());
        assert_eq!(code(vec![Outcome::Passed]), Ok(()));
        let unknown = || Outcome::NotGood(Status::Unknown);
        assert_eq!(code(vec![Outcome::Passed, unknown()]), Err("file-not-good"));
        assert_eq!(code(vec![failed(), unknown()]), Err("file-not-valid"));
        assert_eq!(code(vec![open(), unknown()]), Err("file-not-valid"));
        assert_eq!(code(vec![Outcome::Passed, failed(), open()]), Err("file-not-valid"));
        assert_eq!(code(vec![open(), Outcome::Passed]), Err("file-not-checked"));
        let untold = || Outcome::Unknown {
            code: inrou_api::problem::Code::STATUS_UNAVAILABLE,
            reason: String::new(),
        };
        assert_eq!(code(vec![Outcome::Passed, untold()]), Err("file-not-checked"));
        assert_eq!(code(vec![failed(), untold()]), Err("file-not-valid"));
    }

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
    fn the_reason_for_developers_is_not_mixed_into_japanese() {
        let outcome = Outcome::Failed {
            code: inrou_api::problem::Code::CERTIFICATE_EXPIRED,
            reason: "the certificate expired".to_owned(),
        };
        let check = Check { name: CheckName::Timely, outcome };
        for (language, has_reason) in
            [(Language::En, true), (Language::Ja, false), (Language::JaEasy, false)]
        {
            let said = &row(&check, language)[1];
            assert_eq!(said.contains("the certificate expired"), has_reason, "{said}");
        }
    }

    #[test]
    fn a_file_cannot_write_to_the_terminal_what_is_no_text() {
        let check = Check {
            name: CheckName::Trusted,
            outcome: Outcome::Failed {
                code: inrou_api::problem::Code::CERTIFICATE_UNTRUSTED,
                reason: "\u{1b}[2J".to_owned(),
            },
        };
        assert!(!row(&check, Language::En)[1].contains('\u{1b}'));
    }
}
