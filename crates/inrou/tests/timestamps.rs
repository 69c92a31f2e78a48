//! The sandbox's time-stamps over HTTP, judged by OpenSSL.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::process::{Command, Output};

use inrou::sandbox::Sandbox;
use inrou_api::clock::Clock;
use inrou_pki::tsp::{Rejection, ResponseError, TimeStampToken, read_response};
use inrou_relying::{Settings, TimeStampClient, TimeStampSource};
use jiff::{SignedDuration, Timestamp};
use support::sandbox;

#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_what_is_stamped_before_and_after_the_unit_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("text"), "a text").unwrap();
    fs::write(at("other"), "another text").unwrap();
    let (data, query) = (at("text"), at("query"));
    let made = openssl(&["ts", "-query", "-data", &data, "-sha256", "-cert", "-out", &query]);
    assert!(made.status.success());
    let judge = |reply: &str, data: &str, now: Timestamp| {
        let now = now.as_second().to_string();
        let (reply, anchors, data) = (at(reply), at("anchors.pem"), at(data));
        let judged =
            ["ts", "-verify", "-in", &reply, "-CAfile", &anchors, "-attime", &now, "-data", &data];
        openssl(&judged).status.success()
    };

    let running = sandbox(&folder.path().join("data")).await;
    let first = ask(&running, fs::read(&query).unwrap()).await;
    let then = running.clock.now();
    fs::write(at("first"), &first).unwrap();
    fs::write(at("anchors.pem"), anchors(&running).await).unwrap();
    assert!(judge("first", "text", then));
    assert!(!judge("first", "other", then), "something else was stamped");
    let garbage = read_response(&ask(&running, vec![0x30; 9_000]).await);
    assert_eq!(garbage.unwrap_err(), ResponseError::Rejected(Rejection::BadDataFormat));
    let json = running.anybody("/timestamps").unwrap().post("").json(&()).bytes().await;
    let refused = json.unwrap_err();
    let expected = refused.problem().unwrap().param("expected");
    assert_eq!(expected, Some("application/timestamp-query"), "415: {refused}");
    running.stop().await;

    // Numbers go on, and so does the unit, until it has ended.
    let running = sandbox(&folder.path().join("data")).await;
    let second = ask(&running, fs::read(&query).unwrap()).await;
    assert_eq!(number(&token(&second)), number(&token(&first)) + 1);
    assert!(unit(&second) == unit(&first));
    running.clock.advance_by(SignedDuration::from_hours(24 * 366 * 7)).unwrap();
    let later = ask(&running, fs::read(&query).unwrap()).await;
    assert_eq!(number(&token(&later)), number(&token(&first)) + 2);
    assert!(unit(&later) != unit(&first));
    fs::write(at("later"), &later).unwrap();
    fs::write(at("anchors.pem"), anchors(&running).await).unwrap();
    assert!(judge("later", "text", running.clock.now()));
    assert!(judge("first", "text", then), "its issuer is published still");
    running.stop().await;
}

async fn ask(sandbox: &Sandbox, request: Vec<u8>) -> Vec<u8> {
    let address = format!("{}/timestamps", sandbox.base);
    let client = TimeStampClient::new(address, &Settings::default()).unwrap();
    client.ask(request).await.unwrap()
}

async fn anchors(sandbox: &Sandbox) -> Vec<u8> {
    let client = sandbox.anybody("/timestamps").unwrap();
    client.get("/anchors.pem").bytes().await.unwrap().to_vec()
}

fn token(reply: &[u8]) -> TimeStampToken {
    read_response(reply).unwrap()
}

fn number(token: &TimeStampToken) -> u64 {
    token.info().serial.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The certificate of the unit that stamped.
fn unit(reply: &[u8]) -> Vec<u8> {
    token(reply).message().signer().unwrap().as_der().to_vec()
}

fn openssl(arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).output().unwrap()
}
