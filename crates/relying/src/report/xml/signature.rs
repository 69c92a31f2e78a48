//! XML signatures (XMLDSig 1.1): what is signed, and whether it is that.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::keys::SignatureAlgorithm;
use roxmltree::{Document, Node};

use super::c14n::Canonical;
use super::limits::Work;
use super::scope;
use super::xades::{Properties, SIGNED_PROPERTIES, XADES};
use crate::report::document::Scope;
use crate::report::found::{ContentFound, SignatureFound};

/// The namespace of XML signatures.
pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The transform that leaves out the signature itself.
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Most references in a signature, and transforms in a reference.
const MAX_REFERENCES: usize = 30;
const MAX_TRANSFORMS: usize = 5;

/// Most certificates in a signature.
pub(super) const MAX_CERTIFICATES: usize = 32;

/// Elements by their identifiers.
pub(super) type Ids<'a, 'input> = HashMap<&'a str, Node<'a, 'input>>;

/// A signature as it was read.
pub(super) struct XmlSignature<'a, 'input> {
    node: Node<'a, 'input>,
    /// What the signature value is over.
    signed_info: Vec<u8>,
    pub(super) algorithm: Option<SignatureAlgorithm>,
    pub(super) value: Vec<u8>,
    references: Vec<Reference<'a, 'input>>,
    /// The signer's first.
    pub(super) certificates: Vec<Certificate>,
    /// Whether there are more than are read.
    pub(super) has_more_certificates: bool,
}

/// What is signed, and its digest.
struct Reference<'a, 'input> {
    /// What is signed, or why that cannot be had.
    target: Result<Target<'a, 'input>, &'static str>,
    kind: Option<&'a str>,
    /// `None`: not one that is supported.
    hash: Option<HashAlgorithm>,
    digest: Vec<u8>,
}

/// What a reference leads to, and in which form it is digested.
struct Target<'a, 'input> {
    /// The document's root, or the element that is named.
    node: Node<'a, 'input>,
    is_enveloped: bool,
    canonical: Canonical,
}

/// What a signature covers, or why it does not.
pub(super) struct Covered {
    pub(super) content: ContentFound,
    /// Beyond its own properties and key information.
    pub(super) scopes: Vec<Scope>,
    /// Why what was signed cannot be had.
    pub(super) why: Option<&'static str>,
}

/// The elements of a document by their identifiers; `None` if two have the same one.
pub(super) fn unique_ids<'a, 'input>(document: &'a Document<'input>) -> Option<Ids<'a, 'input>> {
    let mut ids = Ids::new();
    for node in document.descendants().filter(Node::is_element) {
        let names = node.attributes().filter(|each| {
            let is_xml = each.namespace() == Some("http://www.w3.org/XML/1998/namespace");
            (is_xml && each.name() == "id")
                || (each.namespace().is_none() && ["Id", "ID", "id"].contains(&each.name()))
        });
        for name in names {
            if ids.insert(name.value(), node).is_some() {
                return None;
            }
        }
    }
    Some(ids)
}

/// The one child of that name; `None` if there is none, or more than one.
pub(super) fn child<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &str,
    name: &str,
) -> Option<Node<'a, 'input>> {
    let mut found = node.children().filter(|each| each.has_tag_name((namespace, name)));
    found.next().filter(|_| found.next().is_none())
}

/// An element's text, of which comments are no part; `None` if there are elements in it.
pub(super) fn text(node: Node<'_, '_>) -> Option<String> {
    let mut children = node.children();
    let is_plain = !children.clone().any(|child| child.is_element());
    let text = children.by_ref().filter(|child| child.is_text());
    is_plain.then(|| text.filter_map(|child| child.text()).collect())
}

