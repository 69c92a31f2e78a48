//! What is raised here before foreign judges: OpenSSL and pyHanko.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use inrou_pki::cms::SignedMessage;
use inrou_pki::{KeyAlgorithm, SeededEntropy};
use inrou_rules::Use;

use super::world::{CONTENT, World};

/// Validates a detached CAdES signature at a time, hard about the signer's status, by what is in it alone.
const PYHANKO: &str = r"
import asyncio, datetime, sys
from asn1crypto import cms
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

message, content, ca, tsa, at = sys.argv[1:]
signed = cms.ContentInfo.load(open(message, 'rb').read())['content']
crls, ocsps = [], []
for choice in signed['crls'] or ():
    if choice.name == 'other':
        ocsps.append(choice.chosen['other_rev_info'])
    else:
        crls.append(choice.chosen)
at = datetime.datetime.fromisoformat(at.replace('Z', '+00:00'))
common = dict(moment=at, allow_fetching=False)
signer = ValidationContext(trust_roots=[load_cert_from_pemder(ca)], ocsps=ocsps, crls=crls, revocation_mode='hard-fail', **common)
stamps = ValidationContext(trust_roots=[load_cert_from_pemder(tsa)], **common)
usage = KeyUsageConstraints(key_usage={'non_repudiation', 'digital_signature'})
status = asyncio.run(async_validate_detached_cms(
    open(content, 'rb').read(), signed, signer_validation_context=signer, ts_validation_context=stamps, key_usage_settings=usage))
print('intact', status.intact, 'valid', status.valid, 'trusted', status.trusted)
stamp = getattr(status, 'timestamp_validity', None)
print('stamp', stamp and (stamp.valid, stamp.trusted, stamp.timestamp.isoformat()))
";

#[tokio::test]
async fn openssl_and_pyhanko_find_raised_signatures_valid() {
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
        let world = World::of(algorithm).await;
        let holder = world.holder(Use::Signature);
        let validator = world.validator();
        let bare = world.sign(&holder, false);
        let entropy = SeededEntropy::new(2);
        let stamped = validator.raise_to_t(&bare, &world.stamps, &entropy, world.now()).await;
        let stamped = stamped.unwrap();
        let raised = validator.raise_to_lt(&stamped, world.now()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let issuer = &world.authority.issuer(Use::Signature).certificate;
        let ca = put("ca.pem", issuer.to_pem().as_bytes());
        let tsa = put("tsa.pem", world.stamps.issuer.to_pem().as_bytes());
        let content = put("content", CONTENT);
        let at = world.now().as_second().to_string();
        for (level, cms) in [("t", &stamped), ("lt", &raised)] {
            let message = put("message.p7m", cms);
            let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"];
            let mut openssl = Command::new("openssl");
            openssl.args(verify).args(["-attime", &at, "-in"]).arg(&message);
            let told = run(openssl.arg("-content").arg(&content).arg("-CAfile").arg(&ca));
            assert_eq!(told.stdout, CONTENT, "{level}");
            let signed = SignedMessage::from_der(cms).unwrap();
            let token = put("token", signed.signature_time_stamps().next().unwrap());
            let data = put("signature", signed.signature());
            let mut openssl = Command::new("openssl");
            openssl.args(["ts", "-verify", "-token_in", "-attime", &at, "-in"]).arg(&token);
            run(openssl.arg("-data").arg(&data).arg("-CAfile").arg(&tsa));
        }
        let message = put("message.p7m", &raised);
        let mut pyhanko = Command::new(python());
        let pyhanko = pyhanko.args(["-c", PYHANKO]).args([&message, &content, &ca, &tsa]);
        let told = run(pyhanko.arg(world.now().to_string()));
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(told.contains("intact True valid True trusted True"), "{told}");
        assert!(told.contains("stamp (True, True, '2026-11-21T01:00:00+00:00')"), "{told}");
    }
}

pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    output
}

/// The interpreter of the virtual environment with the foreign judges.
pub fn python() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    std::env::var_os("INROU_PYTHON").map_or(beside, PathBuf::from)
}
