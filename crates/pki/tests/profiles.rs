//! The profiles against the bytes read from a genuine test card.

mod common;

use common::{Issuer, resident, test_card_settings, time};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::*;
use der::{Decode, Encode};
use inrou_pki::certificate::Certificate;
use inrou_rules::{Medium, Serial, Use};

/// One extension as the x509-cert crate reads it.
#[derive(Debug, PartialEq)]
struct Found {
    oid: ObjectIdentifier,
    critical: bool,
    value: String,
}

fn extensions(certificate: &Certificate) -> Vec<Found> {
    let parsed = x509_cert::Certificate::from_der(certificate.as_der()).unwrap();
    assert_eq!(
        parsed.to_der().unwrap(),
        certificate.as_der(),
        "written as x509-cert writes it"
    );
    let found = parsed.tbs_certificate().extensions().unwrap().iter();
    found
        .map(|extension| Found {
            oid: extension.extn_id,
            critical: extension.critical,
            value: hex(extension.extn_value.as_bytes()),
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn golden(oid: ObjectIdentifier, critical: bool, value: &str) -> Found {
    Found {
        oid,
        critical,
        value: value.to_owned(),
    }
}

const POLICY_SIGNATURE: &str = "303D303B060B2A83088C9B550805010014302C302A06082B06010505070201161E\
    687474703A2F2F7777772E6A706B692E676F2E6A702F6370732E68746D6C";
const POLICY_USER_AUTHENTICATION: &str = "303D303B060B2A83088C9B55080501001E302C302A06082B060105050\
    70201161E687474703A2F2F7777772E6A706B692E676F2E6A702F6370732E68746D6C";
const ATTRIBUTES: &str = "3081D2A01F060A2A83088C9B5508050501A0110C0FE9BB92E6A190E38080E5B9B9E4B99FA0\
    19060A2A83088C9B5508050504A00B0C09333139383030323137A011060A2A83088C9B5508050503A0030C0131A0460\
    60A2A83088C9B5508050505A0380C36E69DB1E4BAACE983BDE6B885E780ACE5B882E8A6B3E5B883E5AD90E58D97EFBC\
    91EFBC92EFBC8DEFBC97EFBC8DEFBC92EFBC90EFBC92A015060A2A83088C9B5508050502A0070C053030303030A0220\
    60A2A83088C9B5508050506A0140C12303030303030303030303030303030303030";
const ISSUER_ALT_NAME: &str = "3081A3A481A030819D310B3009060355040613024A5031273025060355040A0C1EE58\
    5ACE79A84E5808BE4BABAE8AA8DE8A8BCE382B5E383BCE38393E382B93130302E060355040B0C27E585ACE79A84E580\
    8BE4BABAE8AA8DE8A8BCE382B5E383BCE38393E382B9E7BDB2E5908DE794A831333031060355040B0C2AE59CB0E696B\
    9E585ACE585B1E59BA3E4BD93E68385E5A0B1E382B7E382B9E38386E383A0E6A99FE6A78B";
const CRL_DISTRIBUTION_POINTS: &str = "3081A53081A2A0819FA0819CA48199308196310B300906035504061302\
    4A5031123010060355040A0C094A504B492D5445535431233021060355040B0C1A4A504B4920666F722064696769746\
    16C207369676E61747572653120301E060355040B0C1743524C20446973747269627574696F6E20506F696E74733111\
    300F060355040B0C08546F6B796F2D746F3119301706035504030C104B69796F73652D7368692043524C4450";
const OCSP: &str = "3031302F06082B060105050730018623687474703A2F2F746573742D6F637370617574686E6F726D2E\
    6A706B692E676F2E6A70";

#[test]
fn card_signature_certificate_has_the_observed_extensions_byte_for_byte() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 0x1E_E607);
    let found = extensions(&certificate);
    let expected = [
        golden(ID_CE_KEY_USAGE, true, "030206C0"),
        golden(ID_CE_SUBJECT_ALT_NAME, false, ATTRIBUTES),
        golden(ID_CE_CERTIFICATE_POLICIES, true, POLICY_SIGNATURE),
        golden(ID_CE_ISSUER_ALT_NAME, false, ISSUER_ALT_NAME),
        golden(
            ID_CE_CRL_DISTRIBUTION_POINTS,
            false,
            CRL_DISTRIBUTION_POINTS,
        ),
    ];
    assert_eq!(found[..5], expected);
    assert_key_identifiers(&found[5..], &issuer);
}

#[test]
fn card_user_authentication_certificate_has_the_observed_extensions_byte_for_byte() {
    let issuer = Issuer::new(test_card_settings(), Use::UserAuthentication);
    let certificate = issuer.holder(Medium::Card, 0x22_7B13);
    let found = extensions(&certificate);
    let unit = |text: &str| hex(text.as_bytes());
    // The observed value is that of the other use with its own unit, nine bytes longer.
    let issuer_alt_name = ISSUER_ALT_NAME
        .replace(&unit("署名用"), &unit("利用者証明用"))
        .replace("3130302E060355040B0C27", "31393037060355040B0C30")
        .replacen("3081A3A481A030819D", "3081ACA481A93081A6", 1);
    let points = CRL_DISTRIBUTION_POINTS
        .replace(
            &unit("JPKI for digital signature"),
            &unit("JPKI for user authentication"),
        )
        .replace("31233021060355040B0C1A", "31253023060355040B0C1C")
        .replacen(
            "3081A53081A2A0819FA0819CA48199308196",
            "3081A73081A4A081A1A0819EA4819B308198",
            1,
        );
    let expected = [
        golden(ID_CE_KEY_USAGE, true, "03020780"),
        golden(ID_CE_EXT_KEY_USAGE, false, "300A06082B06010505070302"),
        golden(ID_CE_CERTIFICATE_POLICIES, true, POLICY_USER_AUTHENTICATION),
        golden(ID_CE_ISSUER_ALT_NAME, false, &issuer_alt_name),
        golden(ID_CE_CRL_DISTRIBUTION_POINTS, false, &points),
        golden(ID_PE_AUTHORITY_INFO_ACCESS, false, OCSP),
    ];
    assert_eq!(found[..6], expected);
    assert_key_identifiers(&found[6..], &issuer);
}

fn assert_key_identifiers(found: &[Found], issuer: &Issuer) {
    let identifier = hex(issuer.certificate.subject_key_identifier().unwrap());
    let name = hex(issuer.certificate.subject().as_der());
    let [authority, subject] = found else {
        panic!("two key identifiers end the list")
    };
    assert_eq!(
        (authority.oid, authority.critical),
        (ID_CE_AUTHORITY_KEY_IDENTIFIER, false)
    );
    assert!(
        authority.value.contains(&format!("8014{identifier}A1")),
        "key identifier first"
    );
    assert!(authority.value.contains(&name), "then the issuer");
    assert!(
        authority.value.ends_with("82031EA8A8"),
        "then the serial number"
    );
    assert_eq!(
        (subject.oid, subject.critical),
        (ID_CE_SUBJECT_KEY_IDENTIFIER, false)
    );
    assert!(subject.value.starts_with("0414") && subject.value.len() == 44);
}

#[test]
fn issuer_certificate_has_the_observed_extensions() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let found = extensions(&issuer.certificate);
    let name = hex(issuer.certificate.subject().as_der());
    assert_eq!(found.len(), 5);
    assert_eq!(found[0], golden(ID_CE_KEY_USAGE, true, "03020106"));
    assert_eq!(
        found[1],
        golden(ID_CE_SUBJECT_ALT_NAME, false, ISSUER_ALT_NAME)
    );
    assert_eq!(
        found[2],
        golden(ID_CE_BASIC_CONSTRAINTS, true, "30030101FF")
    );
    assert_eq!(
        (found[3].oid, found[3].critical),
        (ID_CE_CRL_DISTRIBUTION_POINTS, false)
    );
    assert!(found[3].value.ends_with(&name));
    assert_eq!(found[4].oid, ID_CE_SUBJECT_KEY_IDENTIFIER);
    assert_eq!(issuer.certificate.issuer(), issuer.certificate.subject());
}

