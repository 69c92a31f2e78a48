//! XML signatures as attackers leave them: wrapped, moved, pointed elsewhere, stamped over something else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_pki::Status;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::tsp::{TimeStampRequest, read_response};
use inrou_relying::TimeStampSource;
use inrou_relying::report::{SignatureReport, XmlFile};
use inrou_relying::testing::Holder;
use inrou_relying::testing::xml::{
    DS, ENVELOPED, EXCLUSIVE, PROPERTIES_TYPE, XmlDraft, reference, reference_by, time_stamp,
    value_in,
};
use inrou_rules::{RevocationReason, Use};

use super::words;
use super::world::World;

const ITEMS: &str = "<item Id=\"first\">紙</item><item Id=\"second\">墨</item>";
/// The first of them in its canonical form.
const FIRST: &str = "<item xmlns=\"urn:order\" Id=\"first\">紙</item>";

const PASSED: &str = "TOTAL-PASSED";
const FORMAT: &str = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
const HASH: &str = "TOTAL-FAILED HASH_FAILURE application-content-mismatch";
const MISSING: &str = "INDETERMINATE SIGNED_DATA_NOT_FOUND application-content-mismatch";
const WEAK: &str = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE application-signature-invalid";
const NO_SIGNER: &str = "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND application-signature-invalid";
const REVOKED: &str = "INDETERMINATE REVOKED_NO_POE certificate-revoked";

struct Scene {
    world: World,
    holder: Holder,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let holder = world.holder(Use::Signature);
        Self { world, holder }
    }

    fn draft(&self) -> XmlDraft<'_> {
        XmlDraft::new(&self.holder.certificate, &*self.holder.key, ITEMS, self.world.now())
    }

    /// The reference to the properties.
    fn to_properties(&self, draft: &XmlDraft<'_>) -> String {
        let attributes = format!("{PROPERTIES_TYPE} URI=\"#properties\"");
        reference(&attributes, &[EXCLUSIVE], draft.properties.as_bytes())
    }

    /// Signed with these references before that to the properties.
    fn referring(&self, references: &str) -> String {
        let mut draft = self.draft();
        draft.references = references.to_owned() + &self.to_properties(&draft);
        draft.document()
    }

    /// Signed over the first item alone.
    fn over_first(&self) -> String {
        self.referring(&reference("URI=\"#first\"", &[EXCLUSIVE], FIRST.as_bytes()))
    }

    async fn judged(&self, xml: &str) -> SignatureReport {
        let file = XmlFile { xml: xml.as_bytes(), status: &[], filename: None, detailed: false };
        let report = self.world.validator().report_xml(&file, self.world.now()).await;
        let mut report = report.validation_conclusion;
        assert_eq!(report.signatures.len(), 1, "{xml}");
        report.signatures.remove(0)
    }

    /// What it comes to, and which parts it covers.
    async fn told(&self, xml: &str) -> (String, Vec<String>) {
        let report = self.judged(xml).await;
        let scopes = report.signature_scopes.iter();
        (words(&report), scopes.map(|scope| format!("{} {}", scope.scope, scope.name)).collect())
    }

    /// A token over anything.
    async fn token(&self, over: &str) -> Vec<u8> {
        let digest = HashAlgorithm::Sha256.digest(over.as_bytes());
        let request = TimeStampRequest::new(digest, [7; 8]);
        let answer = self.world.stamps.ask(request.to_der()).await.unwrap();
        read_response(&answer).unwrap().as_der().to_vec()
    }
}

/// A part of a document is moved behind another.
fn moved(xml: &str, part: &str, behind: &str) -> String {
    let without = xml.replacen(part, "", 1);
    assert_eq!(without.len() + part.len(), xml.len());
    without.replacen(behind, &format!("{behind}{part}"), 1)
}

