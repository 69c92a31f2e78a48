//! The report as a document: the names are those of the SiVa validation service, in JSON; what it lacks is
//! added beside them.

use std::fmt;

use inrou_api::wire::Base64;
use inrou_api::wire::authority::PublishedStatus;
use inrou_rules::{Medium, Use};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a signed file came to: the simple report, and the detailed one if it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationReport {
    /// The simple report.
    pub validation_conclusion: ValidationConclusion,
    /// The detailed report: one entry a signature, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_process: Vec<SignatureProcess>,
}

/// The simple report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationConclusion {
    /// By which policy.
    pub policy: PolicyName,
    /// How many signatures there are.
    pub signatures_count: u32,
    /// How many of them are `TOTAL-PASSED`.
    pub valid_signatures_count: u32,
    /// As of when.
    #[schema(value_type = String, format = DateTime)]
    pub validation_time: Timestamp,
    /// What was signed, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated_document: Option<ValidatedDocument>,
    /// Each signature.
    pub signatures: Vec<SignatureReport>,
}

/// By which policy signatures are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyName {
    /// Its name.
    pub policy_name: String,
    /// What it asks, in a sentence.
    pub policy_description: String,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidatedDocument {
    /// Its name, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its hash.
    pub file_hash: Base64,
    /// By which algorithm, such as `SHA256`.
    pub hash_algo: String,
}

/// What one signature came to.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureReport {
    /// Names the signature in this report.
    pub id: String,
    /// `TOTAL-PASSED`, `TOTAL-FAILED` or `INDETERMINATE`.
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
    /// Times.
    pub info: SignatureInfo,
    /// Format and level, such as `CAdES_BASELINE_LT`; `CMS` for what is less.
    pub signature_format: String,
    /// The algorithm, by the URI that XML signatures give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_method: Option<String>,
    /// The signer's common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// What it covers of a PDF or XML file; what a CMS signature or a JWS is over it covers whole.
    pub signature_scopes: Vec<Scope>,
    /// When the signer claims to have signed: no proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub claimed_signing_time: Option<Timestamp>,
    /// Its time-stamps, where it has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_stamps: Vec<TimeStampReport>,
    /// The certificates that were used.
    pub certificates: Vec<UsedCertificate>,
    /// Which of the four kinds the signer's certificate is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<CertificateKind>,
    /// Whether it is an organisation's seal, of an issuer that is trusted for seals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seal: bool,
    /// What is said of it, where anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_status: Option<PublishedStatus>,
}

/// What a signature covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scope {
    /// Which part of the file.
    pub name: String,
    /// `FULL`, or `PARTIAL` if there is more in the file.
    pub scope: String,
    /// What that is.
    pub content: String,
}

/// A sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    /// It.
    pub content: String,
}

/// The times of a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureInfo {
    /// The earliest time at which it is proven to have existed, where a time-stamp proves one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub best_signature_time: Option<Timestamp>,
    /// The time in its first time-stamp, whether that holds or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub timestamp_creation_time: Option<Timestamp>,
    /// When the OCSP response was made that told the certificate's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ocsp_response_creation_time: Option<Timestamp>,
}

/// What a time-stamp over a signature came to: one that did not pass proves nothing, and the signature is judged
/// as without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimeStampReport {
    /// The time in it, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// `PASSED`, `FAILED` or `INDETERMINATE`.
    pub indication: String,
    /// Why, in the words of EN 319 102-1, unless it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<String>,
    /// Why, for developers, unless it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A certificate that was used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedCertificate {
    /// What for.
    #[serde(rename = "type")]
    pub used_for: UsedFor,
    /// Its common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// It, DER.
    pub content: Base64,
}

/// What a certificate was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UsedFor {
    /// The signature.
    Signing,
    /// A time-stamp over it.
    SignatureTimestamp,
}

/// Which of the four kinds a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateKind {
    /// What it is for.
    pub usage: Use,
    /// What carries it.
    pub medium: Medium,
}

/// How one signature was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureProcess {
    /// As in the simple report.
    pub id: String,
    /// What the validation came to without regard to time-stamps (5.3).
    pub basic: BlockConclusion,
    /// Its building blocks.
    pub blocks: Vec<BlockReport>,
    /// What it came to with them (5.5).
    pub with_time: BlockConclusion,
}

/// What a block or a process came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockConclusion {
    /// `PASSED`, `FAILED` or `INDETERMINATE`.
    pub indication: String,
    /// Why, unless it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<String>,
}

/// One building block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockReport {
    /// `FC`, `ISC`, `XCV`, `CV` or `SAV`.
    pub name: String,
    /// What it came to.
    pub conclusion: BlockConclusion,
    /// What was asked.
    pub constraints: Vec<Constraint>,
}

/// One thing that was asked in a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Constraint {
    /// Its key, as the DSS library names it.
    pub key: String,
    /// The question.
    pub question: String,
    /// The answer.
    pub status: ConstraintStatus,
    /// What does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ConstraintStatus {
    /// It holds.
    #[serde(rename = "OK")]
    Ok,
    /// It does not.
    #[serde(rename = "NOT OK")]
    NotOk,
    /// It was not looked at, since one before it does not hold.
    #[serde(rename = "IGNORED")]
    Ignored,
}

/// A report names the signer: not for logs.
impl fmt::Debug for SignatureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.sub_indication.as_deref().unwrap_or_default();
        write!(f, "SignatureReport({} {why})", self.indication)
    }
}

impl fmt::Debug for UsedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UsedCertificate({:?})", self.used_for)
    }
}
