//! The report of XML signatures: XAdES, or plainer.

mod c14n;
mod limits;
mod signature;
mod xades;

use inrou_pki::digest::HashAlgorithm;
use roxmltree::{Document, ParsingOptions};

use super::ValidationReport;
use super::assemble::assemble;
use super::brought::Brought;
use super::document::Scope;
use super::found::{CertificateFound, SignatureFound};
use super::gather::{Effort, Gathered};
use super::when::When;
use crate::{StatusEvidence, Validator};
use limits::{MAX_NODES, Work};
use signature::{DSIG, XmlSignature};

/// Most signatures in a file.
const MAX_SIGNATURES: usize = 8;

/// An XML file to be reported on.
#[derive(Clone, Debug)]
pub struct XmlFile<'a> {
    /// It, UTF-8.
    pub xml: &'a [u8],
    /// What tells the certificates' statuses. If there is any, nobody is asked, and what is in the file is
    /// not looked at.
    pub status: &'a [StatusEvidence],
    /// Its name.
    pub filename: Option<&'a str>,
    /// Whether the report is to say how it was judged.
    pub detailed: bool,
}

impl Validator {
    /// Reports on the signatures in an XML file as of `when`. What each covers is told as its scopes: whoever
    /// reads the file reads nothing else of it.
    pub async fn report_xml(&self, file: &XmlFile<'_>, when: impl Into<When>) -> ValidationReport {
        let when = when.into();
        let read = match read(file.xml) {
            Err(why) => vec![Err(why)],
            Ok(read) => read,
        };
        let (mut signatures, mut effort) = (Vec::new(), Effort::default());
        for read in read {
            signatures.push(match read {
                Err(why) => Gathered::unreadable(why),
                Ok(Read { mut gathered, brought }) => {
                    self.gather(&mut gathered, brought, file.status, when, &mut effort).await;
                    gathered
                }
            });
        }
        assemble(&signatures, self.rules(), when.at, file.filename, file.detailed)
    }
}

/// What a signature says, apart from its document: the tree is not kept while others are asked.
struct Read {
    gathered: Gathered,
    brought: Brought,
}

/// Reads a file once: the tree that is verified is the one that is reported on.
fn read(xml: &[u8]) -> Result<Vec<Result<Read, &'static str>>, &'static str> {
    let text = std::str::from_utf8(xml).map_err(|_| "the file is not UTF-8")?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    limits::check(text)?;
    // Without a document type there are no entities but the five of XML, and no defaults.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|_| "the file is not XML, or has a document type")?;
    let signatures: Vec<_> =
        document.descendants().filter(|node| node.has_tag_name((DSIG, "Signature"))).collect();
    if signatures.len() > MAX_SIGNATURES {
        return Err("the file has too many signatures");
    }
    let ids = signature::unique_ids(&document).ok_or("two elements have the same identifier")?;
    let work = Work::for_a_file();
    let read = signatures.into_iter().map(|node| {
        let signature = XmlSignature::read(node, &ids, &work)?;
        look_at(&document, text, &signature, &work)
    });
    Ok(read.collect())
}

fn look_at(
    document: &Document<'_>,
    text: &str,
    signature: &XmlSignature<'_, '_>,
    work: &Work,
) -> Result<Read, &'static str> {
    let properties = signature.properties(work)?;
    let chain = &signature.certificates;
    let mut gathered = Gathered {
        format: properties.format(),
        signature: signature.value.clone(),
        algorithm: signature.algorithm,
        signer: chain.first().cloned(),
        warnings: Vec::new(),
        ..Gathered::unreadable("")
    };
    let found = &mut gathered.found;
    found.has_format = true;
    found.claimed_time = properties.signing_time;
    found.needs_claimed_time = properties.is_there;
    if let Some(signer) = chain.first() {
        found.certificate = match properties.names(signer) {
            true => CertificateFound::Identified,
            false => CertificateFound::Another,
        };
        found.signature = signature.verify(signer);
    }
    let covered = signature.covered(document, work)?;
    found.content = covered.content;
    gathered.warnings.extend(covered.why.map(str::to_owned));
    // Without a known algorithm nothing was verified, whatever the digests say.
    if found.signature == SignatureFound::NotSupported {
        gathered.warnings.push("the signature's algorithms are not supported".to_owned());
    }
    gathered.scopes = covered.scopes;
    gathered.digest = Some(HashAlgorithm::Sha256.digest(text.as_bytes()));
    let mut brought = properties.brought;
    brought.certificates.extend(chain.iter().cloned());
    if signature.has_more_certificates {
        brought.left_out.push("the signature has more certificates than are looked at");
    }
    Ok(Read { gathered, brought })
}

/// A scope of a signature.
fn scope(name: &str, is_full: bool, content: &str) -> Scope {
    Scope {
        name: name.to_owned(),
        scope: if is_full { "FULL" } else { "PARTIAL" }.to_owned(),
        content: content.to_owned(),
    }
}
