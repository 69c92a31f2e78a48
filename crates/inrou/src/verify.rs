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
use inrou_relying::inspect::{Check, Outcome, Report};
use inrou_relying::{Settings, StatusClient, TrustAnchors, Validator, anchors};
use inrou_words::{Form, Language, error};
use jiff::Timestamp;

use crate::control::{Answer, Request, ask};
use crate::facts::{self, printable};
use crate::fault::Fault;
use crate::moment::parse_moment;
use crate::sandbox::DataFolder;
use crate::table::table;
use crate::terminal::{say, words};

/// The longest file that is read: a list of a million revocations fits.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// What is to be verified, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// A certificate, a signed message, an OCSP response or a CRL, in DER or PEM.
    pub file: PathBuf,
    /// The issuers that are trusted; the sandbox's if `None`.
    pub anchors: Option<PathBuf>,
    /// What was signed, where it lies beside the signed message.
    pub content: Option<PathBuf>,
    /// The time as of which to judge, as typed. If `None`, it is the present by the sandbox's clock
    /// where its issuers are trusted, else by this machine's.
    pub at: Option<String>,
    /// Whether no status is asked for.
    pub offline: bool,
}

/// Shows what a file says and which checks hold.
///
/// # Errors
/// `file-not-valid` if a check does not hold, `file-not-checked` if one could not be made;
/// `anchors-missing`, `file-not-readable`, `file-not-recognised`, `time-not-readable`.
pub fn run(language: Language, data: &Path, verification: &Verification) -> Result<(), Fault> {
    let typed = verification
        .at
        .as_deref()
        .map(|at| parse_moment(at).ok_or_else(|| Fault::new("time-not-readable")));
    let typed = typed.transpose()?;
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
    let validator = validator(trust, verification.offline)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    let report = validator.inspect(&file, content.as_deref(), now);
    let path = verification.file.display();
    let report = runtime.block_on(report).map_err(|error| {
        tracing::debug!(%error, "the file is of no known kind");
        Fault::new("file-not-recognised").with("path", path)
    })?;
    show(&verification.file, &report, language);
    judge(&report, &verification.file)?;
    say(&words("cli.verify-holds", language));
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

fn read_anchors(path: &Path) -> Result<TrustAnchors, Fault> {
    anchors::from_files([path]).map_err(|error| {
        tracing::debug!(%error, "the trust anchors cannot be read");
        Fault::new("file-not-readable").with("path", path.display())
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
    let outcome = match &check.outcome {
        Outcome::Passed => words("cli.check-passed", language),
        Outcome::NotChecked(why) => words(&format!("unchecked.{}", why.code()), language),
        Outcome::Failed { code, reason } => {
            let failed = words("cli.check-failed", language);
            let title = error(code.as_str()).map(|text| text.title().in_language(language));
            let title = title.map_or_else(String::new, |title| title.render(Form::Plain));
            format!("{failed}: {title} ({})", printable(reason))
        }
    };
    [words(&format!("check.{}", check.name.code()), language), outcome]
}

fn judge(report: &Report, file: &Path) -> Result<(), Fault> {
    let failed = report.checks.iter().any(|check| matches!(check.outcome, Outcome::Failed { .. }));
    let code = match (failed, report.holds()) {
        (true, _) => "file-not-valid",
        (false, false) => "file-not-checked",
        (false, true) => return Ok(()),
    };
    Err(Fault::new(code).with("path", file.display()))
}

#[cfg(test)]
mod tests {
    use inrou_relying::inspect::{CheckName, FileKind, Unchecked};

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
        let code =
            |outcomes| judge(&report(outcomes), Path::new("f")).map_err(|fault| fault.code());
        assert_eq!(code(vec![Outcome::Passed]), Ok(()));
        assert_eq!(code(vec![Outcome::Passed, failed(), open()]), Err("file-not-valid"));
        assert_eq!(code(vec![open(), Outcome::Passed]), Err("file-not-checked"));
    }

    #[test]
    fn without_issuers_to_trust_the_error_says_which_option_to_give() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, b"x").unwrap();
        let mut verification =
            Verification { file, anchors: None, content: None, at: None, offline: true };
        let fault = |verification: &Verification| {
            run(Language::En, &root.path().join("none"), verification).unwrap_err()
        };
        let missing = fault(&verification);
        assert_eq!(missing.code(), "anchors-missing");
        assert!(missing.lines(Language::En).contains("--anchors"));
        verification.anchors = Some(verification.file.clone());
        assert_eq!(fault(&verification).code(), "file-not-readable", "no certificates are in it");
        verification.at = Some("tomorrow".to_owned());
        assert_eq!(fault(&verification).code(), "time-not-readable");
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