#[tokio::test]
async fn a_signature_of_our_own_making_passes_and_covers_what_it_says() {
    let scene = Scene::new().await;
    let report = scene.judged(&scene.draft().document()).await;
    assert_eq!(words(&report), PASSED, "{:?} {:?}", report.errors, report.warnings);
    assert_eq!(report.signature_format, "XAdES_BASELINE_B");
    assert_eq!(report.claimed_signing_time, Some(scene.world.now()));
    let told = scene.told(&scene.draft().document()).await;
    assert_eq!(told, (PASSED.to_owned(), vec!["FULL document".to_owned()]));
    let told = scene.told(&scene.over_first()).await;
    assert_eq!(told, (PASSED.to_owned(), vec!["PARTIAL /order[1]/item[1]".to_owned()]));
}

/// The eight ways of wrapping that are known from SAML, as far as they differ here: the signed element is put
/// somewhere else, and another stands where the reader looks.
#[tokio::test]
async fn wrapping_is_seen_in_what_is_covered() {
    let scene = Scene::new().await;
    let xml = scene.over_first();
    let first = "<item Id=\"first\">紙</item>";
    let evil = "<item Id=\"evil\">金</item>";
    let object = |content: &str| {
        xml.replacen(
            "</ds:Signature>",
            &format!("<ds:Object>{content}</ds:Object></ds:Signature>"),
            1,
        )
    };
    let in_place = |xml: String| xml.replacen(first, evil, 1);
    let aside = xml.replacen(first, &format!("{evil}<aside>{first}</aside>"), 1);
    let around = xml.replacen(first, &format!("<item Id=\"evil\">金{first}</item>"), 1);
    let another =
        xml.replacen(first, &format!("<e:item xmlns:e=\"urn:evil\">金</e:item>{first}"), 1);
    let behind = xml.replacen("</order>", &format!("{evil}</order>"), 1);
    let covers = |path: &str| (PASSED.to_owned(), vec![format!("PARTIAL {path}")]);
    let refused = |words: &str| (words.to_owned(), Vec::new());
    let unsigned = format!(
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{first}\
         </xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>"
    );
    for (what, wrapped, expected) in [
        ("beside another", aside, covers("/order[1]/aside[1]/item[1]")),
        ("within another", around, covers("/order[1]/item[1]/item[1]")),
        ("behind one of another namespace", another, covers("/order[1]/item[2]")),
        ("before another", behind, covers("/order[1]/item[1]")),
        (
            "within the signature",
            in_place(object(&first.replace("<item", "<item xmlns=\"urn:order\""))).replacen(
                "<order",
                "<order x=\"\"",
                1,
            ),
            covers("/order[1]/Signature[1]/Object[2]/item[1]"),
        ),
        (
            "within the signature's properties",
            in_place(xml.replacen("</xades:QualifyingProperties>", &unsigned, 1)),
            refused(MISSING),
        ),
        ("said twice", object(first), refused(FORMAT)),
        (
            "said twice, in another letter",
            xml.replacen("Id=\"second\"", "ID=\"first\"", 1),
            refused(FORMAT),
        ),
        (
            "said twice, by xml:id",
            xml.replacen("Id=\"second\"", "xml:id=\"first\"", 1),
            refused(FORMAT),
        ),
        ("not there", in_place(xml.clone()), refused(MISSING)),
        ("changed", xml.replacen("紙", "金", 1), refused(HASH)),
    ] {
        assert_eq!(scene.told(&wrapped).await, expected, "{what}\n{wrapped}");
    }
    // The whole document, put into another.
    let whole = scene.draft().document();
    let wrapped = format!("<order xmlns=\"urn:order\"><item>金</item>{whole}</order>");
    assert_eq!(scene.told(&wrapped).await, refused(HASH));
    // The signature, moved within what it covers but for itself.
    let signature = &whole[whole.find("<ds:Signature ").unwrap()..whole.len() - "</order>".len()];
    let first_of_all = moved(&whole, signature, "<order xmlns=\"urn:order\">");
    let told = scene.told(&first_of_all).await;
    assert_eq!(told, (PASSED.to_owned(), vec!["FULL document".to_owned()]));
}

