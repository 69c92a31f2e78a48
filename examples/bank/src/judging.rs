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
