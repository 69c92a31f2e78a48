//! The report of a CMS signature, CAdES or plainer.

use super::ValidationReport;
use super::assemble::{assemble, hash_name};
use super::brought::Brought;
use super::found::{CertificateFound, ContentFound, SignatureFound};
use super::gather::{Effort, Gathered};
use super::when::When;
use crate::{StatusEvidence, Validator};
use inrou_pki::cms::{CmsError, SignedMessage};
use inrou_pki::digest::{Digest, HashAlgorithm};

/// A CMS signature to be reported on.
#[derive(Clone, Debug)]
pub struct CmsFile<'a> {
    /// The message, DER.
    pub message: &'a [u8],
    /// What was signed, where it is not in the message.
    pub given: Given<'a>,
    /// What tells the certificate's status. If there is any, nobody is asked, and what is in the message
    /// is not looked at.
    pub status: &'a [StatusEvidence],
    /// The name of what was signed.
    pub filename: Option<&'a str>,
    /// Whether the report is to say how it was judged.
    pub detailed: bool,
}

/// What is given beside a signature.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// Nothing: what was signed is inside.
    Nothing,
    /// What was signed.
    Content(&'a [u8]),
    /// Its hash alone.
    Digest(Digest),
}

impl Validator {
    /// Reports on a CMS signature as of `when`. The status services are asked if the certificate is valid
    /// still; what they do not tell is taken from the message.
    pub async fn report_cms(&self, file: &CmsFile<'_>, when: impl Into<When>) -> ValidationReport {
        let when = when.into();
        let gathered = match SignedMessage::from_der(file.message) {
            Err(error) => Gathered::unreadable(error),
            Ok(message) => {
                let mut gathered = look_at(&message, &file.given);
                let brought = Brought::by(&message);
                let mut effort = Effort::default();
                self.gather(&mut gathered, brought, file.status, when, &mut effort).await;
                gathered
            }
        };
        assemble(&[gathered], self.rules(), when.at, file.filename, file.detailed)
    }
}

/// Content, signature and certificate, as far as each can be told without the others.
pub(super) fn look_at(message: &SignedMessage, given: &Given<'_>) -> Gathered {
    let mut gathered = Gathered::of(message);
    let found = &mut gathered.found;
    found.has_format = true;
    found.claimed_time = message.signing_time();
    if gathered.signer.is_some() {
        found.certificate = CertificateFound::Identified;
    }
    let Some(hash) = message.supported_hash() else {
        found.signature = SignatureFound::NotSupported;
        return gathered;
    };
    let (digest, content) = digest_of(message, given, hash);
    gathered.digest = digest;
    found.content = content;
    if let (Given::Digest(beside), ContentFound::Missing) = (given, content) {
        let (theirs, its) = (hash_name(beside.algorithm()), hash_name(hash));
        let told = format!("what was signed is given by its {theirs}; {its} is needed");
        gathered.warnings.push(told);
    }
    let Some(digest) = digest.filter(|_| content == ContentFound::Same) else {
        return gathered;
    };
    match message.verify_digest(&digest) {
        Ok(_) => found.signature = SignatureFound::Holds,
        Err(CmsError::Content) => found.content = ContentFound::Another,
        Err(CmsError::SigningCertificate) => found.certificate = CertificateFound::Another,
        Err(CmsError::Algorithms) => found.signature = SignatureFound::NotSupported,
        Err(CmsError::Signature) => found.signature = SignatureFound::Broken,
        Err(CmsError::SignerMissing) => {}
        Err(error) => {
            found.has_format = false;
            gathered.warnings.push(error.to_string());
        }
    }
    gathered
}

impl Gathered {
    /// What a message says of itself.
    fn of(message: &SignedMessage) -> Self {
        Self {
            format: format(message),
            signature: message.signature().to_vec(),
            algorithm: message.signature_algorithm(),
            signer: message.signer().ok().cloned(),
            warnings: Vec::new(),
            ..Self::unreadable("")
        }
    }
}

/// The highest CAdES baseline level whose parts are there.
fn format(message: &SignedMessage) -> &'static str {
    let is_baseline =
        message.names_certificate() && message.signing_time().is_some() && message.signer().is_ok();
    let is_stamped = message.signature_time_stamps().next().is_some();
    let has_status = message.revocations().next().is_some();
    match (is_baseline, is_stamped, has_status) {
        (false, ..) => "CMS",
        (true, true, true) => "CAdES_BASELINE_LT",
        (true, true, false) => "CAdES_BASELINE_T",
        (true, false, _) => "CAdES_BASELINE_B",
    }
}

/// The digest of what is given, or is in the message, by the message's hash; and whether they differ. From a
/// digest by another hash nothing can be told of content that is not there.
fn digest_of(
    message: &SignedMessage,
    given: &Given<'_>,
    hash: HashAlgorithm,
) -> (Option<Digest>, ContentFound) {
    let inside = message.content().map(|content| hash.digest(content));
    let beside = match given {
        Given::Nothing => None,
        Given::Content(content) => Some(hash.digest(content)),
        Given::Digest(digest) => Some(*digest),
    };
    match (inside, beside) {
        (None, None) => (None, ContentFound::Missing),
        (None, Some(digest)) if digest.algorithm() != hash => (None, ContentFound::Missing),
        (Some(digest), None) | (None, Some(digest)) => (Some(digest), ContentFound::Same),
        (Some(inside), Some(beside)) => {
            let content = message.content().unwrap_or_default();
            let is_same = beside.algorithm().digest(content) == beside;
            let found = if is_same { ContentFound::Same } else { ContentFound::Another };
            (Some(inside), found)
        }
    }
}