#[test]
fn subjects_and_sizes_are_the_observed_ones() {
    let settings = test_card_settings();
    let signature_issuer = Issuer::new(settings.clone(), Use::Signature);
    let authentication_issuer = Issuer::new(settings, Use::UserAuthentication);
    let signature = signature_issuer.holder(Medium::Card, 0x1E_E607);
    assert_eq!(
        signature.subject().to_string(),
        "CN=202510161726000013413221003A,L=Kiyose-shi,L=Tokyo-to,C=JP"
    );
    let authentication = authentication_issuer.holder(Medium::Card, 0x22_7B13);
    let subject = authentication.subject().to_string();
    assert!(
        subject.starts_with("CN=") && subject.ends_with("13221003A,C=JP"),
        "{subject}"
    );
    let sizes = [
        &signature,
        &authentication,
        &signature_issuer.certificate,
        &authentication_issuer.certificate,
    ]
    .map(|certificate| certificate.as_der().len());
    assert_eq!(sizes, [1758, 1590, 1318, 1333]);
}

#[test]
fn a_certificate_says_what_went_into_it() {
    for usage in Use::ALL {
        let issuer = Issuer::new(test_card_settings(), usage);
        for medium in [Medium::Card, Medium::Phone] {
            let certificate = issuer.holder(medium, 0x80_0001);
            assert_eq!(certificate.serial(), Some(Serial(0x80_0001)));
            assert_eq!(certificate.serial_bytes(), [0, 0x80, 0, 1]);
            assert_eq!(certificate.not_before(), time("2025-10-27T05:06:07Z"));
            assert_eq!(certificate.not_after(), time("2030-02-17T14:59:59Z"));
            assert_eq!(
                certificate.recognise(&issuer.settings),
                Some((usage, medium))
            );
            assert_eq!(certificate.recognise(&Default::default()), None);
            let attributes = (usage == Use::Signature).then(resident);
            assert_eq!(certificate.attributes(), attributes.as_ref());
            let uri =
                (usage == Use::UserAuthentication).then_some("http://test-ocspauthnorm.jpki.go.jp");
            assert_eq!(certificate.ocsp_uri(), uri);
            assert_eq!(certificate.distribution_points().len(), 1);
            assert!(certificate.unknown_critical_extensions().is_empty());
            let authority = certificate.authority_key_identifier().unwrap();
            assert_eq!(
                authority.key.as_deref(),
                issuer.certificate.subject_key_identifier()
            );
            assert_eq!(
                authority.issuer.as_ref(),
                Some(issuer.certificate.subject())
            );
            assert_eq!(authority.serial.as_deref(), Some(&[0x1E, 0xA8, 0xA8][..]));
            let again = Certificate::from_pem(&certificate.to_pem()).unwrap();
            assert_eq!(again, certificate);
        }
    }
}
