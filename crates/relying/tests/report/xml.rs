//! Reports on XML signatures by signxml: good ones, and wrapped, tampered, forged ones.

use std::path::PathBuf;
use std::process::Command;

use inrou_pki::{KeyAlgorithm, Status};
use inrou_relying::report::{SignatureReport, ValidationReport, XmlFile};
use inrou_relying::testing::Holder;
use inrou_rules::Use;
use jiff::{SignedDuration, Timestamp};

use super::judges::{python, run};
use super::words;
use super::world::World;

const XML: &str = "<order xmlns=\"urn:order\"><!-- a remark --><item Id=\"first\" price='1'>紙 &amp; 筆</item>\r\n<item Id=\"second\">墨</item></order>";

/// Signs a file: as XAdES over the whole, or as plain signature over the whole, an element, or enveloping.
const SIGN: &str = r#"
import sys
from lxml import etree
from signxml import XMLSigner, methods, SignatureMethod, CanonicalizationMethod, DigestAlgorithm
from signxml.xades import XAdESSigner, XAdESDataObjectFormat

path, key, certificate, how, algorithm, out = sys.argv[1:]
options = dict(signature_algorithm=SignatureMethod[algorithm], digest_algorithm='sha256')
data = etree.fromstring(open(path, 'rb').read())
key, certificate = open(key, 'rb').read(), open(certificate, 'rb').read()
# In its XAdES signatures signxml digests the properties in the inclusive form, whatever it says.
forms = dict(inclusive=CanonicalizationMethod.CANONICAL_XML_1_0, xades=CanonicalizationMethod.CANONICAL_XML_1_0, newer=CanonicalizationMethod.CANONICAL_XML_1_1)
form = forms.get(how, CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
if how == 'xades':
    signer = XAdESSigner(c14n_algorithm=form, data_object_format=XAdESDataObjectFormat(Description='x', MimeType='text/xml'), **options)
else:
    method = methods.enveloping if how == 'enveloping' else methods.enveloped
    signer = XMLSigner(method=method, c14n_algorithm=form, **options)
uri = dict(reference_uri='first') if how == 'element' else {}
signed = signer.sign(data, key=key, cert=certificate, **uri)
open(out, 'wb').write(etree.tostring(signed, encoding='UTF-8'))
"#;

struct Scene {
    world: World,
    holder: Holder,
    folder: tempfile::TempDir,
    algorithm: &'static str,
}

impl Scene {
    async fn new(algorithm: KeyAlgorithm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // signxml signs by the machine's clock.
        let start = machine_time(&folder) - SignedDuration::from_mins(1);
        let world = World::at(algorithm, start).await;
        let holder = world.holder(Use::Signature);
        let algorithm = match algorithm {
            KeyAlgorithm::Rsa2048 => "RSA_SHA256",
            KeyAlgorithm::EcP256 => "ECDSA_SHA256",
            _ => "ECDSA_SHA384",
        };
        Self { world, holder, folder, algorithm }
    }

    /// A file that signxml signed in one of its ways.
    fn signed(&self, how: &str) -> String {
        let put = |name: &str, content: &[u8]| -> PathBuf {
            let path = self.folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let key = inrou_pki::pem::encode("PRIVATE KEY", &self.holder.key.to_pkcs8());
        let files = [
            put("file.xml", XML.as_bytes()),
            put("key.pem", key.as_bytes()),
            put("signer.pem", self.holder.certificate.to_pem().as_bytes()),
        ];
        let out = self.folder.path().join("out.xml");
        let mut signxml = Command::new(python());
        run(signxml.args(["-c", SIGN]).args(files).args([how, self.algorithm]).arg(&out));
        self.world.clock.advance_to(machine_time(&self.folder) + SignedDuration::from_secs(1));
        std::fs::read_to_string(out).unwrap()
    }

    async fn report(&self, xml: &str) -> ValidationReport {
        let file = XmlFile { xml: xml.as_bytes(), status: &[], filename: None, detailed: false };
        self.world.validator().report_xml(&file, self.world.now()).await
    }

    async fn judged(&self, xml: &str) -> SignatureReport {
        let mut report = self.report(xml).await.validation_conclusion;
        assert_eq!(report.signatures.len(), 1, "{xml}");
        report.signatures.remove(0)
    }
}

fn machine_time(folder: &tempfile::TempDir) -> Timestamp {
    let path = folder.path().join("now");
    std::fs::write(&path, "").unwrap();
    std::fs::metadata(path).unwrap().modified().unwrap().try_into().unwrap()
}

#[tokio::test]
async fn signxmls_signatures_pass_and_say_what_they_cover() {
    for algorithm in KeyAlgorithm::ALL {
        let scene = Scene::new(algorithm).await;
        for (how, format, full, name) in [
            ("xades", "XAdES_BASELINE_B", "FULL", "document"),
            ("whole", "XML", "FULL", "document"),
            ("inclusive", "XML", "FULL", "document"),
            ("newer", "XML", "FULL", "document"),
            ("element", "XML", "PARTIAL", "/order[1]/item[1]"),
            ("enveloping", "XML", "PARTIAL", "/Signature[1]/Object[1]"),
        ] {
            let xml = scene.signed(how);
            let report = scene.judged(&xml).await;
            assert_eq!(words(&report), "TOTAL-PASSED", "{how} {:?}\n{xml}", report.warnings);
            assert_eq!(report.signature_format, format, "{how}");
            assert_eq!(report.claimed_signing_time.is_some(), how == "xades");
            let scopes: Vec<_> = report
                .signature_scopes
                .iter()
                .map(|scope| (scope.scope.as_str(), scope.name.as_str()))
                .collect();
            assert_eq!(scopes, [(full, name)], "{how}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_xml_signature_is_told_apart() {
    let scene = Scene::new(KeyAlgorithm::EcP256).await;
    let xml = scene.signed("xades");
    let hash = "TOTAL-FAILED HASH_FAILURE application-content-mismatch";
    let broken = "TOTAL-FAILED SIG_CRYPTO_FAILURE application-signature-invalid";
    let format = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
    let no_signer = "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND application-signature-invalid";
    let weak = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE application-signature-invalid";
    let replace = |old: &str, new: &str| {
        assert!(xml.contains(old), "{old}");
        xml.replacen(old, new, 1)
    };
    /// The text between two others.
    fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
        let start = text.find(from).unwrap() + from.len();
        &text[start..start + text[start..].find(to).unwrap()]
    }
    let value = between(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let other_value = format!("{}{}", if value.starts_with('A') { "B" } else { "A" }, &value[1..]);
    let certificate = between(&xml, "<ds:X509Certificate>", "</ds:X509Certificate>");
    let time = between(&xml, "<xades:SigningTime>", "</xades:SigningTime>");
    let key_info = between(&xml, "<ds:X509Data>", "</ds:X509Data>");
    let other = scene.world.holder(Use::Signature);
    let other = inrou_pki::pem::encode("CERTIFICATE", other.certificate.as_der());
    let other: String = other.lines().filter(|line| !line.starts_with('-')).collect();
    let canonical = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    for (what, changed, expected) in [
        ("content", replace("墨", "水"), hash),
        ("a comment does not count", replace(" a remark ", " another "), "TOTAL-PASSED"),
        ("signing time", replace(time, "2026-01-01T00:00:00Z"), hash),
        ("signature value", replace(value, &other_value), broken),
        ("another certificate", replace(certificate, &other), no_signer),
        ("no certificate", replace(key_info, ""), no_signer),
        ("a secret's algorithm", replace("#ecdsa-sha256", "#hmac-sha256"), weak),
        ("another canonical form", replace(canonical, "http://example.org/c14n"), format),
        ("a document type", format!("<!DOCTYPE order [<!ENTITY e 'x'>]>{xml}"), format),
        ("two identifiers that are the same", replace("Id=\"second\"", "Id=\"first\""), format),
        ("elements that lie too deep", "<a>".repeat(100_000), format),
        ("the same behind comments", "<a b='/>'><!--</a>-->".repeat(50_000), format),
        ("not XML", xml[..xml.len() - 1].to_owned(), format),
    ] {
        let report = scene.judged(&changed).await;
        assert_eq!(words(&report), expected, "{what}: {:?}", report.warnings);
    }
    let holder = &scene.holder.certificate;
    scene.world.authority.set_status(holder, Status::OnHold { since: scene.world.now() });
    let held = "INDETERMINATE TRY_LATER certificate-on-hold";
    assert_eq!(words(&scene.judged(&xml).await), held);
}

#[tokio::test]
async fn what_is_wrapped_around_a_signed_element_is_not_covered() {
    let scene = Scene::new(KeyAlgorithm::EcP256).await;
    let xml = scene.signed("element");
    // The signed element is put aside, and another stands in its place.
    let start = xml.find("<item Id=\"first\"").unwrap();
    let end = start + xml[start..].find("</item>").unwrap() + "</item>".len();
    let (element, forged) = (&xml[start..end], "<item price=\"1000000\">紙 &amp; 筆</item>");
    let wrapped = format!("{}{forged}{}", &xml[..start], &xml[end..]);
    let wrapped = wrapped.replacen("</order>", &format!("<aside>{element}</aside></order>"), 1);
    let report = scene.judged(&wrapped).await;
    // The signature holds over what it covers, and the report says that this is not what stands first.
    let scopes = &report.signature_scopes;
    assert!(scopes.iter().all(|scope| scope.name == "/order[1]/aside[1]/item[1]"), "{scopes:?}");
    assert!(scopes.iter().all(|scope| scope.scope == "PARTIAL"));
    let twice = xml.replacen("</order>", &format!("<aside>{element}</aside></order>"), 1);
    let format = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
    assert_eq!(words(&scene.judged(&twice).await), format, "one identifier, two elements");
}

#[tokio::test]
async fn references_lead_nowhere_else_and_transforms_compute_nothing() {
    let scene = Scene::new(KeyAlgorithm::EcP256).await;
    let xml = scene.signed("whole");
    let missing = "INDETERMINATE SIGNED_DATA_NOT_FOUND application-content-mismatch";
    let weak = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE application-signature-invalid";
    let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    let (sha256, dsig) =
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#");
    for (old, new, expected) in [
        ("URI=\"\"", "URI=\"http://localhost/secret\"", missing),
        ("URI=\"\"", "URI=\"file:///etc/passwd\"", missing),
        ("URI=\"\"", "URI=\"#xpointer(/)\"", missing),
        ("URI=\"\"", "URI=\"#nothing\"", missing),
        ("URI=\"\"", "", missing),
        (enveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116", missing),
        (enveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116", missing),
        (enveloped, "http://www.w3.org/2000/09/xmldsig#base64", missing),
        (sha256, &format!("{dsig}sha1"), weak),
        (sha256, "http://www.w3.org/2001/04/xmldsig-more#md5", weak),
    ] {
        assert!(xml.contains(old), "{old}\n{xml}");
        let report = scene.judged(&xml.replacen(old, new, 1)).await;
        assert_eq!(words(&report), expected, "{new}");
    }
}