#[tokio::test]
async fn properties_are_the_signatures_own_and_signed_as_such() {
    let scene = Scene::new().await;
    let xml = scene.draft().document();
    let from = xml.find("<xades:SignedProperties").unwrap();
    let to = xml.find("</xades:SignedProperties>").unwrap() + "</xades:SignedProperties>".len();
    let own = &xml[from..to];
    let forged = own.replace("Id=\"properties\"", "Id=\"forged\"").replace("2026", "2025");
    let beside = |part: &str| format!("</ds:KeyInfo><ds:Object>{part}</ds:Object>");
    let in_two = |part: &str| {
        let more = beside(&format!(
            "<xades:QualifyingProperties xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\" Target=\"#signature\">{part}</xades:QualifyingProperties>"
        ));
        xml.replacen("</ds:KeyInfo>", &more, 1)
    };
    let replaced = xml.replacen(own, &forged, 1);
    for (what, changed) in [
        (
            "signed ones elsewhere, others in place",
            replaced.replacen("</ds:KeyInfo>", &beside(own), 1),
        ),
        ("signed ones elsewhere, none in place", moved(&xml, own, "</ds:KeyInfo><ds:Object>")),
        ("two sets", in_two(&forged)),
        ("about another signature", xml.replacen("Target=\"#signature\"", "Target=\"#other\"", 1)),
        ("about none", xml.replacen(" Target=\"#signature\"", "", 1)),
    ] {
        assert_eq!(scene.told(&changed).await.0, FORMAT, "{what}\n{changed}");
    }
    // Its type makes a reference one to the properties.
    let untyped = {
        let mut draft = scene.draft();
        draft.references = draft.references.replacen(&format!("{PROPERTIES_TYPE} "), "", 1);
        draft.document()
    };
    let report = scene.judged(&untyped).await;
    assert_eq!((words(&report).as_str(), report.signature_format.as_str()), (PASSED, "XML"));
    assert_eq!(report.claimed_signing_time, None, "what is not signed as properties says nothing");
    let item = format!("{PROPERTIES_TYPE} URI=\"#first\"");
    let item = scene.referring(&reference(&item, &[EXCLUSIVE], FIRST.as_bytes()));
    assert_eq!(scene.told(&item).await.0, FORMAT, "an item as properties");
}

#[tokio::test]
async fn the_certificate_is_the_one_that_the_properties_name() {
    let scene = Scene::new().await;
    let other = scene.world.holder(Use::Signature);
    let other = inrou_relying::testing::xml::properties(&other.certificate, scene.world.now());
    let own = scene.draft().properties;
    let cert = |properties: &str| {
        let from = properties.find("<xades:Cert>").unwrap();
        let to = properties.find("</xades:Cert>").unwrap() + "</xades:Cert>".len();
        properties[from..to].to_owned()
    };
    let (open, close) = ("<xades:SigningCertificateV2>", "</xades:SigningCertificateV2>");
    let named = format!("{open}{}{close}", cert(&own));
    let older =
        |cert: &str| format!("<xades:SigningCertificate>{cert}</xades:SigningCertificate>{named}");
    let with = |by: &str| own.replacen(&named, by, 1);
    let weak = own.replacen("xmlenc#sha256", "xmldsig#sha1", 1);
    for (what, properties, expected) in [
        ("another", other.clone(), NO_SIGNER),
        ("another by the older name", with(&older(&cert(&other))), NO_SIGNER),
        ("the same by the older name", with(&older(&cert(&own))), PASSED),
        ("two", with(&format!("{named}{open}{}{close}", cert(&other))), NO_SIGNER),
        ("none in the list", with(&format!("{open}{close}")), NO_SIGNER),
        ("by a weak hash", weak, NO_SIGNER),
        ("none", with(""), PASSED),
    ] {
        let mut draft = scene.draft();
        draft.properties = properties;
        let whole = draft.references.find("<ds:Reference Type").unwrap();
        draft.references.truncate(whole);
        draft.references += &scene.to_properties(&draft);
        assert_eq!(scene.told(&draft.document()).await.0, expected, "{what}");
    }
}

