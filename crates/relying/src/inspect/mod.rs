//! What a file is, and whether it holds: certificates, signed messages, OCSP responses, CRLs, in DER
//! or PEM.

mod recognise;
mod report;
mod status;

use inrou_api::problem::Code;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::Status;
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{CmsError, SignedMessage};
use inrou_pki::digest::HashAlgorithm;
use inrou_rules::Use;
use jiff::Timestamp;

pub use report::{
    Check, CheckName, Fact, FactName, FactValue, FileKind, NotRecognised, Outcome, Report,
    Unchecked,
};

use crate::signer::{Signer, is_unknown};
use crate::{Invalid, StatusEvidence, Validator};
use recognise::{Recognised, certificates_in, recognise};

/// What lies beside a file that is inspected, or is asked about it.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// What was signed, where a signed message does not hold it.
    pub content: Option<&'a [u8]>,
    /// What tells the status of a certificate or signer. If there is any, nobody is asked.
    pub status: Vec<StatusEvidence>,
    /// The serial number, by its content octets, that an OCSP response or a CRL is asked about.
    pub serial: Option<&'a [u8]>,
}

impl Validator {
    /// Inspects a file, with what lies beside it. Of several certificates in one PEM file the first is judged,
    /// which is the holder's by custom (RFC 8446 §4.4.2), and the report says so.
    ///
    /// # Errors
    /// [`NotRecognised`]: why it is none of the kinds that can be inspected.
    pub async fn inspect(
        &self,
        file: &[u8],
        beside: &Beside<'_>,
        now: Timestamp,
    ) -> Result<Report, NotRecognised> {
        let mut report = match recognise(file)? {
            Recognised::Certificate(certificate) if certificate.is_issuer() => {
                self.issuer_report(&certificate, now)
            }
            Recognised::Certificate(certificate) => {
                self.certificate_report(&certificate, beside, now).await
            }
            Recognised::Message(message) => self.message_report(&message, beside, now).await,
            Recognised::Ocsp(der, response) => {
                self.ocsp_report(&der, &response, beside.serial, now)
            }
            Recognised::Crl(crl) => self.crl_report(*crl, beside.serial, now),
        };
        let is_certificate =
            matches!(report.file, FileKind::Certificate | FileKind::IssuerCertificate);
        let count = certificates_in(file);
        if is_certificate && count > 1 {
            let judged = FactValue::Text(format!("1 / {count}"));
            report.facts.insert(0, fact(FactName::Judged, judged));
        }
        Ok(report)
    }

    async fn certificate_report(
        &self,
        certificate: &Certificate,
        beside: &Beside<'_>,
        now: Timestamp,
    ) -> Report {
        let (facts, checks) = self.judged(certificate, None, beside, now).await;
        Report { file: FileKind::Certificate, facts, checks }
    }

    /// An issuer's certificate is trusted or not; nobody stands above it.
    fn issuer_report(&self, certificate: &Certificate, now: Timestamp) -> Report {
        let anchors = self.all_anchors();
        let trusted = if anchors.is_empty() {
            Outcome::NotChecked(Unchecked::NoAnchors)
        } else if anchors.iter().any(|anchors| anchors.certificates().contains(certificate)) {
            Outcome::Passed
        } else {
            failed(Code::CERTIFICATE_UNTRUSTED, "it is not among the trust anchors")
        };
        Report {
            file: FileKind::IssuerCertificate,
            facts: certificate_facts(certificate),
            checks: vec![
                check(CheckName::Trusted, trusted),
                check(CheckName::Timely, timely(certificate, now)),
            ],
        }
    }

    async fn message_report(
        &self,
        message: &SignedMessage,
        beside: &Beside<'_>,
        now: Timestamp,
    ) -> Report {
        let verified = match (message.content(), beside.content) {
            (None, Some(content)) => message.verify_detached(content),
            (Some(inside), Some(beside)) if inside != beside => Err(CmsError::Content),
            _ => message.verify(),
        };
        let mut facts = Vec::new();
        let signature = match &verified {
            Ok(signed) => {
                let length = signed.content.len() as u64;
                facts.push(fact(FactName::ContentLength, FactValue::Number(length)));
                let time = signed.signing_time.map(FactValue::Moment);
                facts.extend(time.map(|time| fact(FactName::SigningTime, time)));
                Outcome::Passed
            }
            Err(CmsError::Detached) => Outcome::NotChecked(Unchecked::ContentMissing),
            Err(error) => of_invalid(&Invalid::from(*error)),
        };
        let mut checks = vec![check(CheckName::Signature, signature)];
        if let Ok(signer) = message.signer() {
            let judged = self.judged(signer, Some(Purpose::Sign), beside, now).await;
            facts.extend(judged.0);
            checks.extend(judged.1);
        }
        Report { file: FileKind::SignedMessage, facts, checks }
    }

