//! OpenSSL's judgement, at the machine's own time.

use std::fs;

use crate::output::{HOLDERS, MOMENTS, files, folder, line, run};

const REVOKED: &str = "error 23 at 0 depth lookup: certificate revoked";

#[test]
fn openssl_reads_every_certificate_without_complaint() {
    for file in files(".pem") {
        line("openssl", &format!("asn1parse -in {file}")).accepts("OBJECT");
        let read = line("openssl", &format!("x509 -in {file} -noout -text"));
        read.accepts("X509v3 Subject Key Identifier");
        let lower = read.text.to_lowercase();
        assert!(!lower.contains("error") && !lower.contains("<invalid"), "{file}: {}", read.text);
    }
}

#[test]
fn openssl_verifies_every_certificate_and_each_by_its_own_issuer() {
    for ca in ["ca-sign", "ca-auth"] {
        let check = format!("verify -check_ss_sig -purpose any -CAfile {ca}.pem {ca}.pem");
        line("openssl", &check).accepts(": OK");
    }
    for (holder, ca) in HOLDERS {
        let check = |ca| {
            format!("verify -x509_strict -check_ss_sig -purpose any -CAfile {ca}.pem {holder}.pem")
        };
        line("openssl", &check(ca)).accepts(": OK");
        let other = if ca == "ca-sign" { "ca-auth" } else { "ca-sign" };
        line("openssl", &check(other)).refuses("unable to get local issuer certificate");
    }
}

#[test]
fn valid_5_openssl_learns_the_revocation_from_the_crls() {
    for (holder, ca) in HOLDERS {
        for moment in MOMENTS {
            let verdict = line(
                "openssl",
                &format!(
                    "verify -x509_strict -purpose any -crl_check_all -CAfile {ca}.pem \
                     -CRLfile crl-{holder}-{moment}.crl -CRLfile crl-{ca}-{moment}.crl {holder}.pem"
                ),
            );
            let crl = format!("crl -in crl-{holder}-{moment}.crl -CAfile {ca}.pem -noout -text");
            let crl = line("openssl", &crl);
            crl.accepts("verify OK");
            if holder.starts_with("phone") && moment == "after" {
                verdict.refuses(REVOKED);
                crl.accepts("Cessation Of Operation");
            } else {
                verdict.accepts(": OK");
                crl.accepts("No Revoked Certificates.");
            }
        }
    }
    for (ca, moment) in ["ca-sign", "ca-auth"].into_iter().zip(MOMENTS) {
        let crl = format!("crl -in crl-{ca}-{moment}.crl -CAfile {ca}.pem -noout");
        line("openssl", &crl).accepts("verify OK");
    }
}

#[test]
fn a_crl_of_another_partition_does_not_serve() {
    let check = "verify -purpose any -crl_check -CAfile ca-sign.pem \
                 -CRLfile crl-card-sign-before.crl phone-sign.pem";
    line("openssl", check).refuses("different CRL scope");
}

#[test]
fn valid_5_openssl_learns_the_revocation_from_the_ocsp_responses() {
    for (holder, ca) in HOLDERS {
        for moment in MOMENTS {
            let verdict = ocsp(&format!("ocsp-{holder}-{moment}.der"), holder, ca);
            verdict.accepts("Response verify OK");
            // What is stale would be told as "Status times invalid".
            let warnings = verdict.text.replace("WARNING: no nonce in response", "");
            assert!(!warnings.contains("WARNING"), "{}", verdict.text);
            if holder.starts_with("phone") && moment == "after" {
                verdict.accepts(&format!("{holder}.pem: revoked"));
                verdict.accepts("Reason: cessationOfOperation");
            } else {
                verdict.accepts(&format!("{holder}.pem: good"));
            }
        }
    }
}

#[test]
fn an_ocsp_response_about_another_certificate_does_not_serve() {
    ocsp("ocsp-card-sign-after.der", "phone-sign", "ca-sign").refuses("No Status found");
    let other = ocsp("ocsp-card-auth-after.der", "card-sign", "ca-sign");
    other.refuses("Response Verify Failure");
}

fn ocsp(response: &str, holder: &str, ca: &str) -> crate::output::Verdict {
    let check =
        format!("ocsp -respin {response} -issuer {ca}.pem -cert {holder}.pem -CAfile {ca}.pem");
    line("openssl", &check)
}

#[test]
fn use_1_openssl_verifies_the_application_byte_by_byte() {
    let scratch = tempfile::tempdir().unwrap();
    let signer = scratch.path().join("signer.pem");
    let verify = |content: &str| {
        let fixed = "cms -verify -inform DER -in application.p7s -binary -purpose any \
                     -CAfile ca-sign.pem -out /dev/null";
        let mut arguments: Vec<&str> = fixed.split_whitespace().collect();
        arguments.extend(["-content", content, "-signer", signer.to_str().unwrap()]);
        run("openssl", &arguments)
    };
    verify("application.txt").accepts("CMS Verification successful");
    let seen = fs::read_to_string(&signer).unwrap();
    assert_eq!(seen, fs::read_to_string(folder().join("phone-sign.pem")).unwrap());

    let mut text = fs::read(folder().join("application.txt")).unwrap();
    text[0] ^= 1;
    let altered = scratch.path().join("altered.txt");
    fs::write(&altered, text).unwrap();
    verify(altered.to_str().unwrap()).refuses("CMS Verification failure");
}
