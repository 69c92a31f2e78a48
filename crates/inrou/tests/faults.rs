//! What the command complains of, by the code that ends its first line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use inrou::sandbox::DataFolder;
use inrou_api::wire::phone::{AllowContactless, PhoneState};
use support::{inrou, inrou_alone, inrou_told, said, sandbox, shown};

/// That a command fails with this code, in a line of what and a line of what to do.
fn fails(output: &Output, code: &str) {
    let said = said(output);
    assert!(!output.status.success(), "{code}");
    // What is logged besides is for whoever operates the service.
    let mut lines = said.lines().filter(|line| !line.contains(" ERROR "));
    assert!(lines.next().unwrap().ends_with(&format!("[{code}]")), "{code}: {said}");
    assert!(lines.next().is_some() && lines.next().is_none(), "{said}");
}

#[test]
fn what_a_start_lacks_is_told_by_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    fails(&inrou(folder.path(), &["up", "--port", &port]), "port-in-use");
    fails(&inrou(folder.path(), &["up", "--at", "noon"]), "moment-not-readable");

    fs::create_dir(at("odd")).unwrap();
    fs::write(at("odd/residents.json"), "[{}]").unwrap();
    fails(&inrou(folder.path().join("odd").as_path(), &["up", "--port", "0"]), "residents-invalid");

    let data = DataFolder::create(&folder.path().join("locked")).unwrap();
    let lock = data.lock().unwrap();
    fails(&inrou(&folder.path().join("locked"), &["up", "--port", "0"]), "data-folder-in-use");
    drop(lock);

    fs::create_dir(at("full")).unwrap();
    fs::write(at("full/letter.txt"), "dear").unwrap();
    fails(&inrou_alone(&["demo", "--out", &at("full")]), "folder-not-empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_cannot_be_served_are_told_by_their_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("none.toml"), "").unwrap();
    fails(&inrou_alone(&["serve", "--config", &at("none.toml")]), "no-role");

    let running = sandbox(folder.path()).await;
    fails(&inrou(folder.path(), &["clock", "noon"]), "time-not-readable");
    running.stop().await;
    let printed = shown(&inrou(folder.path(), &["serve", "--print-config", "--port", "0"]));
    fs::write(at("own.toml"), &printed).unwrap();
    let config = at("own.toml");
    let token_keys = |asked: &[&str]| {
        let (command, more) = asked.split_first().unwrap();
        inrou_alone(&[&["token-keys", command, "--config", &config], more].concat())
    };
    // Before its first start a provider has no keys, and none are made.
    let unmade = at("unmade");
    let begun: toml::Table = toml::from_str(&printed).unwrap();
    let folder_of = begun["provider"]["folder"].as_str().unwrap();
    fs::write(
        at("unmade.toml"),
        printed.replace(&format!("\"{folder_of}\""), &format!("{unmade:?}")),
    )
    .unwrap();
    for command in ["list", "rotate"] {
        let told = inrou_alone(&["token-keys", command, "--config", &at("unmade.toml")]);
        fails(&told, "token-keys-not-made");
    }
    assert!(!Path::new(&unmade).exists());
    let first = shown(&token_keys(&["list"]));
    let (_, first) = first.trim_end().rsplit_once(' ').unwrap();
    fails(&token_keys(&["retire", first]), "token-key-unknown");
    assert!(token_keys(&["rotate"]).status.success());
    let both = shown(&token_keys(&["list"]));
    assert_eq!((both.lines().count(), both.matches(first).count()), (2, 1), "{both}");
    assert!(token_keys(&["retire", first]).status.success());
    assert!(!shown(&token_keys(&["list"])).contains(first));

    fs::write(at("another"), "of another folder").unwrap();
    let by_another = printed.lines().map(|line| match line.starts_with("passphrase = ") {
        true => format!("passphrase = \"{}\"\n", at("another")),
        false => format!("{line}\n"),
    });
    fs::write(at("roles.toml"), by_another.collect::<String>()).unwrap();
    fails(&inrou_alone(&["serve", "--config", &at("roles.toml"), "authority"]), "keys-not-opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_card_and_cannot_be_had_is_told_by_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let running = sandbox(folder.path()).await;
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().to_string();
    let attach = ["card", "attach", "hana", "--address", &free];
    fails(&inrou(folder.path(), &attach), "vpcd-unavailable");
    let read = ["card", "read", "hana", "--certificate", "sign", "--pin-stdin"];
    fails(&inrou_told(folder.path(), &read, ""), "pin-not-given");
    let phone = running.anybody("/phone/v1").unwrap();
    let allow =
        phone.put("/phones/hana-phone/contactless").json(&AllowContactless { allowed: true });
    allow.answer::<PhoneState>().await.unwrap();
    let empty = ["card", "read", "hana-phone", "--phone", "--certificate", "auth"];
    fails(&inrou(folder.path(), &empty), "certificate-absent");
    running.stop().await;
}