#[tokio::test]
async fn what_cannot_be_had_is_told_apart_from_what_is_weak_and_what_is_wrong() {
    let scene = Scene::new().await;
    let whole = |transforms: &[&str]| {
        let document = format!("<order xmlns=\"urn:order\">{ITEMS}</order>");
        scene.referring(&reference("URI=\"\"", transforms, document.as_bytes()))
    };
    let by = |hash: &str, length: usize| {
        scene.referring(&reference_by("URI=\"#first\"", &[EXCLUSIVE], hash, &vec![7; length]))
    };
    let method = |name: &str| {
        let mut draft = scene.draft();
        draft.method = Some(name.to_owned());
        draft.document()
    };
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let twice = {
        let one = reference("URI=\"\"", &[ENVELOPED], b"");
        scene.referring(&one.replacen(
            "<ds:DigestMethod",
            "<ds:Transforms></ds:Transforms><ds:DigestMethod",
            1,
        ))
    };
    let info = reference(
        "URI=\"#key\"",
        &[EXCLUSIVE],
        format!("<ds:KeyInfo {DS} Id=\"key\"></ds:KeyInfo>").as_bytes(),
    );
    for (what, xml, expected) in [
        ("the whole", whole(&[ENVELOPED, EXCLUSIVE]), PASSED),
        ("in a form that is not exclusive", whole(&[ENVELOPED]), PASSED),
        ("with itself", whole(&[EXCLUSIVE]), HASH),
        ("its properties alone", scene.referring(""), MISSING),
        ("what drops content", whole(&[ENVELOPED, xpath]), MISSING),
        ("what goes on behind the canonical form", whole(&[EXCLUSIVE, ENVELOPED]), MISSING),
        ("two sets of transforms", twice, MISSING),
        ("an element that is not there", scene.referring(&info), MISSING),
        ("SHA-1", by("http://www.w3.org/2000/09/xmldsig#sha1", 20), WEAK),
        ("MD5", by("http://www.w3.org/2001/04/xmldsig-more#md5", 16), WEAK),
        ("RSA with SHA-1", method("http://www.w3.org/2000/09/xmldsig#rsa-sha1"), WEAK),
        (
            "HMAC by the public key",
            method("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
            WEAK,
        ),
        ("a name of nothing", method("urn:none"), WEAK),
    ] {
        assert_eq!(scene.told(&xml).await.0, expected, "{what}\n{xml}");
    }
}

#[tokio::test]
async fn comments_in_a_value_are_no_part_of_it_and_elements_have_no_place_there() {
    let scene = Scene::new().await;
    let xml = scene.draft().document();
    let into = |tag: &str, part: &str| {
        let at = xml.find(tag).unwrap() + xml[xml.find(tag).unwrap()..].find('>').unwrap() + 5;
        format!("{}{part}{}", &xml[..at], &xml[at..])
    };
    for tag in
        ["<ds:DigestValue", "<ds:SignatureValue", "<ds:X509Certificate>", "<xades:SigningTime>"]
    {
        let report = scene.judged(&into(tag, "<!--AAAA-->")).await;
        assert_eq!(words(&report), PASSED, "{tag}");
        assert_eq!(report.claimed_signing_time, Some(scene.world.now()));
    }
    for tag in ["<ds:DigestValue", "<ds:SignatureValue", "<ds:X509Certificate>"] {
        assert_eq!(scene.told(&into(tag, "<a>AAAA</a>")).await.0, FORMAT, "{tag}");
    }
}

#[tokio::test]
async fn a_time_stamp_is_over_the_form_that_it_names_or_does_not_count() {
    let scene = Scene::new().await;
    let bare = scene.draft();
    let signature = bare.signature();
    let value = value_in(&signature).to_owned();
    // In the inclusive form the document's own namespace stands with it.
    let inclusive =
        value.replacen("<ds:SignatureValue", "<ds:SignatureValue xmlns=\"urn:order\"", 1);
    let put = |unsigned: &str| {
        let unsigned = format!(
            "</xades:SignedProperties><xades:UnsignedProperties><xades:UnsignedSignatureProperties>\
             {unsigned}</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
        );
        let signed = signature.replacen("</xades:SignedProperties>", &unsigned, 1);
        format!("<order xmlns=\"urn:order\">{ITEMS}{signed}</order>")
    };
    let (over_value, over_inclusive, over_nothing) =
        (scene.token(&value).await, scene.token(&inclusive).await, scene.token("").await);
    let form = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let (good, unknown) = (time_stamp(Some(EXCLUSIVE), &over_value), Some("urn:unknown"));
    let method = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>"
    );
    scene.world.pass(1);
    let at = scene.world.now();
    let reason = RevocationReason::CessationOfOperation;
    scene.world.authority.set_status(&scene.holder.certificate, Status::Revoked { at, reason });
    let (no_data, other) = ("INDETERMINATE SIGNED_DATA_NOT_FOUND", "FAILED HASH_FAILURE");
    let unreadable = "FAILED FORMAT_FAILURE";
    for (what, unsigned, expected, told) in [
        ("none", String::new(), REVOKED, vec![]),
        ("in the exclusive form", good.clone(), PASSED, vec!["PASSED"]),
        ("in the inclusive form", time_stamp(Some(form), &over_inclusive), PASSED, vec!["PASSED"]),
        ("without a form", time_stamp(None, &over_inclusive), PASSED, vec!["PASSED"]),
        ("in another form", time_stamp(Some(form), &over_value), REVOKED, vec![other]),
        ("in an unknown form", time_stamp(unknown, &over_value), REVOKED, vec![no_data]),
        (
            "in an unknown form, over nothing",
            time_stamp(unknown, &over_nothing),
            REVOKED,
            vec![no_data],
        ),
        ("over nothing", time_stamp(Some(EXCLUSIVE), &over_nothing), REVOKED, vec![other]),
        ("in two forms", good.replacen(&method, &method.repeat(2), 1), REVOKED, vec![no_data]),
        (
            "over what it names itself",
            good.replacen(
                &method,
                &format!("<xades:Include URI=\"#first\"></xades:Include>{method}"),
                1,
            ),
            REVOKED,
            vec![no_data],
        ),
        ("garbage", time_stamp(Some(EXCLUSIVE), b"\x30\x00"), REVOKED, vec![unreadable]),
        (
            "no Base64",
            good.replacen("<xades:EncapsulatedTimeStamp>", "<xades:EncapsulatedTimeStamp>*", 1),
            REVOKED,
            vec![unreadable],
        ),
        (
            "of another kind",
            good.replace("EncapsulatedTimeStamp", "XMLTimeStamp"),
            REVOKED,
            vec![no_data],
        ),
        (
            "each in its own form",
            time_stamp(unknown, &over_value) + &good,
            PASSED,
            vec![no_data, "PASSED"],
        ),
        (
            "more than are looked at",
            time_stamp(unknown, &over_value).repeat(8) + &good,
            REVOKED,
            vec![no_data; 8],
        ),
    ] {
        let report = scene.judged(&put(&unsigned)).await;
        assert_eq!(words(&report), expected, "{what} {:?}", report.warnings);
        let stamps = report.time_stamps.iter().map(|stamp| {
            let words = [Some(&stamp.indication), stamp.sub_indication.as_ref()];
            words.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
        });
        assert_eq!(stamps.collect::<Vec<_>>(), told, "{what}");
        assert_eq!(report.info.best_signature_time.is_some(), expected == PASSED, "{what}");
    }
}

