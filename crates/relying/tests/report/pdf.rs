//! Reports on PDF files that are signed here, tampered with, and signed by pyHanko; and our files before
//! pyHanko, pdfsig and qpdf.

use std::path::PathBuf;
use std::process::Command;

use inrou_pdf::{NewSignature, Pdf};
use inrou_pki::cms::NewPdfMessage;
use inrou_pki::{KeyAlgorithm, SeededEntropy, Status};
use inrou_relying::Validator;
use inrou_relying::report::{PdfFile, SignatureReport, ValidationReport};
use inrou_relying::testing::{Fault, Holder};
use inrou_rules::{RevocationReason, Use};
use jiff::{SignedDuration, Timestamp};

use super::judges::{python, run};
use super::words;
use super::world::World;

/// A file with one page.
fn base() -> Vec<u8> {
    const OBJECTS: [&str; 4] = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> >>",
        "<< /Length 8 >>\nstream\n0 0 m S \nendstream",
    ];
    let mut out = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (at, object) in OBJECTS.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let section = out.len();
    let id = "<00112233445566778899aabbccddeeff>";
    out.push_str(&format!(
        "xref\n0 5\n{table}trailer\n<< /Size 5 /Root 1 0 R /ID [{id} {id}] >>\nstartxref\n{section}\n%%EOF\n"
    ));
    out.into_bytes()
}

/// A file sealed by a holder, with a time-stamp if it is asked for.
async fn seal(
    world: &World,
    holder: &Holder,
    file: Vec<u8>,
    field: &str,
    stamped: bool,
) -> Vec<u8> {
    let new = NewSignature { field, signing_time: world.now(), room: 16 * 1024 };
    let prepared = Pdf::read(file).unwrap().prepare_signature(&new).unwrap();
    let issuer = &world.authority.issuer(Use::Signature).certificate;
    let message = NewPdfMessage {
        content: prepared.signed_bytes(),
        signer: &holder.certificate,
        chain: std::slice::from_ref(issuer),
    };
    let mut cms = message.sign(&*holder.key).unwrap();
    if stamped {
        let (entropy, validator) = (SeededEntropy::new(3), world.validator());
        cms = validator.add_time_stamp(&cms, &world.stamps, &entropy, world.now()).await.unwrap();
    }
    prepared.finish(&cms).unwrap()
}

async fn report(world: &World, validator: &Validator, file: &[u8]) -> ValidationReport {
    let file = PdfFile { file, status: &[], filename: None, detailed: false };
    validator.report_pdf(&file, world.now()).await
}

async fn judged(world: &World, validator: &Validator, file: &[u8]) -> SignatureReport {
    let mut report = report(world, validator, file).await.validation_conclusion;
    assert_eq!(report.signatures.len(), 1);
    report.signatures.remove(0)
}

#[tokio::test]
async fn a_sealed_file_passes_at_every_level_and_years_later() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let validator = world.validator();
    let bare = seal(&world, &holder, base(), "Seal", false).await;
    let told = judged(&world, &validator, &bare).await;
    assert_eq!(
        (words(&told).as_str(), told.signature_format.as_str()),
        ("TOTAL-PASSED", "PAdES_BASELINE_B")
    );
    assert_eq!(told.claimed_signing_time, Some(world.now()));
    let stamped = seal(&world, &holder, base(), "Seal", true).await;
    let told = judged(&world, &validator, &stamped).await;
    assert_eq!(
        (words(&told).as_str(), told.signature_format.as_str()),
        ("TOTAL-PASSED", "PAdES_BASELINE_T")
    );
    let lasting = validator.raise_pdf_to_lt(stamped.clone(), world.now()).await.unwrap();
    assert!(lasting.starts_with(&stamped));
    let told = judged(&world, &validator, &lasting).await;
    assert_eq!(
        (words(&told).as_str(), told.signature_format.as_str()),
        ("TOTAL-PASSED", "PAdES_BASELINE_LT")
    );
    world.pass(1);
    let at = world.now();
    let reason = RevocationReason::Superseded;
    world.authority.set_status(&holder.certificate, Status::Revoked { at, reason });
    let revoked = "INDETERMINATE REVOKED_NO_POE certificate-revoked";
    assert_eq!(words(&judged(&world, &validator, &bare).await), revoked);
    assert_eq!(words(&judged(&world, &validator, &lasting).await), "TOTAL-PASSED");
    world.authority.set_fault(Some(Fault::Down));
    world.pass(2 * 366 * 24);
    assert_eq!(words(&judged(&world, &world.offline(), &lasting).await), "TOTAL-PASSED");
    let expired = "INDETERMINATE OUT_OF_BOUNDS_NO_POE certificate-expired";
    assert_eq!(words(&judged(&world, &world.offline(), &stamped).await), expired);
}

