//! Paths by the NIST Public Key Interoperability Test Suite: what is taken of it, and that nothing invalid
//! passes in all of it. `docs/validation.md` lists the same.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{python, time};
use const_oid::ObjectIdentifier;
use inrou_pki::certificate::Certificate;
use inrou_pki::crl::Crl;
use inrou_pki::path::{PathInputs, TrustAnchors, find_path};
use inrou_pki::profile::PolicyOid;
use inrou_pki::status::{Moment, Status};

const DOCUMENT: &str = include_str!("../../../../docs/validation.md");

/// One line of `cases.txt`.
struct Case {
    section: u8,
    number: u8,
    is_valid: bool,
    certificate: &'static str,
    above: Vec<&'static str>,
    crls: Vec<&'static str>,
    policies: Vec<PolicyOid>,
    explicit_policy: bool,
    inhibit_any_policy: bool,
}

#[test]
fn nothing_invalid_passes_and_what_is_taken_passes_as_documented() {
    let data = Data::find();
    let mut rows = BTreeMap::<u8, (usize, Vec<String>)>::new();
    for case in cases() {
        let held = data.holds(&case);
        let Case { section, number, certificate, .. } = &case;
        assert!(case.is_valid || !held, "4.{section}.{number} passes: {certificate}");
        let (count, refused) = rows.entry(*section).or_default();
        *count += 1;
        let name = format!("4.{section}.{number}");
        if case.is_valid && !held && !refused.contains(&name) {
            refused.push(name);
        }
    }
    let rows = rows.iter().map(|(section, (count, refused))| {
        let refused = if refused.is_empty() { "none".to_owned() } else { refused.join(", ") };
        format!("| 4.{section} | {count} | {refused} |")
    });
    let missing: Vec<_> = rows.filter(|row| !DOCUMENT.contains(row)).collect();
    assert!(missing.is_empty(), "docs/validation.md lacks:\n{}", missing.join("\n"));
}

/// The suite's files, from the Python package that carries them.
struct Data(PathBuf);

impl Data {
    fn find() -> Self {
        let program = "import cryptography_vectors as v; print(v.__path__[0])";
        let output = Command::new(python()).args(["-c", program]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let package = String::from_utf8(output.stdout).unwrap();
        Self(Path::new(package.trim()).join("x509/PKITS_data"))
    }

    fn read(&self, folder: &str, name: &str, ending: &str) -> Vec<u8> {
        std::fs::read(self.0.join(folder).join(format!("{name}.{ending}"))).unwrap()
    }

    fn certificate(&self, name: &str) -> Option<Certificate> {
        Certificate::from_der(&self.read("certs", name, "crt")).ok()
    }

    /// Whether the certificate has a valid path on which each certificate is good.
    fn holds(&self, case: &Case) -> bool {
        let anchor = self.certificate("TrustAnchorRootCertificate").unwrap();
        let anchors = TrustAnchors::new(vec![anchor]).unwrap();
        let at = time("2020-01-01T00:00:00Z");
        let inputs = PathInputs {
            at,
            policies: &case.policies,
            explicit_policy: case.explicit_policy,
            inhibit_any_policy: case.inhibit_any_policy,
        };
        let above: Vec<_> = case.above.iter().filter_map(|name| self.certificate(name)).collect();
        let crls = case.crls.iter().chain(["TrustAnchorRootCRL"].iter());
        let crls = crls.map(|name| Crl::from_der(self.read("crls", name, "crl")));
        let crls: Vec<_> = crls.filter_map(Result::ok).collect();
        let Some(certificate) = self.certificate(case.certificate) else {
            return false;
        };
        find_path(&certificate, &above, &anchors, &inputs).is_ok_and(|path| {
            let status = |position| path.status(position, &crls, Moment::new(at));
            (0..path.certificates().len()).all(|position| status(position) == Ok(Status::Good))
        })
    }
}

fn cases() -> Vec<Case> {
    let lines = include_str!("cases.txt").lines().filter(|line| !line.starts_with('#'));
    let cases: Vec<_> = lines.map(read).collect();
    assert_eq!(cases.len(), 246);
    cases
}

fn read(line: &'static str) -> Case {
    let fields: Vec<_> = line.split(" | ").collect();
    let [number, outcome, certificate, above, crls, settings] = fields.try_into().unwrap();
    let numbers: Vec<u8> = number.split('.').map(|part| part.parse().unwrap()).collect();
    let words = |field: &'static str| field.split(' ').filter(|word| *word != "-").collect();
    let settings: Vec<_> = words(settings);
    let policies = settings.iter().find_map(|each| each.strip_prefix("policies="));
    let policy = |number: &str| {
        let oid = format!("2.16.840.1.101.3.2.1.48.{number}");
        PolicyOid(ObjectIdentifier::new(&oid).unwrap())
    };
    Case {
        section: numbers[1],
        number: numbers[2],
        is_valid: outcome == "valid",
        certificate,
        above: words(above),
        crls: words(crls),
        policies: policies.map(|list| list.split(',').map(policy).collect()).unwrap_or_default(),
        explicit_policy: settings.contains(&"explicit"),
        inhibit_any_policy: settings.contains(&"no-any"),
    }
}
