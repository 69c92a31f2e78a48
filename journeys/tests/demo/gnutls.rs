//! GnuTLS's judgement, at the machine's own time.

use std::path::Path;

use crate::output::{HOLDERS, MOMENTS, Verdict, files, line, run};

#[test]
fn gnutls_verifies_every_certificate_and_learns_the_revocation_from_the_crls() {
    let scratch = tempfile::tempdir().unwrap();
    for (holder, ca) in HOLDERS {
        let check = format!("--verify --load-ca-certificate {ca}.pem --infile {holder}.pem");
        line("certtool", &check).accepts("Verified. The certificate is trusted.");
        for moment in MOMENTS {
            let crl = as_pem(&format!("crl-{holder}-{moment}.crl"), scratch.path());
            let verdict = line("certtool", &format!("{check} --load-crl {crl}"));
            if holder.starts_with("phone") && moment == "after" {
                verdict.refuses("The certificate chain is revoked.");
            } else {
                verdict.accepts("Verified. The certificate is trusted.");
            }
        }
    }
    let other = "--verify --load-ca-certificate ca-auth.pem --infile card-sign.pem";
    line("certtool", other).refuses("Not verified. The certificate is NOT trusted.");
}

#[test]
fn gnutls_reads_and_verifies_every_crl() {
    let scratch = tempfile::tempdir().unwrap();
    for crl in files(".crl") {
        let revoked = usize::from(crl.starts_with("crl-phone") && crl.ends_with("after.crl"));
        let read = line("certtool", &format!("--crl-info --inder --infile {crl}"));
        read.accepts(match revoked {
            0 => "No revoked certificates",
            _ => "Revoked certificates (1)",
        });
        let ca = if crl.contains("-sign-") { "ca-sign" } else { "ca-auth" };
        let pem = as_pem(&crl, scratch.path());
        let check = format!("--verify-crl --load-ca-certificate {ca}.pem --infile {pem}");
        line("certtool", &check).accepts("Verified.");
    }
}

#[test]
fn gnutls_verifies_every_ocsp_response() {
    for (holder, ca) in HOLDERS {
        for moment in MOMENTS {
            let verdict = ocsp(&format!("ocsp-{holder}-{moment}.der"), ca);
            verdict.accepts("Verifying OCSP Response: Success.");
            let revoked = holder.starts_with("phone") && moment == "after";
            let status = if revoked { "revoked" } else { "good" };
            verdict.accepts(&format!("Certificate Status: {status}"));
        }
    }
    let other = ocsp("ocsp-card-sign-after.der", "ca-auth");
    assert!(!other.text.contains("Verifying OCSP Response: Success."), "{}", other.text);
}

fn ocsp(response: &str, ca: &str) -> Verdict {
    let check = format!("--load-issuer {ca}.pem --load-trust {ca}.pem --load-response {response}");
    line("ocsptool", &format!("--verify-response {check}"))
}

/// certtool takes CRLs beside certificates in PEM alone.
fn as_pem(crl: &str, scratch: &Path) -> String {
    let pem = scratch.join(crl).with_extension("pem").display().to_string();
    run("openssl", &["crl", "-in", crl, "-out", &pem]).accepts("");
    pem
}
