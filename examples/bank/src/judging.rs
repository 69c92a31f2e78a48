//! What a signature came to.

use example_site::{Failed, SignResult};
use inrou_api::wire::Base64;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::Certificate;
use inrou_relying::Validator;
use inrou_relying::jwe::{RecipientKey, decrypt};
use inrou_relying::report::{CmsFile, Given, UsedFor};
use jiff::Timestamp;

use crate::applications::{Application, Look, Signed};
use crate::same::is_same;

/// Opens what the provider answered, and judges the signature over the application as the bank's own matter:
/// the provider's word alone is no evidence years later.
///
/// # Errors
/// [`Failed`]: the answer is not for this bank, or its certificate is not the signature's.
pub async fn judge(
    validator: &Validator,
    application: &Application,
    subject: String,
    result: &SignResult,
    key: RecipientKey,
    now: Timestamp,
) -> Result<Signed, Failed> {
    let open = |jwe: &str| decrypt(jwe, &key).map_err(Failed::of);
    let signature = open(&result.signature_jwe)?.to_vec();
    let der = open(&result.certificate_jwe)?.to_vec();
    let certificate = Certificate::from_der(&der).map_err(Failed::of)?;
    let file = CmsFile {
        message: &signature,
        given: Given::Content(application.document.as_bytes()),
        status: &[],
        filename: None,
        detailed: false,
    };
    let report = validator.report_cms(&file, now).await;
    let found = report.validation_conclusion.signatures.into_iter().next();
    let found = found.ok_or_else(|| Failed::of(NoSignature))?;
    // Name and address are read from the certificate beside: it must be the one that the signature is by.
    let signed_by = found.certificates.iter().find(|used| used.used_for == UsedFor::Signing);
    if signed_by.is_some_and(|used| used.content.0 != der) {
        return Err(Failed::of(OtherCertificate));
    }
    let certified = certificate.attributes();
    Ok(Signed {
        subject,
        indication: found.indication,
        sub_indication: found.sub_indication,
        code: found.code,
        is_name_same: certified.is_some_and(|certified| {
            is_same(&application.name, &certified.name, &certified.name_substitutes)
        }),
        is_address_same: certified.is_some_and(|certified| {
            is_same(&application.address, &certified.address, &certified.address_substitutes)
        }),
        signature: Base64(signature),
        certificate: Base64(der),
    })
}

/// How the certificate of a signature stands now.
pub async fn look(validator: &Validator, signed: &Signed, now: Timestamp) -> Look {
    let code = match Certificate::from_der(&signed.certificate.0) {
        Err(error) => Some(inrou_relying::Invalid::from(error).code()),
        Ok(certificate) => {
            validator.validate(&certificate, now, Purpose::Sign).await.err().map(|why| why.code())
        }
    };
    Look { at: now, code: code.map(|code| code.as_str().to_owned()) }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no signature in the answer")]
struct NoSignature;

#[derive(Debug, thiserror::Error)]
#[error("the certificate in the answer is not the one that the signature is by")]
struct OtherCertificate;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    use inrou_api::clock::{Clock, TestClock};
    use inrou_pki::{KeyAlgorithm, SystemEntropy};
    use inrou_relying::jwe::{Recipient, encrypt};
    use inrou_relying::testing::{Holder, TestAuthority, resident};
    use inrou_rules::{Medium, Use};

    use super::*;

    const DOCUMENT: &str = "口座開設申込書\n";
    const NAME: &str = "印籠　花子";
    const ADDRESS: &str = "東京都清瀬市見本町１";

    fn application() -> Application {
        Application {
            made: Timestamp::UNIX_EPOCH,
            name: NAME.to_owned(),
            address: ADDRESS.to_owned(),
            document: DOCUMENT.to_owned(),
            ordered: None,
            decided: None,
        }
    }

    /// What the provider answers for a signature by one and the certificate of another.
    async fn judged(
        authority: &TestAuthority,
        now: Timestamp,
        (signer, certified): (&Holder, &Holder),
    ) -> Result<Signed, Failed> {
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let public = key.compute_public_key().unwrap();
        let (x, y) = public.as_ref()[1..].split_at(32);
        let bank = Recipient::EcP256 { x: x.to_vec(), y: y.to_vec() };
        let seal = |content: &[u8]| encrypt(content, "", (&bank, None), &SystemEntropy).unwrap();
        let result = SignResult {
            signature_jwe: seal(&signer.sign_content(DOCUMENT.as_bytes(), false, now)),
            certificate_jwe: seal(certified.certificate.as_der()),
        };
        let validator = authority.validator(authority.relying_settings());
        let key = RecipientKey::EcP256(key);
        judge(&validator, &application(), "a".to_owned(), &result, key, now).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn name_and_address_are_those_of_the_certificate_that_the_signature_is_by() {
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
        let issue = |name, address| {
            authority.issue(Use::Signature, Medium::Phone, &resident(name, address))
        };
        let (hanako, other) = (issue(NAME, ADDRESS), issue("別　人", ADDRESS));
        let now = clock.now();
        let signed = judged(&authority, now, (&hanako, &hanako)).await.unwrap();
        assert_eq!(signed.indication, "TOTAL-PASSED");
        assert!(signed.is_name_same && signed.is_address_same);
        let signed = judged(&authority, now, (&other, &other)).await.unwrap();
        assert_eq!(signed.indication, "TOTAL-PASSED");
        assert!(!signed.is_name_same && signed.is_address_same);
        assert!(judged(&authority, now, (&other, &hanako)).await.is_err());
    }
}