#[tokio::test]
async fn what_is_wrong_with_a_sealed_file_is_told_apart() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let validator = world.validator();
    let file = seal(&world, &holder, base(), "Seal", false).await;
    let format = "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid";
    let flipped = |text: &[u8], by: &[u8]| {
        let at = file.windows(text.len()).position(|window| window == text).unwrap();
        let mut changed = file.clone();
        changed[at..at + by.len()].copy_from_slice(by);
        changed
    };
    let hash = "TOTAL-FAILED HASH_FAILURE application-content-mismatch";
    let content = flipped(b"0 0 m S", b"9 9 m S");
    assert_eq!(words(&judged(&world, &validator, &content).await), hash);
    let longer = [&file[..], b"what is not signed"].concat();
    assert_eq!(words(&judged(&world, &validator, &longer).await), format);
    assert_eq!(words(&judged(&world, &validator, b"no file").await), format);
    // A further revision with another page content.
    let at = file.windows(9).rposition(|window| window == b"startxref").unwrap();
    let previous: usize =
        String::from_utf8_lossy(&file[at + 10..]).lines().next().unwrap().parse().unwrap();
    let mut shadowed = file.clone();
    let object = shadowed.len();
    shadowed.extend_from_slice(b"4 0 obj\n<< /Length 8 >>\nstream\n9 9 m S \nendstream\nendobj\n");
    let section = shadowed.len();
    let trailer = format!(
        "xref\n4 1\n{object:010} 00000 n \ntrailer\n<< /Size 7 /Root 1 0 R /Prev {previous} >>\nstartxref\n{section}\n%%EOF\n"
    );
    shadowed.extend_from_slice(trailer.as_bytes());
    let told = judged(&world, &validator, &shadowed).await;
    assert_eq!(words(&told), format);
    let why = "object 4 was changed after the file was signed";
    assert!(told.warnings.iter().any(|warning| warning.content == why), "{:?}", told.warnings);
    // A second holder signs on top: both stand.
    let other = world.holder(Use::Signature);
    let twice = seal(&world, &other, file.clone(), "Second", false).await;
    let both = report(&world, &validator, &twice).await.validation_conclusion;
    assert_eq!((both.signatures_count, both.valid_signatures_count), (2, 2));
    let unsigned = report(&world, &validator, &base()).await.validation_conclusion;
    assert_eq!((unsigned.signatures_count, unsigned.valid_signatures_count), (0, 0));
}

/// Validates each signature of a file strictly, at a time, hard about the signer's status where the file has
/// a security store.
const PYHANKO: &str = r"
import datetime, sys
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

path, ca, tsa, at = sys.argv[1:]
reader = PdfFileReader(open(path, 'rb'), strict=True)
at = datetime.datetime.fromisoformat(at.replace('Z', '+00:00'))
common = dict(moment=at, allow_fetching=False)
roots = [load_cert_from_pemder(ca)]
if '/DSS' in reader.root:
    store = DocumentSecurityStore.read_dss(reader)
    signer = store.as_validation_context(dict(trust_roots=roots, revocation_mode='hard-fail', **common))
else:
    signer = ValidationContext(trust_roots=roots, **common)
stamps = ValidationContext(trust_roots=[load_cert_from_pemder(tsa)], **common)
usage = KeyUsageConstraints(key_usage={'non_repudiation', 'digital_signature'})
for signature in reader.embedded_signatures:
    status = validate_pdf_signature(signature, signer, stamps, key_usage_settings=usage)
    print(status.bottom_line, status.coverage.name, status.modification_level.name)
";

/// Signs a file with a key at hand, as PAdES.
const SIGN: &str = r"
import sys
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, fields

