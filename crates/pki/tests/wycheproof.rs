//! Signatures by the Wycheproof vectors, for every algorithm that is verified here: `docs/validation.md`
//! lists the sets.
#![allow(clippy::unwrap_used)]

use inrou_pki::keys::{PublicKey, SignatureAlgorithm, SignatureInvalid};
use wycheproof::{TestResult, ecdsa, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

const DOCUMENT: &str = include_str!("../../../docs/validation.md");

/// One vector: key, message, signature, and what is said of it.
struct Vector {
    spki: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    id: usize,
    result: TestResult,
    flags: String,
}

/// All vectors of a set of that kind.
macro_rules! vectors {
    ($kind:ident, $name:expr) => {
        $kind::TestSet::load($name)
            .unwrap()
            .test_groups
            .into_iter()
            .flat_map(|group| {
                let spki = group.der.to_vec();
                group.tests.into_iter().map(move |test| Vector {
                    spki: spki.clone(),
                    message: test.msg.to_vec(),
                    signature: test.sig.to_vec(),
                    id: test.tc_id,
                    result: test.result,
                    flags: format!("{:?}", test.flags),
                })
            })
            .collect::<Vec<_>>()
    };
}

#[test]
fn ecdsa_with_der_signatures() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256, EcdsaSecp384r1Sha256, EcdsaSecp384r1Sha384};
    let mut missing = Vec::new();
    for (set, algorithm) in [
        (EcdsaSecp256r1Sha256, SignatureAlgorithm::EcdsaWithSha256),
        (EcdsaSecp384r1Sha256, SignatureAlgorithm::EcdsaWithSha256),
        (EcdsaSecp384r1Sha384, SignatureAlgorithm::EcdsaWithSha384),
    ] {
        judge(&format!("{set:?}"), algorithm, &vectors!(ecdsa, set), &mut missing);
    }
    assert!(missing.is_empty(), "docs/validation.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn ecdsa_with_signatures_of_fixed_width() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256P1363, EcdsaSecp384r1Sha384P1363};
    let mut missing = Vec::new();
    for (set, algorithm) in [
        (EcdsaSecp256r1Sha256P1363, SignatureAlgorithm::EcdsaWithSha256),
        (EcdsaSecp384r1Sha384P1363, SignatureAlgorithm::EcdsaWithSha384),
    ] {
        let vectors = vectors!(ecdsa, set);
        judge_by(PublicKey::verify_fixed, &format!("{set:?}"), algorithm, &vectors, &mut missing);
    }
    assert!(missing.is_empty(), "docs/validation.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn rsa_with_pkcs1_padding() {
    use SignatureAlgorithm::{Sha256WithRsa, Sha384WithRsa, Sha512WithRsa};
    use pkcs1::TestName as Set;
    let mut missing = Vec::new();
    for (set, algorithm) in [
        (Set::Rsa2048Sha256, Sha256WithRsa),
        (Set::Rsa2048Sha384, Sha384WithRsa),
        (Set::Rsa2048Sha512, Sha512WithRsa),
        (Set::Rsa3072Sha256, Sha256WithRsa),
        (Set::Rsa3072Sha384, Sha384WithRsa),
        (Set::Rsa3072Sha512, Sha512WithRsa),
        (Set::Rsa4096Sha256, Sha256WithRsa),
        (Set::Rsa4096Sha384, Sha384WithRsa),
        (Set::Rsa4096Sha512, Sha512WithRsa),
    ] {
        judge(&format!("{set:?}"), algorithm, &vectors!(pkcs1, set), &mut missing);
    }
    assert!(missing.is_empty(), "docs/validation.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn rsa_with_pss_padding() {
    use SignatureAlgorithm::{PssWithSha256, PssWithSha384, PssWithSha512};
    use pss::TestName as Set;
    let mut missing = Vec::new();
    for (set, algorithm) in [
        (Set::RsaPss2048Sha256Mgf1SaltLen32, PssWithSha256),
        (Set::RsaPss2048Sha384Mgf1SaltLen48, PssWithSha384),
        (Set::RsaPss3072Sha256Mgf1SaltLen32, PssWithSha256),
        (Set::RsaPss4096Sha256Mgf1SaltLen32, PssWithSha256),
        (Set::RsaPss4096Sha384Mgf1SaltLen48, PssWithSha384),
        (Set::RsaPss4096Sha512Mgf1SaltLen64, PssWithSha512),
    ] {
        judge(&format!("{set:?}"), algorithm, &vectors!(pss, set), &mut missing);
    }
    assert!(missing.is_empty(), "docs/validation.md lacks:\n{}", missing.join("\n"));
}

/// How a key verifies.
type Verify = fn(&PublicKey, SignatureAlgorithm, &[u8], &[u8]) -> Result<(), SignatureInvalid>;

fn judge(set: &str, algorithm: SignatureAlgorithm, vectors: &[Vector], missing: &mut Vec<String>) {
    judge_by(PublicKey::verify, set, algorithm, vectors, missing);
}

/// Every valid one passes, but for keys with a small exponent, which are not taken; every other does not.
/// Those that are called acceptable are refused. Adds the set's row if the document lacks it.
fn judge_by(
    verify: Verify,
    set: &str,
    algorithm: SignatureAlgorithm,
    vectors: &[Vector],
    missing: &mut Vec<String>,
) {
    let mut odd = 0;
    for vector in vectors {
        let key = PublicKey::from_spki(&vector.spki);
        let passes = key
            .is_ok_and(|key| verify(&key, algorithm, &vector.message, &vector.signature).is_ok());
        let Vector { id, result, flags, .. } = vector;
        let is_valid = *result == TestResult::Valid;
        let is_odd = flags.contains("SmallPublicKey") || *result == TestResult::Acceptable;
        assert_eq!(passes, is_valid && !is_odd, "{set} {id} {result:?} {flags}");
        odd += usize::from(is_odd && *result != TestResult::Invalid);
    }
    let row = format!("| {set} | {} | {odd} |", vectors.len());
    missing.extend((!DOCUMENT.contains(&row)).then_some(row));
}
