//! `inrou verify` on files with signatures: the report, whole or on one screen.

use std::path::Path;

use inrou_api::problem::Code;
use inrou_api::wire::authority::PublishedStatus;
use inrou_pki::Status;
use inrou_relying::report::{
    BlockReport, ConstraintStatus, SignatureProcess, SignatureReport, ValidationReport,
};
use inrou_words::{Form, Language, Value};
use jiff::Timestamp;

use super::{Kind, Verification, fault_of, labelled, title, with_reason};
use crate::facts::{self, printable};
use crate::fault::Fault;
use crate::table::table;
use crate::terminal::{say, words};

/// Tells a report, and what the file came to.
pub(super) fn tell(
    language: Language,
    verification: &Verification,
    kind: Kind,
    report: &ValidationReport,
) -> Result<(), Fault> {
    let signatures = &report.validation_conclusion.signatures;
    if verification.json {
        let json = serde_json::to_string_pretty(report);
        say(&json.map_err(|_| Fault::new("internal-error"))?);
        return judge(signatures, &verification.file, language);
    }
    let path = printable(&verification.file.display().to_string());
    say(&format!("{path}: {}", kind.words(language)));
    if signatures.is_empty() {
        say(&words("cli.verify-unsigned", language));
    }
    let count = signatures.len();
    for (position, (signature, process)) in
        signatures.iter().zip(&report.validation_process).enumerate()
    {
        let place = (count > 1).then(|| format!("{} / {count}", position + 1));
        say(&table(&rows(place, signature, process, language)));
    }
    judge(signatures, &verification.file, language)?;
    say(&words("cli.verify-holds", language));
    Ok(())
}

/// What a signature says, and what each part of its validation came to.
fn rows(
    place: Option<String>,
    signature: &SignatureReport,
    process: &SignatureProcess,
    language: Language,
) -> Vec<[String; 2]> {
    let row = |code: &str, value: String| [words(code, language), value];
    let moment = |at: Timestamp| Value::Moment(at).render(language, Form::Plain);
    let kind = signature.kind.map(|kind| {
        facts::kind_of(inrou_relying::Kind { usage: kind.usage, medium: kind.medium }, language)
    });
    let seal = signature.seal.then(|| words("signature.seal", language));
    let covers = signature.signature_scopes.iter().map(|scope| {
        let said = format!("{} ({}: {})", scope.scope, scope.name, scope.content);
        row("signature.covers", printable(&said))
    });
    let status = signature.certificate_status.map(|status| facts::status(told(status), language));
    let facts = [
        place.map(|place| row("signature.place", place)),
        Some(&signature.signature_format)
            .filter(|format| !format.is_empty())
            .map(|format| row("signature.format", printable(format))),
        signature.signed_by.as_deref().map(|name| row("signature.signed-by", printable(name))),
        kind.or(seal).map(|kind| row("fact.kind", kind)),
        signature.claimed_signing_time.map(|at| row("fact.signing-time", moment(at))),
        signature.info.best_signature_time.map(|at| row("signature.proven", moment(at))),
        status.map(|status| row("fact.status", status)),
    ];
    let blocks = process.blocks.iter().map(|block| {
        let code = format!("block.{}", block.name.to_ascii_lowercase());
        row(&code, outcome(block, signature, language))
    });
    let words = [Some(&signature.indication), signature.sub_indication.as_ref()];
    let words: Vec<_> = words.into_iter().flatten().map(String::as_str).collect();
    let result = row("signature.result", words.join(" "));
    facts.into_iter().flatten().chain(covers).chain(blocks).chain([result]).collect()
}

/// What a block came to: by the error's title where it decided, else by the reason alone.
fn outcome(block: &BlockReport, signature: &SignatureReport, language: Language) -> String {
    if block.conclusion.indication == "PASSED" {
        return words("cli.check-passed", language);
    }
    if signature.indication == "TOTAL-PASSED" {
        return words("cli.check-overcome", language);
    }
    if is_without_content(signature) && block.conclusion.sub_indication == signature.sub_indication
    {
        return words("unchecked.content-missing", language);
    }
    let label = if is_open(signature) { "cli.check-unknown" } else { "cli.check-failed" };
    let label = words(label, language);
    let failed = block.constraints.iter().find(|asked| asked.status == ConstraintStatus::NotOk);
    let reason = failed.and_then(|asked| asked.error.as_deref()).unwrap_or_default();
    let decided = block.conclusion.sub_indication == signature.sub_indication;
    let line = match signature.code.as_deref().filter(|_| decided) {
        Some(code) => labelled(&label, &title(code, language), language),
        None => label,
    };
    with_reason(line, reason, language)
}

fn judge(signatures: &[SignatureReport], file: &Path, language: Language) -> Result<(), Fault> {
    let mut open = signatures.iter().filter(|signature| signature.indication != "TOTAL-PASSED");
    if signatures.is_empty() || open.clone().any(|one| !is_open(one) && not_good(one).is_none()) {
        return Err(fault_of("file-not-valid", file));
    }
    if open.clone().any(|one| not_good(one).is_none()) {
        return Err(fault_of("file-not-checked", file));
    }
    match open.find_map(not_good) {
        None => Ok(()),
        Some(said) => {
            let status = facts::status(said, language);
            Err(fault_of("file-not-good", file).with("status", status))
        }
    }
}

/// Whether it is not known, rather than wrong.
fn is_open(signature: &SignatureReport) -> bool {
    signature.may_pass || is_without_content(signature)
}

/// What an XML signature covers stands in its own file: there is nothing to be given beside it.
fn is_without_content(signature: &SignatureReport) -> bool {
    signature.sub_indication.as_deref() == Some("SIGNED_DATA_NOT_FOUND")
        && !signature.signature_format.starts_with('X')
}

/// What the issuer says of the certificate, if that alone keeps a signature from passing.
fn not_good(signature: &SignatureReport) -> Option<Status> {
    let status = told(signature.certificate_status?);
    let code = match status {
        Status::Good => return None,
        Status::Revoked { .. } => Code::CERTIFICATE_REVOKED,
        Status::OnHold { .. } => Code::CERTIFICATE_ON_HOLD,
        Status::Unknown => Code::STATUS_UNAVAILABLE,
    };
    (signature.code.as_deref() == Some(code.as_str())).then_some(status)
}

fn told(status: PublishedStatus) -> Status {
    match status {
        PublishedStatus::Good => Status::Good,
        PublishedStatus::OnHold { since } => Status::OnHold { since },
        PublishedStatus::Revoked { at, reason } => Status::Revoked { at, reason },
        PublishedStatus::Unknown => Status::Unknown,
    }
}