#[tokio::test]
async fn what_is_more_than_is_read_is_left_out_and_told() {
    let scene = Scene::new().await;
    let der = STANDARD.encode(scene.holder.certificate.as_der());
    let certificate = format!("<ds:X509Certificate>{der}</ds:X509Certificate>");
    let of = |outer: &str, inner: &str, count: usize| {
        let inner = format!("<xades:{inner}>{der}</xades:{inner}>").repeat(count);
        let unsigned = format!(
            "</xades:SignedProperties><xades:UnsignedProperties><xades:UnsignedSignatureProperties>\
             <xades:{outer}>{inner}</xades:{outer}></xades:UnsignedSignatureProperties>\
             </xades:UnsignedProperties>"
        );
        scene.draft().document().replacen("</xades:SignedProperties>", &unsigned, 1)
    };
    let in_key_info = |count: usize| {
        let xml = scene.draft().document();
        let at = xml.find("<ds:X509Certificate>").unwrap();
        format!("{}{}{}", &xml[..at], certificate.repeat(count - 1), &xml[at..])
    };
    let values = |inner: &'static str| move |count| of("RevocationValues", inner, count);
    let cases: [(&dyn Fn(usize) -> String, &str); 4] = [
        (&in_key_info, "the signature has more certificates than are looked at"),
        (
            &|count| of("CertificateValues", "EncapsulatedX509Certificate", count),
            "the properties have more certificates than are looked at",
        ),
        (&values("EncapsulatedCRLValue"), "the properties have more CRLs than are looked at"),
        (
            &values("EncapsulatedOCSPValue"),
            "the properties have more OCSP responses than are looked at",
        ),
    ];
    for (xml, told) in cases {
        for (count, is_told) in [(32, false), (33, true)] {
            let report = scene.judged(&xml(count)).await;
            assert_eq!(words(&report), PASSED, "{told}: {:?}", report.warnings);
            let has_told = report.warnings.iter().any(|warning| warning.content == told);
            assert_eq!(has_told, is_told, "{count}, {told}: {:?}", report.warnings);
        }
    }
}

