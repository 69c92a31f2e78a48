//! The profiles against the bytes read from a genuine test card.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Issuer, kiyose, resident, sandbox, test_card_settings, time};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::*;
use der::{Decode, Encode};
use inrou_pki::certificate::{Certificate, IssueError, UnsignedCertificate};
use inrou_pki::keys::KeyAlgorithm;
use inrou_pki::profile::{CertificateKind, CommonName, HolderRequest, Place, ProfileError};
use inrou_pki::{AttributesInvalid, IssuerSettings, PersonalAttributes, Signer};
use inrou_rules::{Medium, Serial, Sex, Use};
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

/// One extension as the x509-cert crate reads it.
#[derive(Debug, PartialEq)]
struct Found {
    oid: ObjectIdentifier,
    critical: bool,
    value: String,
}

fn extensions(certificate: &Certificate) -> Vec<Found> {
    let parsed = x509_cert::Certificate::from_der(certificate.as_der()).unwrap();
    assert_eq!(parsed.to_der().unwrap(), certificate.as_der(), "written as x509-cert writes it");
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
    Found { oid, critical, value: value.to_owned() }
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
        golden(ID_CE_CRL_DISTRIBUTION_POINTS, false, CRL_DISTRIBUTION_POINTS),
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
        .replace(&unit("JPKI for digital signature"), &unit("JPKI for user authentication"))
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
    let [authority, subject] = found else { panic!("two key identifiers end the list") };
    assert_eq!((authority.oid, authority.critical), (ID_CE_AUTHORITY_KEY_IDENTIFIER, false));
    assert!(authority.value.contains(&format!("8014{identifier}A1")), "key identifier first");
    assert!(authority.value.contains(&name), "then the issuer");
    assert!(authority.value.ends_with("82031EA8A8"), "then the serial number");
    assert_eq!((subject.oid, subject.critical), (ID_CE_SUBJECT_KEY_IDENTIFIER, false));
    assert!(subject.value.starts_with("0414") && subject.value.len() == 44);
}

#[test]
fn issuer_certificate_has_the_observed_extensions() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let found = extensions(&issuer.certificate);
    let name = hex(issuer.certificate.subject().as_der());
    assert_eq!(found.len(), 5);
    assert_eq!(found[0], golden(ID_CE_KEY_USAGE, true, "03020106"));
    assert_eq!(found[1], golden(ID_CE_SUBJECT_ALT_NAME, false, ISSUER_ALT_NAME));
    assert_eq!(found[2], golden(ID_CE_BASIC_CONSTRAINTS, true, "30030101FF"));
    assert_eq!((found[3].oid, found[3].critical), (ID_CE_CRL_DISTRIBUTION_POINTS, false));
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
    assert!(subject.starts_with("CN=") && subject.ends_with("13221003A,C=JP"), "{subject}");
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
            assert_eq!(certificate.recognise(&issuer.settings), Some((usage, medium)));
            assert_eq!(certificate.recognise(&Default::default()), None);
            let attributes = (usage == Use::Signature).then(resident);
            assert_eq!(certificate.attributes(), attributes.as_ref());
            let uri =
                (usage == Use::UserAuthentication).then_some("http://test-ocspauthnorm.jpki.go.jp");
            assert_eq!(certificate.ocsp_uri(), uri);
            assert_eq!(certificate.distribution_points().len(), 1);
            assert!(certificate.extensions_not_followed().is_empty());
            let authority = certificate.authority_key_identifier().unwrap();
            assert_eq!(authority.key.as_deref(), issuer.certificate.subject_key_identifier());
            assert_eq!(authority.issuer.as_ref(), Some(issuer.certificate.subject()));
            assert_eq!(authority.serial.as_deref(), Some(&[0x1E, 0xA8, 0xA8][..]));
            let again = Certificate::from_pem(&certificate.to_pem()).unwrap();
            assert_eq!(again, certificate);
        }
    }
}

#[test]
fn one_request_gives_one_certificate_and_its_issuer_alone_signs_it() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let certificate = issuer.holder(Medium::Card, 7);
    assert_eq!(certificate, issuer.holder(Medium::Card, 7), "RSA signatures are deterministic");
    let tbs = issuer.unsigned_holder(Medium::Card, 7).as_bytes().to_vec();
    let taken_up = UnsignedCertificate::from_bytes(tbs.clone()).unwrap();
    assert_eq!(taken_up.sign(issuer.key).unwrap(), certificate);
    let other = common::key(KeyAlgorithm::Rsa2048, 1);
    assert_eq!(taken_up.sign(other), Err(IssueError::Signer));
    let ec = common::key(KeyAlgorithm::EcP256, 1);
    assert_eq!(taken_up.sign(ec), Err(IssueError::Signer));
    assert_eq!(taken_up.sign_der(ec), Err(IssueError::Signer));
    assert!(UnsignedCertificate::from_bytes(tbs[1..].to_vec()).is_err());
}