/// The bytes that an element's text is the Base64 of.
pub(super) fn base64(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let text: String = text(node)?.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

/// A hash by its identifier (RFC 9231); SHA-1 is not for signatures.
pub(super) fn hash(algorithm: &str) -> Option<HashAlgorithm> {
    Some(match algorithm {
        "http://www.w3.org/2001/04/xmlenc#sha256" => HashAlgorithm::Sha256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => HashAlgorithm::Sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => HashAlgorithm::Sha512,
        _ => return None,
    })
}

impl<'a, 'input> XmlSignature<'a, 'input> {
    /// Reads a `Signature` element.
    pub(super) fn read(
        node: Node<'a, 'input>,
        ids: &Ids<'a, 'input>,
        work: &Work,
    ) -> Result<Self, &'static str> {
        let signed_info = child(node, DSIG, "SignedInfo").ok_or("SignedInfo is missing")?;
        let value = child(node, DSIG, "SignatureValue").and_then(base64);
        let canonical = child(signed_info, DSIG, "CanonicalizationMethod")
            .and_then(|method| Canonical::read(method.attribute("Algorithm")?, method))
            .ok_or("the canonicalization is not supported")?;
        let method =
            child(signed_info, DSIG, "SignatureMethod").ok_or("SignatureMethod is missing")?;
        let references =
            signed_info.children().filter(|each| each.has_tag_name((DSIG, "Reference")));
        let references: Vec<_> = references.collect();
        if references.is_empty() || references.len() > MAX_REFERENCES {
            return Err("the signature has no reference, or too many");
        }
        let references = references.into_iter().map(|each| Reference::read(each, ids));
        let (certificates, has_more_certificates) = certificates(node)?;
        Ok(Self {
            node,
            signed_info: canonical.write(signed_info, None, work)?,
            algorithm: method.attribute("Algorithm").and_then(algorithm),
            value: value.ok_or("SignatureValue is missing or no Base64")?,
            references: references.collect::<Result<_, _>>()?,
            certificates,
            has_more_certificates,
        })
    }

    /// Whether the signature value is by the certificate's key.
    pub(super) fn verify(&self, signer: &Certificate) -> SignatureFound {
        let (Some(algorithm), Ok(key)) = (self.algorithm, signer.public_key()) else {
            return SignatureFound::NotSupported;
        };
        // What is digested by a weak hash is not signed, however strong the signature is.
        if self.references.iter().any(|reference| reference.hash.is_none()) {
            return SignatureFound::NotSupported;
        }
        match key.verify_fixed(algorithm, &self.signed_info, &self.value) {
            Ok(()) => SignatureFound::Holds,
            Err(_) => SignatureFound::Broken,
        }
    }

    /// What it covers. One reference that does not hold leaves it covering nothing.
    ///
    /// # Errors
    /// To tell takes too much work.
    pub(super) fn covered(
        &self,
        document: &Document<'_>,
        work: &Work,
    ) -> Result<Covered, &'static str> {
        let nothing = |content, why| Ok(Covered { content, scopes: Vec::new(), why });
        let mut scopes = Vec::new();
        let mut missing = None;
        for reference in &self.references {
            let target = match &reference.target {
                Ok(target) => target,
                Err(why) => {
                    missing = Some(*why);
                    continue;
                }
            };
            let Some(hash) = reference.hash else { continue };
            let without = target.is_enveloped.then_some(self.node);
            let bytes = target.canonical.write(target.node, without, work)?;
            if hash.digest(&bytes).as_bytes() != reference.digest {
                return nothing(ContentFound::Another, None);
            }
            if self.is_own(target.node) {
                continue;
            }
            let is_full = target.node.is_root() || target.node == document.root_element();
            scopes.push(match is_full {
                true => scope("document", true, "the whole document but the signature"),
                false => scope(&path(target.node), false, "one element"),
            });
        }
        if missing.is_some() {
            return nothing(ContentFound::Missing, missing);
        }
        if scopes.is_empty() {
            let why = "the signature covers nothing but what belongs to itself";
            return nothing(ContentFound::Missing, Some(why));
        }
        Ok(Covered { content: ContentFound::Same, scopes, why: None })
    }

    /// Whether an element is one of the signature's own, not of what it is put to.
    fn is_own(&self, target: Node<'_, '_>) -> bool {
        let within = target.ancestors().take_while(|above| *above != self.node);
        let kept = |node: Node<'_, '_>| {
            node.has_tag_name((DSIG, "Object")) || node.tag_name().namespace() != Some(DSIG)
        };
        let is_within = target.ancestors().any(|above| above == self.node);
        let mut path: Vec<_> = within.collect();
        let outermost = path.pop();
        let properties = |node: &Node<'_, '_>| node.has_tag_name((XADES, "QualifyingProperties"));
        is_within
            && (outermost.is_none_or(|outermost| !kept(outermost)) || path.iter().any(properties))
    }

    /// The XAdES properties, as far as they are signed.
    ///
    /// # Errors
    /// They are not where the standard has them.
    pub(super) fn properties(&self, work: &Work) -> Result<Properties, &'static str> {
        let of_kind = |each: &&Reference<'_, '_>| each.kind == Some(SIGNED_PROPERTIES);
        let signed = self.references.iter().filter(of_kind);
        let signed = signed.map(|each| each.target.as_ref().ok().map(|target| target.node));
        Properties::read(self.node, &signed.collect::<Vec<_>>(), work)
    }
}

impl<'a, 'input> Reference<'a, 'input> {
    fn read(node: Node<'a, 'input>, ids: &Ids<'a, 'input>) -> Result<Self, &'static str> {
        let method =
            child(node, DSIG, "DigestMethod").and_then(|method| method.attribute("Algorithm"));
        let digest = child(node, DSIG, "DigestValue").and_then(base64);
        Ok(Self {
            target: Target::read(node, ids),
            kind: node.attribute("Type"),
            hash: hash(method.ok_or("a reference names no hash")?),
            digest: digest.ok_or("a reference has no digest")?,
        })
    }
}