#[tokio::test]
async fn what_is_made_to_cost_is_refused() {
    let scene = Scene::new().await;
    let xml = scene.draft().document();
    // In the exclusive form each element says anew what its prefix stands for.
    let long = format!("<order xmlns:p=\"urn:{}\"", "p".repeat(200_000));
    let blown = xml.replacen("<order", &long, 1).replacen(ITEMS, &"<p:a/>".repeat(1_000), 1);
    let attributes: String = (0..200).map(|at| format!(" a{at}=\"\"")).collect();
    let namespaces: String = (0..120).map(|at| format!(" xmlns:n{at}=\"u\"")).collect();
    let below = "<a xmlns:n=\"u\"></a>".repeat(10_000);
    let references =
        scene.referring(&reference("URI=\"\"", &[ENVELOPED, EXCLUSIVE], b"").repeat(30));
    let signatures = {
        let signature = scene.draft().signature();
        let numbered = |at: usize| {
            let own = signature.replace("Id=\"signature\"", &format!("Id=\"s{at}\""));
            own.replace("\"properties\"", &format!("\"p{at}\""))
                .replace("#signature", &format!("#s{at}"))
        };
        format!("<order>{}</order>", (0..9).map(numbered).collect::<String>())
    };
    for (what, costly, told) in [
        (
            "a canonical form without an end",
            blown,
            "the canonical forms of what is signed take too much work",
        ),
        (
            "attributes",
            xml.replacen("<order", &format!("<order{attributes}"), 1),
            "an element of the file has too many attributes",
        ),
        (
            "namespaces",
            xml.replacen("<order", &format!("<order{namespaces}"), 1).replacen(ITEMS, &below, 1),
            "the file has too many namespaces",
        ),
        ("references", references, "the signature has no reference, or too many"),
        ("signatures", signatures, "the file has too many signatures"),
        (
            "entities",
            format!("<!DOCTYPE o [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]>{xml}"),
            "the file is not XML, or has a document type",
        ),
    ] {
        let report = scene.judged(&costly).await;
        assert_eq!(words(&report), FORMAT, "{what}");
        assert_eq!(report.warnings[0].content, told, "{what}");
    }
}