#[test]
fn phone_certificates_differ_by_policy_and_partition() {
    for usage in Use::ALL {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), usage);
        let card = issuer.holder(Medium::Card, 7);
        let phone = issuer.holder(Medium::Phone, 7);
        assert_ne!(card.policies(), phone.policies());
        assert!(phone.policies()[0].to_string().starts_with("2.25.259638066.1."));
        let (card_point, phone_point) =
            (&card.distribution_points()[0], &phone.distribution_points()[0]);
        assert!(!card_point.shares_name(phone_point));
        let use_name = if usage == Use::Signature { "signature" } else { "user-authentication" };
        let key = issuer.key.public_key().identifier().to_string();
        let uri = format!("http://127.0.0.1:8080/crl/{use_name}/{}/phone/13221.crl", &key[..8]);
        assert_eq!(phone_point.uri(), Some(&uri[..]));
        let directory = phone_point.directory().unwrap().to_string();
        assert!(directory.contains("OU=CRL Distribution Points for smartphones"), "{directory}");
        for certificate in [card, phone] {
            assert_eq!(certificate.ocsp_uri(), Some("http://127.0.0.1:8080/ocsp"));
        }
    }
}

#[test]
fn the_default_is_clearly_a_sandbox() {
    let issuer = Issuer::new(IssuerSettings::default(), Use::Signature);
    let name = issuer.certificate.subject().to_string();
    assert!(name.contains("Inrou Sandbox"), "{name}");
    assert!(name.contains("Not a service of the Japanese government"), "{name}");
    let certificate = issuer.holder(Medium::Phone, 7);
    assert_eq!(certificate.ocsp_uri(), None);
    assert_eq!(certificate.distribution_points()[0].uri(), None);
    let text = serde_json::to_string(&issuer.settings).unwrap();
    assert_eq!(serde_json::from_str::<IssuerSettings>(&text).unwrap(), issuer.settings);
}

#[test]
fn an_issuer_lives_ten_years_less_a_day_to_the_end_of_a_day_in_japan() {
    let settings = test_card_settings();
    let kind = CertificateKind::Issuer(Use::Signature);
    let end = |from| settings.profile(kind).lifetime.end(time(from)).to_string();
    // The observed generations.
    assert_eq!(end("2015-10-20T02:40:28Z"), "2025-10-19T14:59:59Z");
    assert_eq!(end("2019-09-14T23:41:56Z"), "2029-09-14T14:59:59Z");
    assert_eq!(end("2023-07-16T00:50:27Z"), "2033-07-15T14:59:59Z");
}

#[test]
fn what_the_profile_does_not_allow_is_refused() {
    let issuer = Issuer::new(test_card_settings(), Use::Signature);
    let other = Issuer::new(test_card_settings(), Use::UserAuthentication);
    let (place, attributes) = (kiyose(), resident());
    let common_name = CommonName::for_signature(time("2025-10-16T17:26:00+09:00"), 134, place.code);
    let good = HolderRequest {
        usage: Use::Signature,
        medium: Medium::Card,
        serial: Serial(7),
        not_before: time("2025-10-27T05:06:07Z"),
        not_after: time("2030-02-17T14:59:59Z"),
        public_key: issuer.holder_key(Medium::Card).public_key(),
        place: &place,
        common_name: &common_name,
        attributes: Some(&attributes),
    };
    let refused = |issuer: &Issuer, request: HolderRequest<'_>| {
        issuer.settings.holder_certificate(&issuer.certificate, &request).err()
    };
    assert_eq!(refused(&issuer, good.clone()), None);
    let request = HolderRequest { attributes: None, ..good.clone() };
    assert_eq!(refused(&issuer, request), Some(ProfileError::Presence));
    let request = HolderRequest { usage: Use::UserAuthentication, ..good.clone() };
    assert_eq!(refused(&other, request), Some(ProfileError::Presence), "no attributes there");
    assert_eq!(refused(&other, good.clone()), Some(ProfileError::Issuer));
    let responder = Issuer {
        certificate: issuer.responder().0,
        ..Issuer::new(test_card_settings(), Use::Signature)
    };
    assert_eq!(refused(&responder, good.clone()), Some(ProfileError::Issuer));
    let curve = common::key(KeyAlgorithm::EcP256, 3).public_key();
    let request = HolderRequest { public_key: curve, ..good.clone() };
    assert_eq!(refused(&issuer, request), Some(ProfileError::KeyAlgorithm));
    for (not_before, not_after) in [
        ("2025-10-27T05:06:07Z", "2025-10-27T05:06:06Z"),
        ("2025-10-27T05:06:07Z", "2030-10-28T15:00:00Z"),
        ("2024-08-27T23:59:59Z", "2025-02-17T14:59:59Z"),
        ("2033-10-27T05:06:07Z", "2034-08-28T14:59:59Z"),
    ] {
        let (not_before, not_after) = (time(not_before), time(not_after));
        let request = HolderRequest { not_before, not_after, ..good.clone() };
        assert_eq!(refused(&issuer, request), Some(ProfileError::Validity), "{not_before}");
    }
    for municipality in ["", &"a".repeat(59)] {
        let place = Place { municipality: municipality.to_owned(), ..place.clone() };
        let request = HolderRequest { place: &place, ..good.clone() };
        assert_eq!(refused(&issuer, request), Some(ProfileError::Name));
    }
    let mut nameless = Issuer::new(test_card_settings(), Use::Signature);
    nameless.settings.signature.card.crl_unit.clear();
    assert_eq!(
        refused(&nameless, good.clone()),
        Some(ProfileError::Name),
        "of the CRL's partition"
    );
    let attributes = PersonalAttributes { name: String::new(), ..attributes.clone() };
    let request = HolderRequest { attributes: Some(&attributes), ..good };
    assert_eq!(refused(&issuer, request), Some(ProfileError::Attributes(AttributesInvalid::Name)));
}

