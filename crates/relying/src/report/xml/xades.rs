//! The properties of a XAdES signature (ETSI EN 319 132-1): when it was signed, by which certificate; and,
//! unsigned, its time-stamps, certificates and statuses.

use inrou_pki::certificate::Certificate;
use inrou_pki::cms::Revocation;
use inrou_pki::digest::HashAlgorithm;
use jiff::Timestamp;
use roxmltree::Node;

use super::c14n::Canonical;
use super::limits::Work;
use super::signature::{DSIG, MAX_CERTIFICATES, base64, child, hash, text};
use crate::report::brought::{Brought, BroughtStamp, dated};

/// The namespace of XAdES.
pub(super) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";

/// The type of the reference to the signed properties.
pub(super) const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

/// Most CRLs and OCSP responses of a signature, each, that are read.
const MAX_VALUES: usize = 32;

/// What the properties say; nothing of what is not signed but should be.
#[derive(Default)]
pub(super) struct Properties {
    /// Whether there are signed properties, and they are signed.
    pub(super) is_there: bool,
    pub(super) signing_time: Option<Timestamp>,
    /// Hashes of the signer's certificate, each of which must be its; without an algorithm that is known, no
    /// certificate is it.
    certificate: Vec<(Option<HashAlgorithm>, Vec<u8>)>,
    pub(super) brought: Brought,
}

impl Properties {
    /// Reads those of a signature; `signed`: what it covers as its signed properties, where that can be had.
    ///
    /// # Errors
    /// It covers others than its own as its properties, or it is not told which are its own.
    pub(super) fn read<'a, 'input>(
        signature: Node<'a, 'input>,
        signed: &[Option<Node<'a, 'input>>],
        work: &Work,
    ) -> Result<Self, &'static str> {
        let objects = signature.children().filter(|each| each.has_tag_name((DSIG, "Object")));
        let mut all = objects
            .flat_map(|object| object.children())
            .filter(|each| each.has_tag_name((XADES, "QualifyingProperties")));
        let qualifying = all.next();
        if all.next().is_some() {
            return Err("the signature has two sets of properties");
        }
        let own = qualifying.and_then(|qualifying| child(qualifying, XADES, "SignedProperties"));
        // What stands elsewhere, and is signed as if it were its properties, was moved there.
        let is_own = match signed {
            [] => false,
            [target] if target.is_some() && *target == own => true,
            _ => return Err("the signature covers others than its own properties as such"),
        };
        let Some(qualifying) = qualifying else { return Ok(Self::default()) };
        if !is_about(qualifying, signature) {
            return Err("the properties are about another signature");
        }
        let mut properties = Self::default();
        // Properties that the signature does not cover say nothing.
        if let Some(own) = own.filter(|_| is_own) {
            properties.is_there = true;
            properties.take_signed(own);
        }
        let unsigned = child(qualifying, XADES, "UnsignedProperties")
            .and_then(|unsigned| child(unsigned, XADES, "UnsignedSignatureProperties"));
        if let Some(unsigned) = unsigned {
            properties.take_unsigned(signature, unsigned, work)?;
        }
        Ok(properties)
    }

    /// Whether they name this certificate, or none.
    pub(super) fn names(&self, certificate: &Certificate) -> bool {
        self.certificate.iter().all(|(hash, digest)| {
            let is_it =
                |hash: HashAlgorithm| hash.digest(certificate.as_der()).as_bytes() == digest;
            hash.is_some_and(is_it)
        })
    }

    /// The highest XAdES baseline level whose parts are there.
    pub(super) fn format(&self) -> &'static str {
        let is_baseline = self.signing_time.is_some() && !self.certificate.is_empty();
        let is_stamped = !self.brought.time_stamps.is_empty();
        let has_status = !self.brought.revocations.is_empty();
        match (is_baseline, is_stamped, has_status) {
            (false, ..) => "XML",
            (true, true, true) => "XAdES_BASELINE_LT",
            (true, true, false) => "XAdES_BASELINE_T",
            (true, false, _) => "XAdES_BASELINE_B",
        }
    }

    fn take_signed(&mut self, own: Node<'_, '_>) {
        let Some(own) = child(own, XADES, "SignedSignatureProperties") else { return };
        let time = child(own, XADES, "SigningTime").and_then(text);
        self.signing_time = time.and_then(|time| time.trim().parse().ok());
        let names = ["SigningCertificateV2", "SigningCertificate"];
        let named = own
            .children()
            .filter(|each| names.iter().any(|name| each.has_tag_name((XADES, *name))));
        self.certificate = named.map(first_hash).collect();
    }

    fn take_unsigned(
        &mut self,
        signature: Node<'_, '_>,
        unsigned: Node<'_, '_>,
        work: &Work,
    ) -> Result<(), &'static str> {
        let stamps =
            unsigned.children().filter(|each| each.has_tag_name((XADES, "SignatureTimeStamp")));
        for stamp in stamps {
            let over = stamped_form(stamp);
            let value = child(signature, DSIG, "SignatureValue").ok_or("no SignatureValue")?;
            let over = match over {
                Ok(canonical) => Ok(canonical.write(value, None, work)?.into()),
                Err(why) => Err(why),
            };
            let before = self.brought.time_stamps.len();
            for token in stamp.children().filter(|each| each.has_tag_name((XADES, TOKEN))) {
                // What is no Base64 is told as a token that cannot be read.
                let token = base64(token).unwrap_or_default();
                self.brought.time_stamps.push(BroughtStamp { token, over: over.clone() });
            }
            if self.brought.time_stamps.len() == before {
                let over = Err("a time-stamp of a form that is not supported");
                self.brought.time_stamps.push(BroughtStamp { token: Vec::new(), over });
            }
            if self.brought.is_full() {
                break;
            }
        }
        let mut left_out = Vec::new();
        let mut values = |[outer, inner]: [&'static str; 2], most: usize, more| {
            let outers = unsigned.children().filter(move |each| each.has_tag_name((XADES, outer)));
            let inners = outers.flat_map(|outer| outer.descendants());
            let mut inners = inners.filter(move |each| each.has_tag_name((XADES, inner)));
            let values: Vec<_> = inners.by_ref().take(most).filter_map(base64).collect();
            left_out.extend(inners.next().map(|_| more));
            values
        };
        let certificates = values(
            ["CertificateValues", "EncapsulatedX509Certificate"],
            MAX_CERTIFICATES,
            "the properties have more certificates than are looked at",
        );
        self.brought.certificates =
            certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        let crls = values(
            ["RevocationValues", "EncapsulatedCRLValue"],
            MAX_VALUES,
            "the properties have more CRLs than are looked at",
        );
        let responses = values(
            ["RevocationValues", "EncapsulatedOCSPValue"],
            MAX_VALUES,
            "the properties have more OCSP responses than are looked at",
        );
        self.brought.left_out = left_out;
        let crls = crls.iter().map(|der| Revocation::Crl(der));
        let responses = responses.into_iter().map(|der| Revocation::Ocsp(der.into()));
        self.brought.revocations = crls.chain(responses).filter_map(dated).collect();
        Ok(())
    }
}