path, key, certificate, out = sys.argv[1:]
signer = signers.SimpleSigner.load(key, certificate)
meta = signers.PdfSignatureMetadata(field_name='Theirs', subfilter=fields.SigSeedSubFilter.PADES, md_algorithm='sha256')
writer = IncrementalPdfFileWriter(open(path, 'rb'))
with open(out, 'wb') as file:
    signers.PdfSigner(meta, signer=signer).sign_pdf(writer, output=file)
";

#[tokio::test]
async fn pyhanko_pdfsig_and_qpdf_find_our_files_good() {
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
        let world = World::of(algorithm).await;
        let holder = world.holder(Use::Signature);
        let validator = world.validator();
        let bare = seal(&world, &holder, base(), "Seal", false).await;
        let stamped = seal(&world, &holder, base(), "Seal", true).await;
        let lasting = validator.raise_pdf_to_lt(stamped.clone(), world.now()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, content: &[u8]| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let issuer = &world.authority.issuer(Use::Signature).certificate;
        let ca = put("ca.pem", issuer.to_pem().as_bytes());
        let tsa = put("tsa.pem", world.stamps.issuer.to_pem().as_bytes());
        for (level, file, expected) in [
            ("B", &bare, "True ENTIRE_FILE NONE\n"),
            ("T", &stamped, "True ENTIRE_FILE NONE\n"),
            ("LT", &lasting, "True ENTIRE_REVISION LTA_UPDATES\n"),
        ] {
            let path = put("file.pdf", file);
            let checked = run(Command::new("qpdf").arg("--check").arg(&path));
            let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
            assert!(checked.contains("No syntax or stream encoding errors"), "{checked}");
            let told = run(Command::new("pdfsig").arg("-nocert").arg(&path));
            let told = String::from_utf8_lossy(&told.stdout).into_owned();
            assert!(told.contains("Signature Validation: Signature is Valid."), "{told}");
            assert_eq!(told.contains("- Total document signed"), level != "LT", "{told}");
            let mut pyhanko = Command::new(python());
            let pyhanko = pyhanko.args(["-c", PYHANKO]).args([&path, &ca, &tsa]);
            let told = run(pyhanko.arg(world.now().to_string()));
            assert_eq!(String::from_utf8_lossy(&told.stdout), expected, "{level}");
        }
    }
}

#[tokio::test]
async fn we_find_pyhankos_files_good() {
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
        let folder = tempfile::tempdir().unwrap();
        // pyHanko signs by the machine's clock.
        let machine_time = || {
            let made = std::fs::metadata(folder.path()).unwrap().modified().unwrap();
            Timestamp::try_from(made).unwrap()
        };
        let start = machine_time() - SignedDuration::from_mins(1);
        let world = World::at(algorithm, start).await;
        let holder = world.holder(Use::Signature);
        let put = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let key = inrou_pki::pem::encode("PRIVATE KEY", &holder.key.to_pkcs8());
        let key = put("key.pem", key.as_bytes());
        let certificate = put("signer.pem", holder.certificate.to_pem().as_bytes());
        let ours = seal(&world, &holder, base(), "Seal", false).await;
        for (file, count) in [(base(), 1), (ours, 2)] {
            let (path, out) = (put("file.pdf", &file), folder.path().join("out.pdf"));
            let mut pyhanko = Command::new(python());
            run(pyhanko.args(["-c", SIGN]).args([&path, &key, &certificate, &out]));
            world.clock.advance_to(machine_time() + SignedDuration::from_secs(1));
            let report = report(&world, &world.validator(), &std::fs::read(out).unwrap()).await;
            let report = report.validation_conclusion;
            let said: Vec<_> = report.signatures.iter().map(words).collect();
            let before = match algorithm {
                KeyAlgorithm::Rsa2048 => "TOTAL-PASSED",
                // For such a key pyHanko writes the file's metadata anew, after our signature.
                _ => "TOTAL-FAILED FORMAT_FAILURE application-signature-invalid",
            };
            let expected = [before, "TOTAL-PASSED"];
            assert_eq!(said, expected[2 - count..]);
            let theirs = report.signatures.last().unwrap();
            assert_eq!(theirs.signature_format, "PAdES_BASELINE_B");
        }
    }
}
