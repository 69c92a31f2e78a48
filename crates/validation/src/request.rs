//! What is asked.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::Certificate;
use inrou_pki::digest::{Digest, HashAlgorithm};
use inrou_relying::inspect::FileKind;
use inrou_relying::report::SignatureFormat;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest name of a file, in characters.
const LONGEST_NAME: usize = 255;

/// A file with signatures.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"document": "ZXlKaGJHY2lPaUpGVXpJMU5pSjkuZTMwLkFB", "filename": "order.jws"}))]
pub(crate) struct Validate {
    /// The file: a CMS signature, a PDF or XML file, a JWS in compact form.
    pub(crate) document: Base64,
    /// What was signed, where it lies beside a CMS signature or a JWS.
    pub(crate) content: Option<Base64>,
    /// The name of what was signed, for the report.
    pub(crate) filename: Option<Filename>,
    /// Which report.
    #[serde(default)]
    pub(crate) report_type: ReportType,
    /// As of when; at present if it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) validation_time: Option<Timestamp>,
}

/// A signature over what stays where it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({
    "signature": "MIIB",
    "hash": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "hashAlgo": "SHA256",
}))]
pub(crate) struct ValidateHash {
    /// A CMS signature, DER or PEM.
    pub(crate) signature: Base64,
    /// The hash of what was signed.
    pub(crate) hash: Base64,
    /// By which algorithm.
    pub(crate) hash_algo: HashName,
    /// The name of what was signed, for the report.
    pub(crate) filename: Option<Filename>,
    /// Which report.
    #[serde(default)]
    pub(crate) report_type: ReportType,
    /// As of when; at present if it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) validation_time: Option<Timestamp>,
}

/// A certificate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"certificate": "MIIC", "purpose": "log-in"}))]
pub(crate) struct ValidateCertificate {
    /// It, DER or PEM.
    pub(crate) certificate: Base64,
    /// What it is to be good for; what it claims to be for if it is left out.
    pub(crate) purpose: Option<Purpose>,
    /// Which report.
    #[serde(default)]
    pub(crate) report_type: ReportType,
    /// As of when; at present if it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) validation_time: Option<Timestamp>,
}

/// Which report is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum ReportType {
    /// What it came to.
    #[default]
    Simple,
    /// What was asked as well, block by block.
    Detailed,
}

/// A hash by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum HashName {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A file's name: at most 255 characters, none of them a control character.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 255, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$")]
pub(crate) struct Filename(String);

impl ReportType {
    pub(crate) fn is_detailed(self) -> bool {
        self == Self::Detailed
    }
}

impl Filename {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Filename {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let fits = name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
        if fits { Ok(Self(name)) } else { Err("not a file's name") }
    }
}

impl Validate {
    /// The format of its signatures, and that what is given beside them has a use.
    ///
    /// # Errors
    /// `signature-format-unknown`, `content-inside`.
    pub(crate) fn format(&self) -> Result<SignatureFormat, Problem> {
        let format = format(&self.document.0)?;
        let has_place = matches!(format, SignatureFormat::Cms | SignatureFormat::Jws);
        if self.content.is_some() && !has_place {
            return Err(Problem::new(Code::CONTENT_INSIDE));
        }
        Ok(format)
    }
}

impl ValidateHash {
    /// The hash.
    ///
    /// # Errors
    /// `hash-malformed`; `signature-format-unknown`, `hash-for-cms-alone`.
    pub(crate) fn digest(&self) -> Result<Digest, Problem> {
        if format(&self.signature.0)? != SignatureFormat::Cms {
            return Err(Problem::new(Code::HASH_FOR_CMS_ALONE));
        }
        let algorithm = match self.hash_algo {
            HashName::Sha256 => HashAlgorithm::Sha256,
            HashName::Sha384 => HashAlgorithm::Sha384,
            HashName::Sha512 => HashAlgorithm::Sha512,
        };
        Digest::from_bytes(algorithm, &self.hash.0)
            .ok_or_else(|| Problem::new(Code::HASH_MALFORMED))
    }
}

impl ValidateCertificate {
    /// The certificate.
    ///
    /// # Errors
    /// `certificate-malformed`.
    pub(crate) fn read(&self) -> Result<Certificate, Problem> {
        let bytes = &self.certificate.0;
        let text = std::str::from_utf8(bytes).ok();
        let read = match text.filter(|text| text.contains("-----BEGIN CERTIFICATE-----")) {
            Some(pem) => Certificate::from_pem(pem.trim()),
            None => Certificate::from_der(bytes),
        };
        read.map_err(|error| Problem::new(Code::CERTIFICATE_MALFORMED).caused_by(error))
    }
}

/// What a file is taken for. DER can be anything: what is nothing else is a signature, if a broken one.
fn format(file: &[u8]) -> Result<SignatureFormat, Problem> {
    let is_another = || matches!(FileKind::of(file), Ok(kind) if kind != FileKind::SignedMessage);
    match SignatureFormat::of(file) {
        None => Err(Problem::new(Code::SIGNATURE_FORMAT_UNKNOWN)),
        Some(SignatureFormat::Cms) if is_another() => {
            Err(Problem::new(Code::SIGNATURE_FORMAT_UNKNOWN))
        }
        Some(format) => Ok(format),
    }
}
