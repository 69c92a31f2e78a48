//! S0 1-D: who looks at the server's certificate finds the one that the page tells (USE-6).

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Stdio};

use inrou::sandbox::{DataFolder, Extras, Options, Sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn use_6_a_stranger_is_shown_the_certificate_that_the_page_tells() {
    let (sandbox, _folder) = sandbox(true).await;
    let page = connection(&sandbox).await;
    let shown = openssl(&sandbox);
    for line in ["fingerprint", "subject", "issuer"] {
        let (_, value) = shown.split_once(&format!("{line}=")).unwrap();
        let value = value.lines().next().unwrap().rsplit('=').next().unwrap().trim();
        // Commas inside names are written in as many ways as there are programs.
        let value = value.trim_start_matches('"').split(',').next().unwrap();
        assert!(page.contains(value), "{line} {value}: {page}");
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_6_a_page_that_is_not_encrypted_says_so() {
    let (sandbox, _folder) = sandbox(false).await;
    let page = connection(&sandbox).await;
    assert!(page.contains("inrou up --tls") && !page.contains("SHA-256"), "{page}");
    sandbox.stop().await;
}

async fn sandbox(tls: bool) -> (Sandbox, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: DataFolder::create(folder.path()).unwrap(),
        port: 0,
        start: Some("2026-11-24T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    };
    let extras = Extras { tls, ..Extras::default() };
    (Sandbox::start_with(options, extras).await.unwrap(), folder)
}

async fn connection(sandbox: &Sandbox) -> String {
    let page = sandbox.anybody("").unwrap().get("/connection").bytes().await.unwrap();
    String::from_utf8(page.to_vec()).unwrap()
}

/// What OpenSSL is shown.
fn openssl(sandbox: &Sandbox) -> String {
    let address = sandbox.base.trim_start_matches("https://");
    let shown = Command::new("openssl")
        .args(["s_client", "-connect", address, "-servername", "localhost"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut reads = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-subject", "-issuer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut reads.stdin.take().unwrap(), &shown.stdout).unwrap();
    let read = reads.wait_with_output().unwrap();
    String::from_utf8(read.stdout).unwrap().replace("Fingerprint=", "fingerprint=")
}
