//! The report of XML signatures: XAdES, or plainer.

mod c14n;
mod signature;
mod xades;

use inrou_pki::digest::HashAlgorithm;
use roxmltree::{Document, ParsingOptions};

use super::ValidationReport;
use super::assemble::assemble;
use super::document::Scope;
use super::found::{CertificateFound, ContentFound, SignatureFound};
use super::gather::{Brought, Gathered};
use super::when::When;
use crate::{StatusEvidence, Validator};
use signature::{DSIG, XmlSignature};

/// Longest file that is read, in bytes.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// Most nodes in a file.
const MAX_NODES: u32 = 1 << 20;

/// Most signatures in a file.
const MAX_SIGNATURES: usize = 8;

/// How deep elements may lie in each other, and how many namespaces may be in scope at one.
const MAX_DEPTH: usize = 200;
const MAX_NAMESPACES: usize = 64;

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
        let mut signatures = Vec::new();
        for read in read {
            signatures.push(match read {
                Err(why) => Gathered::unreadable(why),
                Ok(Read { mut gathered, brought, stamped }) => {
                    self.gather(&mut gathered, brought, &stamped, file.status, when).await;
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
    /// What its time-stamps must be over.
    stamped: Vec<u8>,
}

/// Reads a file once: the tree that is verified is the one that is reported on.
fn read(xml: &[u8]) -> Result<Vec<Result<Read, &'static str>>, &'static str> {
    if xml.len() > MAX_LENGTH {
        return Err("the file is too long");
    }
    let text = std::str::from_utf8(xml).map_err(|_| "the file is not UTF-8")?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // Without a document type there are no entities but the five of XML, and no defaults.
    if depth(text) > MAX_DEPTH {
        return Err("the file's elements lie too deep");
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|_| "the file is not XML, or has a document type")?;
    if document.descendants().any(|node| node.namespaces().len() > MAX_NAMESPACES) {
        return Err("the file has too many namespaces");
    }
    let signatures: Vec<_> =
        document.descendants().filter(|node| node.has_tag_name((DSIG, "Signature"))).collect();
    if signatures.len() > MAX_SIGNATURES {
        return Err("the file has too many signatures");
    }
    let ids = signature::unique_ids(&document).ok_or("two elements have the same identifier")?;
    let read = signatures.into_iter().map(|node| {
        let signature = XmlSignature::read(node, &ids)?;
        Ok(look_at(&document, text, &signature))
    });
    Ok(read.collect())
}

/// How deep a file's elements lie at most, if it is XML: told before it is parsed, which goes as deep.
fn depth(text: &str) -> usize {
    const SKIPPED: [(&str, &str); 3] = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
    let (mut rest, mut depth, mut deepest) = (text, 0_usize, 0);
    while let Some((_, tag)) = rest.split_once('<') {
        let skipped = SKIPPED.iter().find(|(begin, _)| tag.starts_with(begin));
        rest = match skipped {
            Some((_, end)) => tag.split_once(end).map_or("", |(_, behind)| behind),
            None => {
                let (inside, behind) = split_tag(tag);
                if inside.starts_with('/') {
                    depth = depth.saturating_sub(1);
                } else {
                    deepest = deepest.max(depth + 1);
                    depth += usize::from(!inside.ends_with('/'));
                }
                behind
            }
        };
    }
    deepest
}

/// A tag up to its `>`, which may stand in a value before that, and what follows.
fn split_tag(tag: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, character) in tag.char_indices() {
        match (quote, character) {
            (None, '>') => return (&tag[..at], &tag[at + 1..]),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    (tag, "")
}

fn look_at(document: &Document<'_>, text: &str, signature: &XmlSignature<'_, '_>) -> Read {
    let properties = signature.properties();
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
    let covered = signature.covered(document);
    found.content = match &covered {
        None => ContentFound::Another,
        Some(scopes) if scopes.is_empty() => ContentFound::Missing,
        Some(_) => ContentFound::Same,
    };
    // Without a known algorithm nothing was verified, whatever the digests say.
    if found.signature == SignatureFound::NotSupported {
        gathered.warnings.push("the signature's algorithm is not supported".to_owned());
    }
    gathered.scopes = covered.unwrap_or_default();
    gathered.digest = Some(HashAlgorithm::Sha256.digest(text.as_bytes()));
    let mut brought = properties.brought;
    brought.certificates.extend(chain.iter().cloned());
    Read { gathered, brought, stamped: properties.stamped }
}

/// A scope of a signature.
fn scope(name: &str, is_full: bool, content: &str) -> Scope {
    Scope {
        name: name.to_owned(),
        scope: if is_full { "FULL" } else { "PARTIAL" }.to_owned(),
        content: content.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_told_by_tags_alone() {
        for (text, expected) in [
            ("", 0),
            ("<a/>", 1),
            ("<a><b/><b></b></a>", 2),
            ("<a><!--</a></a>--><b><![CDATA[</b></b>]]><c><?p </c> ?><d/></c></b></a>", 4),
            ("<a b='/>'><c d=\"'/>\"/></a>", 2),
            ("<a><a><a", 3),
        ] {
            assert_eq!(depth(text), expected, "{text}");
        }
    }
}
