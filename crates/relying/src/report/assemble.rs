//! From what was found out to the report.

use inrou_api::problem::Code;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::PublishedStatus;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::SignatureAlgorithm;
use jiff::Timestamp;

use super::document::{
    BlockConclusion, BlockReport, CertificateKind, PolicyName, Said, SignatureInfo,
    SignatureProcess, SignatureReport, UsedCertificate, UsedFor, ValidatedDocument,
    ValidationConclusion, ValidationReport,
};
use super::found::{ChainFound, StatusFound};
use super::gather::Gathered;
use super::process::{Rules, Verdict, judge};
use super::questions::questions;
use super::words::{Conclusion, Failed, Indeterminate, Judged};

/// The report of a file with these signatures, as of `now`; `filename` is that of what was signed.
pub(super) fn assemble(
    signatures: &[Gathered],
    rules: &Rules,
    now: Timestamp,
    filename: Option<&str>,
    detailed: bool,
) -> ValidationReport {
    let judged = signatures.iter().map(|gathered| (gathered, judge(&gathered.found, rules, now)));
    let judged: Vec<_> = judged.collect();
    let passed = judged.iter().filter(|(_, verdict)| verdict.conclusion.is_passed());
    let digest = signatures.iter().find_map(|gathered| gathered.digest);
    let reports: Vec<_> =
        judged.iter().map(|(gathered, verdict)| gathered.signature_report(verdict, now)).collect();
    let processes = judged.iter().zip(&reports).filter(|_| detailed);
    let processes =
        processes.map(|((gathered, verdict), report)| gathered.process(&report.id, verdict, now));
    ValidationReport {
        validation_process: processes.collect(),
        validation_conclusion: ValidationConclusion {
            policy: policy(),
            signatures_count: signatures.len() as u32,
            valid_signatures_count: passed.count() as u32,
            validation_time: now,
            validated_document: digest.map(|digest| ValidatedDocument {
                filename: filename.map(str::to_owned),
                file_hash: Base64(digest.as_bytes().to_vec()),
                hash_algo: hash_name(digest.algorithm()).to_owned(),
            }),
            signatures: reports,
        },
    }
}

impl Gathered {
    fn signature_report(&self, verdict: &Verdict, now: Timestamp) -> SignatureReport {
        let Verdict { conclusion, best_signature_time, .. } = *verdict;
        let signer = self.signer.as_ref();
        let is_proven = self.found.time_stamps.iter().any(|stamp| stamp.holds);
        let code = self.code(conclusion);
        let signing = signer.map(|signer| used(signer, UsedFor::Signing));
        let units = self.units.iter().map(|unit| used(unit, UsedFor::SignatureTimestamp));
        SignatureReport {
            id: id(&self.signature),
            indication: conclusion.indication(Judged::Signature).to_owned(),
            sub_indication: conclusion.sub_indication().map(str::to_owned),
            code: code.map(|code| code.as_str().to_owned()),
            may_pass: self.may_pass(conclusion),
            errors: if conclusion.is_passed() { Vec::new() } else { self.errors(verdict, now) },
            warnings: self.warnings(),
            info: SignatureInfo {
                best_signature_time: is_proven.then_some(best_signature_time),
                timestamp_creation_time: self.found.time_stamps.first().map(|stamp| stamp.time),
                ocsp_response_creation_time: self
                    .evidence
                    .as_ref()
                    .and_then(|evidence| evidence.produced_at),
            },
            signature_format: self.format.to_owned(),
            signature_method: self.algorithm.map(|algorithm| method(algorithm).to_owned()),
            signed_by: signer.and_then(common_name),
            signature_scopes: self.scopes.clone(),
            claimed_signing_time: self.found.claimed_time,
            time_stamps: self.time_stamps.clone(),
            certificates: signing.into_iter().chain(units).collect(),
            kind: self.certificate_kind(),
            seal: self.is_seal,
            certificate_status: self.status(),
        }
    }

    /// What did not hold in the blocks.
    fn errors(&self, verdict: &Verdict, now: Timestamp) -> Vec<Said> {
        let failed = verdict.blocks.iter().filter(|(_, conclusion)| !conclusion.is_passed());
        let asked = failed.flat_map(|(block, _)| questions(*block, &self.found, now));
        asked.filter_map(|question| question.error).map(|content| Said { content }).collect()
    }

    fn process(&self, id: &str, verdict: &Verdict, now: Timestamp) -> SignatureProcess {
        let blocks = verdict.blocks.iter().map(|(block, conclusion)| BlockReport {
            name: block.name().to_owned(),
            conclusion: block_conclusion(*conclusion),
            constraints: questions(*block, &self.found, now),
        });
        SignatureProcess {
            id: id.to_owned(),
            basic: block_conclusion(verdict.basic),
            blocks: blocks.collect(),
            with_time: block_conclusion(verdict.conclusion),
        }
    }

    pub(super) fn may_pass(&self, conclusion: Conclusion) -> bool {
        self.code(conclusion) == Some(Code::STATUS_UNAVAILABLE)
    }

