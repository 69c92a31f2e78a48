//! `inrou verify` on certificates, OCSP responses and CRLs: check by check.

use std::path::Path;

use inrou_relying::Validator;
use inrou_relying::inspect::{Beside, Check, FileKind, Outcome, Report};
use inrou_words::Language;
use jiff::Timestamp;

use super::{Verification, fault_of, labelled, title, with_reason};
use crate::facts::{self, printable};
use crate::fault::Fault;
use crate::table::table;
use crate::terminal::{say, words};

/// Inspects a file and shows what was found.
pub(super) async fn run(
    language: Language,
    validator: &Validator,
    verification: &Verification,
    file: &[u8],
    beside: &Beside<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    let report = validator.inspect(file, beside, now).await.map_err(|error| {
        tracing::debug!(%error, "the file is of no known kind");
        fault_of("file-not-recognised", &verification.file)
    })?;
    show(&verification.file, &report, language);
    judge(&report, &verification.file, language)?;
    say(&holds(report.file, beside.serial.is_some(), language));
    Ok(())
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
            let title = title(code.as_str(), language);
            let label = match check.outcome {
                Outcome::Unknown { .. } => words("cli.check-unknown", language),
                _ => failed(),
            };
            with_reason(labelled(&label, &title, language), reason, language)
        }
    };
    [words(&format!("check.{}", check.name.code()), language), outcome]
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
    let fault = |code| fault_of(code, file);
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
