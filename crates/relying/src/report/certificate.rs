//! The report of a certificate by itself.

use inrou_api::wire::authority::PublishedStatus;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::certificate::Certificate;
use inrou_rules::Use;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assemble::common_name;
use super::brought::Brought;
use super::document::{CertificateKind, Constraint, Said};
use super::found::{CertificateFound, ContentFound, Found, SignatureFound};
use super::gather::Gathered;
use super::process::{Block, judge};
use super::questions::questions;
use super::when::When;
use super::words::Judged;
use crate::Validator;

/// What a certificate came to: the block of EN 319 102-1 that judges certificates (5.2.6), by itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateReport {
    /// As of when.
    #[schema(value_type = String, format = DateTime)]
    pub validation_time: Timestamp,
    /// `PASSED`, `FAILED` or `INDETERMINATE`.
    pub indication: String,
    /// Why, in the words of EN 319 102-1, unless it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<String>,
    /// Why, by the stable code under which errors are documented, unless it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether it may pass a little later, since something was not to be had.
    pub may_pass: bool,
    /// What does not hold, for developers.
    pub errors: Vec<Said>,
    /// What does not hold and does not matter.
    pub warnings: Vec<Said>,
    /// Which of the four kinds it is, if it is one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<CertificateKind>,
    /// Whether it is an organisation's seal, of an issuer that is trusted for seals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seal: bool,
    /// What is said of it, where anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_status: Option<PublishedStatus>,
    /// The holder's common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// The issuer's name.
    pub issuer: String,
    /// In hexadecimal digits.
    pub serial_number: String,
    /// First second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: Timestamp,
    /// Last second of validity.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// What was asked, if the detailed report was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
}

impl Validator {
    /// Reports on a certificate as of `when`: path, status, and whether it is of the kind that the purpose
    /// needs; without a purpose, of the kind that it claims to be.
    pub async fn report_certificate(
        &self,
        certificate: &Certificate,
        purpose: Option<Purpose>,
        when: impl Into<When>,
        detailed: bool,
    ) -> CertificateReport {
        let when = when.into();
        let of_kind = match self.kind(certificate).map(|kind| kind.usage) {
            Some(Use::UserAuthentication) => Purpose::LogIn,
            Some(Use::Signature) | None => Purpose::Sign,
        };
        let (purpose, brought) = (purpose.unwrap_or(of_kind), Brought::default());
        let mut gathered = Gathered {
            found: bare(),
            signer: Some(certificate.clone()),
            warnings: Vec::new(),
            ..Gathered::unreadable("")
        };
        self.look_at_certificate(&mut gathered, certificate, purpose, brought, &[], when).await;
        let verdict = judge(&gathered.found, self.rules(), when.at);
        let conclusion = verdict.conclusion;
        let code = gathered.code(conclusion);
        let asked = questions(Block::Certificate, &gathered.found, when.at);
        let failed = asked.iter().filter(|_| !conclusion.is_passed());
        let errors = failed.filter_map(|question| question.error.clone());
        CertificateReport {
            validation_time: when.at,
            indication: conclusion.indication(Judged::Block).to_owned(),
            sub_indication: conclusion.sub_indication().map(str::to_owned),
            code: code.map(|code| code.as_str().to_owned()),
            may_pass: gathered.may_pass(conclusion),
            errors: errors.map(|content| Said { content }).collect(),
            warnings: gathered.warnings(),
            kind: gathered.certificate_kind(),
            seal: gathered.is_seal,
            certificate_status: gathered.status(),
            common_name: common_name(certificate),
            issuer: certificate.issuer().to_string(),
            serial_number: hex(certificate.serial_bytes()),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            constraints: if detailed { asked } else { Vec::new() },
        }
    }
}

/// Nothing is signed, so nothing about a signature is wrong.
fn bare() -> Found {
    Found {
        has_format: true,
        certificate: CertificateFound::Identified,
        content: ContentFound::Same,
        signature: SignatureFound::Holds,
        needs_claimed_time: false,
        ..Found::unreadable()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A report names the holder: not for logs.
impl std::fmt::Debug for CertificateReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let why = self.sub_indication.as_deref().unwrap_or_default();
        write!(f, "CertificateReport({} {why})", self.indication)
    }
}