    pub(super) fn warnings(&self) -> Vec<Said> {
        self.warnings.iter().map(|text| Said { content: text.clone() }).collect()
    }

    pub(super) fn certificate_kind(&self) -> Option<CertificateKind> {
        self.kind.map(|kind| CertificateKind { usage: kind.usage, medium: kind.medium })
    }

    /// The stable code for what a signature came to.
    pub(super) fn code(&self, conclusion: Conclusion) -> Option<Code> {
        let why = match conclusion {
            Conclusion::Passed => return None,
            Conclusion::Failed(Failed::HashFailure) => {
                return Some(Code::APPLICATION_CONTENT_MISMATCH);
            }
            Conclusion::Failed(Failed::NotYetValid) => {
                return Some(Code::CERTIFICATE_NOT_YET_VALID);
            }
            Conclusion::Failed(Failed::FormatFailure | Failed::SigCryptoFailure) => {
                return Some(Code::APPLICATION_SIGNATURE_INVALID);
            }
            Conclusion::Indeterminate(why) => why,
        };
        Some(match why {
            Indeterminate::NoCertificateChainFound
                if self.found.chain == ChainFound::AnchorsUnavailable =>
            {
                Code::STATUS_UNAVAILABLE
            }
            Indeterminate::CertificateChainGeneralFailure
                if self.found.chain == ChainFound::Valid =>
            {
                Code::STATUS_UNAVAILABLE
            }
            Indeterminate::NoCertificateChainFound
            | Indeterminate::CertificateChainGeneralFailure => Code::CERTIFICATE_UNTRUSTED,
            Indeterminate::ChainConstraintsFailure => Code::CERTIFICATE_WRONG_KIND,
            Indeterminate::RevokedNoPoe => Code::CERTIFICATE_REVOKED,
            Indeterminate::OutOfBoundsNotRevoked | Indeterminate::OutOfBoundsNoPoe => {
                Code::CERTIFICATE_EXPIRED
            }
            Indeterminate::TryLater => match self.found.status {
                StatusFound::OnHold { .. } => Code::CERTIFICATE_ON_HOLD,
                _ => Code::STATUS_UNAVAILABLE,
            },
            Indeterminate::SignedDataNotFound => Code::APPLICATION_CONTENT_MISMATCH,
            Indeterminate::SigConstraintsFailure
            | Indeterminate::CryptoConstraintsFailure
            | Indeterminate::CryptoConstraintsFailureNoPoe
            | Indeterminate::NoSigningCertificateFound => Code::APPLICATION_SIGNATURE_INVALID,
        })
    }

    pub(super) fn status(&self) -> Option<PublishedStatus> {
        match self.found.status {
            StatusFound::Good { .. } => Some(PublishedStatus::Good),
            StatusFound::Revoked { at, reason } => Some(PublishedStatus::Revoked { at, reason }),
            StatusFound::OnHold { since } => Some(PublishedStatus::OnHold { since }),
            StatusFound::Unknown => Some(PublishedStatus::Unknown),
            StatusFound::NotTold => None,
        }
    }
}

fn policy() -> PolicyName {
    PolicyName {
        policy_name: "inrou".to_owned(),
        policy_description:
            "A signature certificate or an organisation's seal, of a trusted issuer, good \
                             when the signature is known to have existed."
                .to_owned(),
    }
}

fn block_conclusion(conclusion: Conclusion) -> BlockConclusion {
    BlockConclusion {
        indication: conclusion.indication(Judged::Block).to_owned(),
        sub_indication: conclusion.sub_indication().map(str::to_owned),
    }
}

/// By the signature's own hash: the same in every report.
fn id(signature: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digest = HashAlgorithm::Sha256.digest(signature);
    let mut id = String::with_capacity(2 + 2 * digest.as_bytes().len());
    id.push_str("S-");
    for byte in digest.as_bytes() {
        id.extend([byte >> 4, byte & 0xF].map(|digit| char::from(DIGITS[usize::from(digit)])));
    }
    id
}

fn used(certificate: &Certificate, used_for: UsedFor) -> UsedCertificate {
    UsedCertificate {
        used_for,
        common_name: common_name(certificate),
        content: Base64(certificate.as_der().to_vec()),
    }
}

pub(super) fn common_name(certificate: &Certificate) -> Option<String> {
    certificate.subject().common_name().map(str::to_owned)
}

pub(super) fn hash_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha1 => "SHA1",
        HashAlgorithm::Sha256 => "SHA256",
        HashAlgorithm::Sha384 => "SHA384",
        HashAlgorithm::Sha512 => "SHA512",
    }
}

/// The URI of a signature algorithm (RFC 9231).
fn method(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::Sha256WithRsa => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        SignatureAlgorithm::Sha384WithRsa => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        SignatureAlgorithm::Sha512WithRsa => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        SignatureAlgorithm::PssWithSha256 => {
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
        }
        SignatureAlgorithm::PssWithSha384 => {
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
        }
        SignatureAlgorithm::PssWithSha512 => {
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"
        }
        SignatureAlgorithm::EcdsaWithSha256 => {
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
        }
        SignatureAlgorithm::EcdsaWithSha384 => {
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
        }
    }
}