fn any_attributes() -> impl Strategy<Value = PersonalAttributes> {
    let text = |most| proptest::collection::vec((any::<char>(), any::<bool>()), 1..most);
    let birth_date = proptest::option::of((0..=9999i16, 1..=12i8, 1..=28i8));
    (text(40), birth_date, 0..3usize, text(201)).prop_map(|(name, birth_date, sex, address)| {
        let split = |text: &[(char, bool)]| -> (String, String) {
            text.iter().map(|&(letter, mark)| (letter, if mark { '1' } else { '0' })).unzip()
        };
        let (name, name_substitutes) = split(&name);
        let (address, address_substitutes) = split(&address);
        let birth_date = birth_date.map(|(year, month, day)| date(year, month, day));
        PersonalAttributes {
            name,
            name_substitutes,
            birth_date,
            sex: [Sex::Male, Sex::Female, Sex::Unknown][sex],
            address,
            address_substitutes,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_holder_is_written_and_read_back(
        attributes in any_attributes(),
        serial: u64,
        on_phone: bool,
        (from, life) in (1_724_803_200..1_880_000_000i64, 0..150_000_000i64),
        (prefecture, municipality) in ("\\PC{1,30}", "\\PC{1,30}"),
        which in 0..3usize,
    ) {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::ALL[which]), Use::Signature);
        let medium = if on_phone { Medium::Phone } else { Medium::Card };
        let place = Place { code: "13221".parse().unwrap(), prefecture, municipality };
        let common_name = CommonName::for_signature(time("2025-10-16T17:26:00Z"), 1, place.code);
        let request = HolderRequest {
            usage: Use::Signature,
            medium,
            serial: Serial(serial),
            not_before: Timestamp::from_second(from).unwrap(),
            not_after: Timestamp::from_second(from + life).unwrap(),
            public_key: issuer.holder_key(medium).public_key(),
            place: &place,
            common_name: &common_name,
            attributes: Some(&attributes),
        };
        let unsigned = issuer.settings.holder_certificate(&issuer.certificate, &request).unwrap();
        let signed = unsigned.sign(issuer.key).unwrap();
        let read = Certificate::from_der(signed.as_der()).unwrap();
        prop_assert_eq!(read.serial(), Some(request.serial));
        prop_assert_eq!(read.not_before(), request.not_before);
        prop_assert_eq!(read.not_after(), request.not_after);
        prop_assert_eq!(read.attributes(), Some(&attributes));
        prop_assert_eq!(read.public_key(), Ok(request.public_key));
        prop_assert_eq!(read.recognise(&issuer.settings), Some((Use::Signature, medium)));
        prop_assert!(read.verify_signature(issuer.key.public_key()).is_ok());
    }

    #[test]
    fn mutated_certificates_are_read_or_refused(flips in common::flips(), cut in 0..6000usize) {
        let issuer = Issuer::new(sandbox(KeyAlgorithm::EcP256), Use::Signature);
        let certificate = issuer.holder(Medium::Phone, 7);
        let mutated = common::mutate(certificate.as_der(), &flips, cut);
        let verified = Certificate::from_der(&mutated)
            .is_ok_and(|read| read.verify_signature(issuer.key.public_key()).is_ok());
        prop_assert_eq!(verified, mutated == certificate.as_der());
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Certificate::from_der(&bytes).is_err());
    }
}
