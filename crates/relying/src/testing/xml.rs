//! XML signatures as signers make them, and as nobody should: every part is given as text in its canonical form,
//! so that it is digested and signed as it is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_pki::certificate::Certificate;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{KeyAlgorithm, Signer};
use jiff::Timestamp;

/// The namespace of XML signatures, and its declaration.
pub const DS: &str = "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
const XADES: &str = "xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\"";

/// The exclusive canonical form: that of all parts here.
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that leaves out the signature.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// The type of the reference to the signed properties.
pub const PROPERTIES_TYPE: &str = "Type=\"http://uri.etsi.org/01903#SignedProperties\"";

const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A signature over a document `<order xmlns="urn:order">…</order>`, into which it is put at the end.
pub struct XmlDraft<'a> {
    /// The signer's certificate, in the signature.
    pub certificate: &'a Certificate,
    /// The signer's key.
    pub key: &'a dyn Signer,
    /// What stands in the document's root, in canonical form.
    pub content: String,
    /// The `Reference` elements; [`XmlDraft::new`] has one to the whole and one to the properties.
    pub references: String,
    /// The `SignedProperties` element.
    pub properties: String,
    /// Beside the properties, unsigned.
    pub unsigned: String,
    /// The signature's algorithm; by the key if it is not set.
    pub method: Option<String>,
}

impl<'a> XmlDraft<'a> {
    /// A XAdES signature of baseline B over the whole document.
    pub fn new(
        certificate: &'a Certificate,
        key: &'a dyn Signer,
        content: &str,
        at: Timestamp,
    ) -> Self {
        let properties = properties(certificate, at);
        let whole =
            reference("URI=\"\"", &[ENVELOPED, EXCLUSIVE], document(content, "").as_bytes());
        let own = format!("{PROPERTIES_TYPE} URI=\"#properties\"");
        let own = reference(&own, &[EXCLUSIVE], properties.as_bytes());
        Self {
            certificate,
            key,
            content: content.to_owned(),
            references: whole + &own,
            properties,
            unsigned: String::new(),
            method: None,
        }
    }

    /// The `Signature` element.
    pub fn signature(&self) -> String {
        let key = self.key.public_key().algorithm();
        let own = match key {
            KeyAlgorithm::EcP256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            KeyAlgorithm::EcP384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            _ => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        };
        let method = self.method.as_deref().unwrap_or(own);
        let signed = format!(
            "<ds:SignedInfo {DS}><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>{}</ds:SignedInfo>",
            self.references
        );
        let value = self.key.sign(signed.as_bytes()).unwrap();
        let value = match key {
            KeyAlgorithm::EcP256 => fixed(&value, 32),
            KeyAlgorithm::EcP384 => fixed(&value, 48),
            _ => value,
        };
        let unsigned = match self.unsigned.as_str() {
            "" => String::new(),
            unsigned => format!(
                "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{unsigned}\
                 </xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
            ),
        };
        format!(
            "<ds:Signature {DS} Id=\"signature\">{signed}{}<ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo><ds:Object>\
             <xades:QualifyingProperties {XADES} Target=\"#signature\">{}{unsigned}\
             </xades:QualifyingProperties></ds:Object></ds:Signature>",
            signature_value(&value),
            STANDARD.encode(self.certificate.as_der()),
            self.properties,
        )
    }

    /// The document with the signature in it.
    pub fn document(&self) -> String {
        document(&self.content, &self.signature())
    }
}

/// The document.
fn document(content: &str, signature: &str) -> String {
    format!("<order xmlns=\"urn:order\">{content}{signature}</order>")
}

/// `SignatureValue` in the exclusive canonical form: what a time-stamp in that form is over.
pub fn signature_value(value: &[u8]) -> String {
    format!("<ds:SignatureValue {DS}>{}</ds:SignatureValue>", STANDARD.encode(value))
}

/// The signature value of a document, as it is written there.
pub fn value_in(document: &str) -> &str {
    let from = document.find("<ds:SignatureValue").unwrap();
    let to = document.find("</ds:SignatureValue>").unwrap() + "</ds:SignatureValue>".len();
    &document[from..to]
}

/// A `SignatureTimeStamp` with these attributes of its `CanonicalizationMethod`; without any, without it.
pub fn time_stamp(form: Option<&str>, token: &[u8]) -> String {
    let form = form.map(|form| {
        format!("<ds:CanonicalizationMethod Algorithm=\"{form}\"></ds:CanonicalizationMethod>")
    });
    format!(
        "<xades:SignatureTimeStamp>{}<xades:EncapsulatedTimeStamp>{}</xades:EncapsulatedTimeStamp>\
         </xades:SignatureTimeStamp>",
        form.unwrap_or_default(),
        STANDARD.encode(token)
    )
}

/// A `Reference` with these attributes and transforms over these bytes, by SHA-256.
pub fn reference(attributes: &str, transforms: &[&str], over: &[u8]) -> String {
    let digest = HashAlgorithm::Sha256.digest(over);
    reference_by(attributes, transforms, SHA256, digest.as_bytes())
}

/// A `Reference` by another hash.
pub fn reference_by(attributes: &str, transforms: &[&str], hash: &str, digest: &[u8]) -> String {
    let transforms: String = transforms
        .iter()
        .map(|name| format!("<ds:Transform Algorithm=\"{name}\"></ds:Transform>"))
        .collect();
    format!(
        "<ds:Reference {attributes}><ds:Transforms>{transforms}</ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{hash}\"></ds:DigestMethod>\
         <ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
        STANDARD.encode(digest)
    )
}

/// `SignedProperties` that name a certificate and a time.
pub fn properties(certificate: &Certificate, at: Timestamp) -> String {
    let digest = STANDARD.encode(certificate.fingerprint().as_bytes());
    format!(
        "<xades:SignedProperties {XADES} Id=\"properties\"><xades:SignedSignatureProperties>\
         <xades:SigningTime>{at}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>\
         <xades:CertDigest><ds:DigestMethod {DS} Algorithm=\"{SHA256}\"></ds:DigestMethod>\
         <ds:DigestValue {DS}>{digest}</ds:DigestValue></xades:CertDigest></xades:Cert>\
         </xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>"
    )
}

/// A DER `ECDSA-Sig-Value`, whose lengths are of one byte, as `r ‖ s`.
pub fn fixed(der: &[u8], width: usize) -> Vec<u8> {
    let r = usize::from(der[3]);
    let numbers = [&der[4..4 + r], &der[6 + r..]];
    let widen = |number: &[u8]| {
        let digits = number.strip_prefix(&[0]).unwrap_or(number);
        [vec![0; width - digits.len()], digits.to_vec()].concat()
    };
    numbers.map(widen).concat()
}
