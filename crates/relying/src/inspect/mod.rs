//! What a file is, and whether it holds: certificates, signed messages, OCSP responses, CRLs, in DER
//! or PEM.

mod report;

use inrou_api::problem::Code;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{CmsError, SignedMessage};
use inrou_pki::crl::Crl;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::OcspResponse;
use inrou_pki::pem;
use inrou_rules::{Medium, Use};
use jiff::Timestamp;

pub use report::{
    Check, CheckName, Fact, FactName, FactValue, FileKind, NotRecognised, Outcome, Report,
    Unchecked,
};

use crate::{Invalid, Kind, Validator};

impl Validator {
    /// Inspects a file. `content` is what lies beside a signed message, if it does.
    ///
    /// # Errors
    /// [`NotRecognised`]: why it is none of the kinds that can be inspected.
    pub async fn inspect(
        &self,
        file: &[u8],
        content: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Report, NotRecognised> {
        Ok(match recognise(file)? {
            Recognised::Certificate(certificate) if certificate.is_issuer() => {
                self.issuer_report(&certificate, now)
            }
            Recognised::Certificate(certificate) => {
                self.certificate_report(&certificate, now).await
            }
            Recognised::Message(message) => self.message_report(&message, content, now).await,
            Recognised::Ocsp(der, response) => self.ocsp_report(&der, &response, now),
            Recognised::Crl(crl) => self.crl_report(*crl, now),
        })
    }

    async fn certificate_report(&self, certificate: &Certificate, now: Timestamp) -> Report {
        let kind = self.kind(certificate);
        let mut facts = certificate_facts(certificate);
        facts.extend(kind.map(|kind| fact(FactName::Kind, FactValue::Kind(kind))));
        Report {
            file: FileKind::Certificate,
            facts,
            checks: self.certificate_checks(certificate, kind, None, now).await,
        }
    }

    /// An issuer's certificate is trusted or not; nobody stands above it.
    fn issuer_report(&self, certificate: &Certificate, now: Timestamp) -> Report {
        let trusted = if self.anchors().certificates().is_empty() {
            Outcome::NotChecked(Unchecked::NoAnchors)
        } else if self.anchors().certificates().contains(certificate) {
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
        content: Option<&[u8]>,
        now: Timestamp,
    ) -> Report {
        let verified = match (message.content(), content) {
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
            let kind = self.kind(signer);
            facts.extend(certificate_facts(signer));
            facts.extend(kind.map(|kind| fact(FactName::Kind, FactValue::Kind(kind))));
            checks.extend(self.certificate_checks(signer, kind, Some(Purpose::Sign), now).await);
        }
        Report { file: FileKind::SignedMessage, facts, checks }
    }

    fn ocsp_report(&self, der: &[u8], response: &OcspResponse, now: Timestamp) -> Report {
        let anchors = self.anchors();
        let verify = |issuer| {
            let again = OcspResponse::from_der(der)?;
            // At the time when it was made: whether it is still timely is another question.
            again.verify(issuer, self.moment(response.produced_at()))
        };
        let mut results = anchors.certificates().iter().map(verify);
        let trusted = match results.next() {
            None => Outcome::NotChecked(Unchecked::NoAnchors),
            Some(Ok(_)) => Outcome::Passed,
            Some(Err(_)) if results.any(|result| result.is_ok()) => Outcome::Passed,
            Some(Err(error)) => failed(Code::CERTIFICATE_UNTRUSTED, error),
        };
        let mut facts = vec![fact(FactName::MadeAt, FactValue::Moment(response.produced_at()))];
        let mut timely = Outcome::Passed;
        for answer in response.answers() {
            facts.push(fact(FactName::Serial, FactValue::Text(hex(answer.serial))));
            facts.push(fact(FactName::Status, FactValue::Status(answer.status)));
            let next_update = answer.next_update.unwrap_or(answer.this_update);
            facts.push(fact(FactName::NextUpdate, FactValue::Moment(next_update)));
            if let Err(untimely) = self.moment(now).check(answer.this_update, next_update) {
                timely = failed(Code::STATUS_UNAVAILABLE, untimely);
            }
        }
        facts.push(fact(FactName::Fingerprint, fingerprint(der)));
        let checks = vec![check(CheckName::Trusted, trusted), check(CheckName::Timely, timely)];
        Report { file: FileKind::OcspResponse, facts, checks }
    }

    fn crl_report(&self, crl: Crl, now: Timestamp) -> Report {
        let mut facts = vec![
            fact(FactName::Issuer, FactValue::Text(crl.issuer().to_string())),
            fact(FactName::MadeAt, FactValue::Moment(crl.this_update())),
            fact(FactName::NextUpdate, FactValue::Moment(crl.next_update())),
            fact(FactName::Fingerprint, fingerprint(crl.as_der())),
        ];
        let number = crl.number().map(|number| FactValue::Text(hex(number)));
        facts.extend(number.map(|number| fact(FactName::CrlNumber, number)));
        let timely = match self.moment(now).check(crl.this_update(), crl.next_update()) {
            Ok(()) => Outcome::Passed,
            Err(untimely) => failed(Code::STATUS_UNAVAILABLE, untimely),
        };
        let trusted = if self.anchors().certificates().is_empty() {
            Outcome::NotChecked(Unchecked::NoAnchors)
        } else {
            match self.anchors().issuer_of_crl(&crl).cloned() {
                Ok(issuer) => match crl.verify(&issuer) {
                    Ok(_) => Outcome::Passed,
                    Err(error) => failed(Code::CERTIFICATE_UNTRUSTED, error),
                },
                Err(error) => failed(Code::CERTIFICATE_UNTRUSTED, error),
            }
        };
        Report {
            file: FileKind::Crl,
            facts,
            checks: vec![check(CheckName::Trusted, trusted), check(CheckName::Timely, timely)],
        }
    }

    /// Path, validity, purpose and status, each for itself as far as it does not rest on another.
    /// Without a `purpose` the certificate is judged for its own.
    async fn certificate_checks(
        &self,
        certificate: &Certificate,
        kind: Option<Kind>,
        purpose: Option<Purpose>,
        now: Timestamp,
    ) -> Vec<Check> {
        let own = kind.map(|kind| match kind.usage {
            Use::Signature => Purpose::Sign,
            Use::UserAuthentication => Purpose::LogIn,
        });
        let judged_for = purpose.or(own).unwrap_or(Purpose::Sign);
        // Within its validity, which is a check of its own; it may end before it begins.
        let at = now.max(certificate.not_before()).min(certificate.not_after());
        let path = self.check_path(certificate, at, judged_for);
        let (trusted, fits) = match &path {
            _ if self.anchors().certificates().is_empty() => {
                let none = Outcome::NotChecked(Unchecked::NoAnchors);
                (none.clone(), none)
            }
            Ok(_) => (Outcome::Passed, Outcome::Passed),
            Err(invalid @ Invalid::WrongKind) => (Outcome::Passed, of_invalid(invalid)),
            Err(invalid) => (of_invalid(invalid), Outcome::NotChecked(Unchecked::EarlierCheck)),
        };
        let timely = timely(certificate, now);
        let status = match (&path, &timely) {
            _ if trusted != Outcome::Passed => Outcome::NotChecked(Unchecked::EarlierCheck),
            _ if self.settings().sources.is_empty() => {
                Outcome::NotChecked(Unchecked::NoStatusService)
            }
            (Ok(kind), Outcome::Passed) => match self.check_status(certificate, *kind, now).await {
                Ok(_) => Outcome::Passed,
                Err(invalid) => of_invalid(&invalid),
            },
            _ => Outcome::NotChecked(Unchecked::EarlierCheck),
        };
        vec![
            check(CheckName::Trusted, trusted),
            check(CheckName::Timely, timely),
            check(CheckName::Purpose, fits),
            check(CheckName::Status, status),
        ]
    }

    fn kind(&self, certificate: &Certificate) -> Option<Kind> {
        let recognised = certificate.recognise(&self.settings().issuer);
        recognised.map(|(usage, medium): (Use, Medium)| Kind { usage, medium })
    }
}

enum Recognised {
    Certificate(Certificate),
    Message(Box<SignedMessage>),
    Ocsp(Vec<u8>, Box<OcspResponse>),
    Crl(Box<Crl>),
}

/// Reads a file as what it says to be in PEM, or else as each kind in turn.
fn recognise(file: &[u8]) -> Result<Recognised, NotRecognised> {
    const LABELS: [(&str, FileKind); 5] = [
        ("CERTIFICATE", FileKind::Certificate),
        ("CMS", FileKind::SignedMessage),
        ("PKCS7", FileKind::SignedMessage),
        ("OCSP RESPONSE", FileKind::OcspResponse),
        ("X509 CRL", FileKind::Crl),
    ];
    if let Ok(text) = std::str::from_utf8(file) {
        let labelled = LABELS
            .into_iter()
            .find(|(label, _)| text.contains(&format!("-----BEGIN {label}-----")));
        if let Some((label, kind)) = labelled {
            let read = pem::decode(label, first_block(text, label));
            let read = read.map_err(|error| error.to_string());
            let read = read.and_then(|der| read_as(kind, der));
            return read.map_err(|why| NotRecognised(vec![(kind, why)]));
        }
    }
    let mut tried = Vec::new();
    for kind in
        [FileKind::Certificate, FileKind::SignedMessage, FileKind::OcspResponse, FileKind::Crl]
    {
        match read_as(kind, file.to_vec()) {
            Ok(recognised) => return Ok(recognised),
            Err(why) => tried.push((kind, why)),
        }
    }
    Err(NotRecognised(tried))
}

/// Up to the end of the first block of that label: in a chain the first certificate is meant.
fn first_block<'a>(text: &'a str, label: &str) -> &'a str {
    let end = format!("-----END {label}-----");
    let length = text.find(&end).map_or(text.len(), |at| at + end.len());
    text.get(..length).unwrap_or(text)
}

fn read_as(kind: FileKind, der: Vec<u8>) -> Result<Recognised, String> {
    match kind {
        FileKind::Certificate | FileKind::IssuerCertificate => Certificate::from_der(&der)
            .map(Recognised::Certificate)
            .map_err(|error| error.to_string()),
        FileKind::SignedMessage => SignedMessage::from_der(&der)
            .map(|message| Recognised::Message(Box::new(message)))
            .map_err(|error| error.to_string()),
        FileKind::OcspResponse => OcspResponse::from_der(&der)
            .map(|response| Recognised::Ocsp(der, Box::new(response)))
            .map_err(|error| error.to_string()),
        FileKind::Crl => Crl::from_der(der)
            .map(|crl| Recognised::Crl(Box::new(crl)))
            .map_err(|error| error.to_string()),
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
    failed(invalid.code(), invalid)
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