    /// What a certificate says; and path, validity, purpose and status, each for itself as far as it does not
    /// rest on another. Without a `purpose` it is judged for its own.
    async fn judged(
        &self,
        certificate: &Certificate,
        purpose: Option<Purpose>,
        beside: &Beside<'_>,
        now: Timestamp,
    ) -> (Vec<Fact>, Vec<Check>) {
        let kind = self.kind(certificate);
        let own = kind.map(|kind| match kind.usage {
            Use::Signature => Purpose::Sign,
            Use::UserAuthentication => Purpose::LogIn,
        });
        let judged_for = purpose.or(own).unwrap_or(Purpose::Sign);
        // Within its validity, which is a check of its own; it may end before it begins.
        let at = now.max(certificate.not_before()).min(certificate.not_after());
        let path = self.check_signer_path(certificate, at, judged_for);
        let has_anchors = !self.anchors().certificates().is_empty();
        let (trusted, fits) = match &path {
            Ok(_) => (Outcome::Passed, Outcome::Passed),
            Err(_) if !has_anchors && is_unknown(&path) => {
                let none = Outcome::NotChecked(Unchecked::NoAnchors);
                (none.clone(), none)
            }
            Err(invalid @ Invalid::WrongKind) => (Outcome::Passed, of_invalid(invalid)),
            Err(invalid) => (of_invalid(invalid), Outcome::NotChecked(Unchecked::EarlierCheck)),
        };
        let timely = timely(certificate, now);
        let status = match (&path, &timely) {
            _ if trusted != Outcome::Passed => Outcome::NotChecked(Unchecked::EarlierCheck),
            (Ok(who), Outcome::Passed) if !beside.status.is_empty() => {
                self.status_by((certificate, *who), &beside.status)
            }
            _ if self.settings().sources.is_empty() => {
                Outcome::NotChecked(Unchecked::NoStatusService)
            }
            (Ok(who), Outcome::Passed) => match self.check_signer(certificate, *who, now).await {
                Ok(_) => Outcome::Passed,
                Err(invalid) => of_invalid(&invalid),
            },
            _ => Outcome::NotChecked(Unchecked::EarlierCheck),
        };
        let known = match path {
            Ok(Signer::Seal) => Some(FactValue::Seal),
            _ => kind.map(FactValue::Kind),
        };
        let mut facts = certificate_facts(certificate);
        facts.extend(known.map(|kind| fact(FactName::Kind, kind)));
        let checks = vec![
            check(CheckName::Trusted, trusted),
            check(CheckName::Timely, timely),
            check(CheckName::Purpose, fits),
            check(CheckName::Status, status),
        ];
        (facts, checks)
    }
}

/// What a certificate says, in the order in which to show it. Unverified.
pub fn certificate_facts(certificate: &Certificate) -> Vec<Fact> {
    let text = |name, text: String| fact(name, FactValue::Text(text));
    let mut facts = vec![
        text(FactName::Subject, certificate.subject().to_string()),
        text(FactName::Issuer, certificate.issuer().to_string()),
        text(FactName::Serial, hex(certificate.serial_bytes())),
        fact(FactName::ValidFrom, FactValue::Moment(certificate.not_before())),
        fact(FactName::ValidTo, FactValue::Moment(certificate.not_after())),
        fact(FactName::Fingerprint, fingerprint(certificate.as_der())),
    ];
    if let Some(attributes) = certificate.attributes() {
        facts.push(text(FactName::Name, attributes.name.clone()));
        facts.push(text(FactName::Address, attributes.address.clone()));
        let birth_date = attributes.birth_date.map(FactValue::Date);
        facts.extend(birth_date.map(|day| fact(FactName::BirthDate, day)));
        facts.push(fact(FactName::Sex, FactValue::Sex(attributes.sex)));
    }
    facts
}

fn timely(certificate: &Certificate, now: Timestamp) -> Outcome {
    let (from, at) = (certificate.not_before(), certificate.not_after());
    if now < from {
        of_invalid(&Invalid::NotYetValid { from })
    } else if now.as_second() > at.as_second() {
        of_invalid(&Invalid::Expired { at })
    } else {
        Outcome::Passed
    }
}

fn of_invalid(invalid: &Invalid) -> Outcome {
    match *invalid {
        Invalid::Revoked { at, reason } => Outcome::NotGood(Status::Revoked { at, reason }),
        Invalid::OnHold { since } => Outcome::NotGood(Status::OnHold { since }),
        Invalid::StatusUnknown => Outcome::NotGood(Status::Unknown),
        _ if invalid.code() == Code::STATUS_UNAVAILABLE => unknown(invalid),
        _ => failed(invalid.code(), invalid),
    }
}

fn unknown(reason: impl ToString) -> Outcome {
    Outcome::Unknown { code: Code::STATUS_UNAVAILABLE, reason: reason.to_string() }
}

fn failed(code: Code, reason: impl ToString) -> Outcome {
    Outcome::Failed { code, reason: reason.to_string() }
}

fn check(name: CheckName, outcome: Outcome) -> Check {
    Check { name, outcome }
}

fn fact(name: FactName, value: FactValue) -> Fact {
    Fact { name, value }
}

fn fingerprint(der: &[u8]) -> FactValue {
    FactValue::Text(hex(HashAlgorithm::Sha256.digest(der).as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
