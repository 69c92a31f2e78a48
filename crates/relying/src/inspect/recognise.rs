//! What a file is: as it says itself in PEM, or as what it can be read.

use inrou_pki::certificate::Certificate;
use inrou_pki::cms::SignedMessage;
use inrou_pki::crl::Crl;
use inrou_pki::ocsp::OcspResponse;
use inrou_pki::pem;
use jiff::Timestamp;

use super::{FileKind, NotRecognised};
use crate::{StatusEvidence, StatusSource};

impl StatusEvidence {
    /// The OCSP response or CRL in a file, DER or PEM, as what tells the status at `checked_at`.
    ///
    /// # Errors
    /// [`NotRecognised`]: it is neither.
    pub fn read(file: &[u8], checked_at: Timestamp) -> Result<Self, NotRecognised> {
        let (source, der) = match recognise(file)? {
            Recognised::Ocsp(der, _) => (StatusSource::Ocsp, der),
            Recognised::Crl(crl) => (StatusSource::Crl, crl.as_der().to_vec()),
            Recognised::Certificate(_) | Recognised::Message(_) => {
                return Err(NotRecognised(Vec::new()));
            }
        };
        Ok(Self::new(source, der, checked_at))
    }
}

impl FileKind {
    /// What a file is.
    ///
    /// # Errors
    /// [`NotRecognised`]: why it is none of the kinds that can be inspected.
    pub fn of(file: &[u8]) -> Result<Self, NotRecognised> {
        Ok(match recognise(file)? {
            Recognised::Certificate(certificate) if certificate.is_issuer() => {
                Self::IssuerCertificate
            }
            Recognised::Certificate(_) => Self::Certificate,
            Recognised::Message(_) => Self::SignedMessage,
            Recognised::Ocsp(..) => Self::OcspResponse,
            Recognised::Crl(_) => Self::Crl,
        })
    }
}

/// A file, read as what it is.
pub(super) enum Recognised {
    Certificate(Certificate),
    Message(Box<SignedMessage>),
    Ocsp(Vec<u8>, Box<OcspResponse>),
    Crl(Box<Crl>),
}

/// Reads a file as what it says to be in PEM, or else as each kind in turn.
pub(super) fn recognise(file: &[u8]) -> Result<Recognised, NotRecognised> {
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

/// How many certificates a file has in PEM.
pub(super) fn certificates_in(file: &[u8]) -> usize {
    let text = std::str::from_utf8(file).unwrap_or_default();
    text.matches("-----BEGIN CERTIFICATE-----").count()
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