/// The element of a time-stamp that holds a token of RFC 3161.
const TOKEN: &str = "EncapsulatedTimeStamp";

/// Whether properties are about this signature: they name it by its identifier.
fn is_about(qualifying: Node<'_, '_>, signature: Node<'_, '_>) -> bool {
    let target = qualifying.attribute("Target").and_then(|target| target.strip_prefix('#'));
    target.is_some() && target == signature.attribute("Id")
}

/// Hash of the first certificate that is named: the signer's.
fn first_hash(named: Node<'_, '_>) -> (Option<HashAlgorithm>, Vec<u8>) {
    let first = named.children().find(|each| each.has_tag_name((XADES, "Cert")));
    let digest = first.and_then(|first| child(first, XADES, "CertDigest"));
    let method = digest.and_then(|digest| child(digest, DSIG, "DigestMethod"));
    let method = method.and_then(|method| hash(method.attribute("Algorithm")?));
    let value = digest.and_then(|digest| base64(child(digest, DSIG, "DigestValue")?));
    (method, value.unwrap_or_default())
}

/// In which form a time-stamp is over the signature value (EN 319 132-1 §5.3).
fn stamped_form(stamp: Node<'_, '_>) -> Result<Canonical, &'static str> {
    let has = |name| stamp.children().any(|each| each.has_tag_name((XADES, name)));
    if has("Include") || has("ReferenceInfo") {
        return Err("what it is over is named in a way that is not supported");
    }
    let mut methods =
        stamp.children().filter(|each| each.has_tag_name((DSIG, "CanonicalizationMethod")));
    let form = match (methods.next(), methods.next()) {
        (None, _) => Some(Canonical::default_for_references()),
        (Some(method), None) => {
            Canonical::read(method.attribute("Algorithm").unwrap_or_default(), method)
        }
        (Some(_), Some(_)) => None,
    };
    form.ok_or("its canonicalization is not supported")
}