impl<'a, 'input> Target<'a, 'input> {
    /// That of a reference.
    fn read(reference: Node<'a, 'input>, ids: &Ids<'a, 'input>) -> Result<Self, &'static str> {
        let node = match reference.attribute("URI") {
            Some("") => reference.document().root(),
            Some(uri) => {
                let id = uri.strip_prefix('#').ok_or("a reference leads out of the file")?;
                *ids.get(id).ok_or("a reference names no element")?
            }
            None => return Err("a reference names nothing"),
        };
        let canonical = Canonical::default_for_references();
        let mut target = Self { node, is_enveloped: false, canonical };
        let mut all = reference.children().filter(|each| each.has_tag_name((DSIG, "Transforms")));
        if let Some(transforms) = all.next() {
            target.take_transforms(transforms)?;
        }
        if all.next().is_some() {
            return Err("a reference's transforms are not supported");
        }
        // A reference by an empty or bare name leaves comments out before any transform (XMLDSig §4.4.3.3).
        target.canonical = target.canonical.without_comments();
        Ok(target)
    }

    fn take_transforms(&mut self, transforms: Node<'a, 'input>) -> Result<(), &'static str> {
        let elements: Vec<_> = transforms.children().filter(Node::is_element).collect();
        if elements.len() > MAX_TRANSFORMS {
            return Err("a reference has too many transforms");
        }
        let mut is_canonical = false;
        for transform in elements {
            // A canonical form is bytes, which nothing here takes further.
            if is_canonical || !transform.has_tag_name((DSIG, "Transform")) {
                return Err("a reference's transforms are not supported");
            }
            match transform.attribute("Algorithm") {
                // Where the signature is not within what it covers there is nothing to leave out.
                Some(ENVELOPED) => self.is_enveloped = true,
                Some(algorithm) => {
                    let canonical = Canonical::read(algorithm, transform);
                    self.canonical =
                        canonical.ok_or("a reference's transforms are not supported")?;
                    is_canonical = true;
                }
                None => return Err("a transform has no name"),
            }
        }
        Ok(())
    }
}

/// The certificates in `KeyInfo`, of which the signer's must be the first; and whether there are more.
fn certificates(signature: Node<'_, '_>) -> Result<(Vec<Certificate>, bool), &'static str> {
    let Some(key_info) = child(signature, DSIG, "KeyInfo") else {
        return Ok((Vec::new(), false));
    };
    let nodes = key_info.children().filter(|each| each.has_tag_name((DSIG, "X509Data")));
    let nodes = nodes.flat_map(|data| data.children());
    let mut nodes = nodes.filter(|each| each.has_tag_name((DSIG, "X509Certificate")));
    let read = |node| Certificate::from_der(&base64(node)?).ok();
    let certificates: Option<Vec<_>> = nodes.by_ref().take(MAX_CERTIFICATES).map(read).collect();
    let certificates = certificates.ok_or("a certificate in the signature cannot be read")?;
    Ok((certificates, nodes.next().is_some()))
}

/// By its identifier (RFC 9231 §2.3); HMAC and SHA-1 are among what is not supported.
fn algorithm(name: &str) -> Option<SignatureAlgorithm> {
    let more = name.strip_prefix("http://www.w3.org/2001/04/xmldsig-more#");
    let newer = name.strip_prefix("http://www.w3.org/2007/05/xmldsig-more#");
    Some(match (more, newer) {
        (Some("rsa-sha256"), _) => SignatureAlgorithm::Sha256WithRsa,
        (Some("rsa-sha384"), _) => SignatureAlgorithm::Sha384WithRsa,
        (Some("rsa-sha512"), _) => SignatureAlgorithm::Sha512WithRsa,
        (Some("ecdsa-sha256"), _) => SignatureAlgorithm::EcdsaWithSha256,
        (Some("ecdsa-sha384"), _) => SignatureAlgorithm::EcdsaWithSha384,
        (_, Some("sha256-rsa-MGF1")) => SignatureAlgorithm::PssWithSha256,
        (_, Some("sha384-rsa-MGF1")) => SignatureAlgorithm::PssWithSha384,
        (_, Some("sha512-rsa-MGF1")) => SignatureAlgorithm::PssWithSha512,
        _ => return None,
    })
}

/// Where an element stands, such as `/order/item[2]`: counted among those of the same local name, whatever
/// their namespace is, so that one path leads to one element.
fn path(element: Node<'_, '_>) -> String {
    let steps: Vec<_> = element.ancestors().filter(Node::is_element).collect();
    let step = |node: &Node<'_, '_>| {
        let before = std::iter::successors(node.prev_sibling_element(), Node::prev_sibling_element);
        let same = before.filter(|each| each.tag_name().name() == node.tag_name().name()).count();
        format!("/{}[{}]", node.tag_name().name(), same + 1)
    };
    steps.iter().rev().map(step).collect()
}
