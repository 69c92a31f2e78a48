//! The properties of a XAdES signature (ETSI EN 319 132-1): when it was signed, by which certificate; and,
//! unsigned, its time-stamps, certificates and statuses.

use inrou_pki::certificate::Certificate;
use inrou_pki::cms::Revocation;
use inrou_pki::digest::HashAlgorithm;
use jiff::Timestamp;
use roxmltree::Node;

use super::c14n::Canonical;
use super::signature::{DSIG, MAX_CERTIFICATES, base64, child, hash};
use crate::report::gather::{Brought, dated};

/// The namespace of XAdES.
pub(super) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";

/// The type of the reference to the signed properties.
const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

/// Most time-stamps, CRLs and OCSP responses of a signature.
const MAX_VALUES: usize = 32;

/// What the properties say; nothing of what is not signed but should be.
#[derive(Default)]
pub(super) struct Properties {
    /// Whether there are signed properties, and they are signed.
    pub(super) is_there: bool,
    pub(super) signing_time: Option<Timestamp>,
    /// Hash of the signer's certificate; without an algorithm that is known, no certificate is it.
    certificate: Option<(Option<HashAlgorithm>, Vec<u8>)>,
    pub(super) brought: Brought,
    /// What the time-stamps must be over: the canonical form of `SignatureValue`.
    pub(super) stamped: Vec<u8>,
}

impl Properties {
    /// Reads those of a signature; `signed`: what it covers, with the references' types.
    pub(super) fn read<'a, 'input>(
        signature: Node<'a, 'input>,
        signed: &[(Option<&str>, Node<'a, 'input>)],
    ) -> Self {
        let mut objects = signature.children().filter(|each| each.has_tag_name((DSIG, "Object")));
        let qualifying = objects.find_map(|object| child(object, XADES, "QualifyingProperties"));
        let Some(qualifying) = qualifying else { return Self::default() };
        let mut properties = Self::default();
        let own = child(qualifying, XADES, "SignedProperties");
        // Properties that the signature does not cover say nothing.
        let own = own.filter(|own| {
            signed.iter().any(|(kind, node)| *kind == Some(SIGNED_PROPERTIES) && node == own)
        });
        if let Some(own) = own {
            properties.is_there = true;
            properties.take_signed(own);
        }
        let unsigned = child(qualifying, XADES, "UnsignedProperties")
            .and_then(|unsigned| child(unsigned, XADES, "UnsignedSignatureProperties"));
        if let Some(unsigned) = unsigned {
            properties.take_unsigned(signature, unsigned);
        }
        properties
    }

    /// Whether they name this certificate, or none.
    pub(super) fn names(&self, certificate: &Certificate) -> bool {
        match &self.certificate {
            None => true,
            Some((None, _)) => false,
            Some((Some(hash), digest)) => {
                hash.digest(certificate.as_der()).as_bytes() == digest.as_slice()
            }
        }
    }

    /// The highest XAdES baseline level whose parts are there.
    pub(super) fn format(&self) -> &'static str {
        let is_baseline = self.signing_time.is_some() && self.certificate.is_some();
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
        let time = child(own, XADES, "SigningTime").and_then(|time| time.text());
        self.signing_time = time.and_then(|time| time.trim().parse().ok());
        let named = child(own, XADES, "SigningCertificateV2")
            .or_else(|| child(own, XADES, "SigningCertificate"));
        let Some(named) = named else { return };
        let first = named.children().find(|each| each.has_tag_name((XADES, "Cert")));
        let digest = first.and_then(|first| child(first, XADES, "CertDigest"));
        let method = digest.and_then(|digest| child(digest, DSIG, "DigestMethod"));
        let method = method.and_then(|method| hash(method.attribute("Algorithm")?));
        let value = digest.and_then(|digest| base64(child(digest, DSIG, "DigestValue")?));
        self.certificate = Some((method, value.unwrap_or_default()));
    }

    fn take_unsigned(&mut self, signature: Node<'_, '_>, unsigned: Node<'_, '_>) {
        let values = |outer: &'static str, inner: &'static str| {
            let outers = unsigned.children().filter(move |each| each.has_tag_name((XADES, outer)));
            let inners = outers.flat_map(|outer| outer.descendants());
            let inners = inners.filter(move |each| each.has_tag_name((XADES, inner)));
            inners.take(MAX_VALUES).filter_map(base64).collect::<Vec<_>>()
        };
        self.brought.time_stamps = values("SignatureTimeStamp", "EncapsulatedTimeStamp");
        let stamp =
            unsigned.children().find(|each| each.has_tag_name((XADES, "SignatureTimeStamp")));
        let method = stamp.and_then(|stamp| child(stamp, DSIG, "CanonicalizationMethod"));
        let canonical = match method {
            Some(method) => {
                Canonical::read(method.attribute("Algorithm").unwrap_or_default(), method)
            }
            None => Some(Canonical::default_for_references()),
        };
        let value = child(signature, DSIG, "SignatureValue");
        if let (Some(canonical), Some(value)) = (canonical, value) {
            self.stamped = canonical.write(value, None);
        }
        let certificates = values("CertificateValues", "EncapsulatedX509Certificate");
        let certificates = certificates.iter().take(MAX_CERTIFICATES);
        self.brought.certificates =
            certificates.filter_map(|der| Certificate::from_der(der).ok()).collect();
        let crls = values("RevocationValues", "EncapsulatedCRLValue");
        let responses = values("RevocationValues", "EncapsulatedOCSPValue");
        let crls = crls.iter().map(|der| Revocation::Crl(der));
        let responses = responses.into_iter().map(|der| Revocation::Ocsp(der.into()));
        self.brought.revocations = crls.chain(responses).filter_map(dated).collect();
    }
}
