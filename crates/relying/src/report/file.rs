//! The report of a file with signatures, of whichever format it is.

use inrou_pki::pem;

use super::{CmsFile, Given, JwsFile, PdfFile, ValidationReport, When, XmlFile};
use crate::{StatusEvidence, Validator};

/// The labels of a CMS message in PEM.
const LABELS: [&str; 2] = ["CMS", "PKCS7"];

/// A format of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFormat {
    /// CMS, DER or PEM.
    Cms,
    /// In a PDF file.
    Pdf,
    /// In an XML file.
    Xml,
    /// A JSON Web Signature in compact form.
    Jws,
}

/// A file to be reported on.
#[derive(Clone, Debug)]
pub struct SignedFile<'a> {
    /// It.
    pub file: &'a [u8],
    /// What was signed, where it is not in the file: for CMS its hash will do; PDF and XML files have it
    /// inside.
    pub given: Given<'a>,
    /// What tells the certificates' statuses. If there is any, nobody is asked, and what is in the file is
    /// not looked at.
    pub status: &'a [StatusEvidence],
    /// The name of what was signed.
    pub filename: Option<&'a str>,
    /// Whether the report is to say how it was judged.
    pub detailed: bool,
}

/// Why a file is not reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReported {
    /// What was signed has no place beside a file of that format.
    #[error("a signature of this format has nothing beside it")]
    NothingBeside,
    /// A hash alone does not do for that format.
    #[error("a signature of this format is not judged by a hash")]
    NotByDigest,
}

impl SignatureFormat {
    /// What a file is taken for: by how it begins, and nothing behind that. What is none of the others, and
    /// not DER of a SEQUENCE or PEM of a message, is `None`.
    pub fn of(file: &[u8]) -> Option<Self> {
        if file.starts_with(b"%PDF-") {
            return Some(Self::Pdf);
        }
        // The tag of a SEQUENCE is a digit as text.
        if let Ok(text) = std::str::from_utf8(file) {
            let text = text.trim_start_matches('\u{FEFF}').trim_start();
            if text.starts_with('<') {
                return Some(Self::Xml);
            }
            if is_jws(text.trim_end()) {
                return Some(Self::Jws);
            }
            if label_of(text).is_some() {
                return Some(Self::Cms);
            }
        }
        file.starts_with(&[0x30]).then_some(Self::Cms)
    }
}

impl Validator {
    /// Reports on a file of that format as of `when`.
    ///
    /// # Errors
    /// [`NotReported`]: what is given beside it says nothing about it.
    pub async fn report_file(
        &self,
        format: SignatureFormat,
        file: &SignedFile<'_>,
        when: impl Into<When>,
    ) -> Result<ValidationReport, NotReported> {
        let when = when.into();
        let &SignedFile { file: bytes, given, status, filename, detailed } = file;
        match (format, given) {
            (SignatureFormat::Cms, given) => {
                let der = from_pem(bytes);
                let message = der.as_deref().unwrap_or(bytes);
                let file = CmsFile { message, given, status, filename, detailed };
                Ok(self.report_cms(&file, when).await)
            }
            (SignatureFormat::Jws, Given::Digest(_)) => Err(NotReported::NotByDigest),
            (SignatureFormat::Jws, given) => {
                let content = match given {
                    Given::Content(content) => Some(content),
                    Given::Nothing | Given::Digest(_) => None,
                };
                // What is not text has no dot in it, and is told as no JWS.
                let jws = std::str::from_utf8(bytes).unwrap_or_default().trim();
                let file = JwsFile { jws, content, status, filename, detailed };
                Ok(self.report_jws(&file, when).await)
            }
            (_, Given::Content(_) | Given::Digest(_)) => Err(NotReported::NothingBeside),
            (SignatureFormat::Pdf, Given::Nothing) => {
                let file = PdfFile { file: bytes, status, filename, detailed };
                Ok(self.report_pdf(&file, when).await)
            }
            (SignatureFormat::Xml, Given::Nothing) => {
                let file = XmlFile { xml: bytes, status, filename, detailed };
                Ok(self.report_xml(&file, when).await)
            }
        }
    }
}

/// Three parts of base64url, the first of which begins a JSON object.
fn is_jws(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.starts_with("ey") && text.matches('.').count() == 2 && text.bytes().all(is_digit)
}

fn label_of(text: &str) -> Option<&'static str> {
    LABELS.into_iter().find(|label| text.contains(&format!("-----BEGIN {label}-----")))
}

/// The DER in a message in PEM.
fn from_pem(file: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(file).ok()?.trim_start();
    pem::decode(label_of(text)?, text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_for_what_it_begins_as() {
        for (file, format) in [
            (&b"%PDF-1.7\n"[..], Some(SignatureFormat::Pdf)),
            (b"\xEF\xBB\xBF <a/>", Some(SignatureFormat::Xml)),
            (b"eyJh.e30.AA\n", Some(SignatureFormat::Jws)),
            (b"eyJh.e30", None),
            (b"-----BEGIN CMS-----\nAAAA", Some(SignatureFormat::Cms)),
            (b"-----BEGIN CERTIFICATE-----\nAAAA", None),
            (&[0x30, 0x82, 0xFF], Some(SignatureFormat::Cms)),
            (b"a text", None),
            (b"", None),
        ] {
            assert_eq!(SignatureFormat::of(file), format, "{file:?}");
        }
    }
}
