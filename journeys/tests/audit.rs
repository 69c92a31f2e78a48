//! `inrou audit` on a sandbox, and the proof of an entry as a resident keeps it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_journeys::hana::{apply, register};
use rusqlite::{Connection, params};

const COMMAND: &str = env!("CARGO_BIN_EXE_inrou-for-journeys");

#[tokio::test(flavor = "multi_thread")]
async fn use_7_a_journal_that_is_rewritten_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.checkpoint");
    let (data, kept_at) = (folder.path().join("data"), kept.to_str().unwrap());
    let running = sandbox(&data).await;
    let verified = audit(&data, &["--keep", kept_at]);
    assert!(verified.contains("as the published checkpoint has them"), "{verified}");
    let phone = running.anybody("/phone/v1").unwrap();
    apply(&phone).await;
    register(&phone).await;
    let verified = audit(&data, &["--since", kept_at]);
    assert!(verified.contains("unchanged"), "{verified}");
    running.stop().await;

    // An entry that the operator rewrote, and its hash with it.
    let store = data.join("authority/store.db");
    let rewrite = |by: &str| {
        let connection = Connection::open(&store).unwrap();
        let (sequence, text): (i64, String) = connection
            .query_row("SELECT sequence, entry FROM journal ORDER BY sequence LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        let text = text.replace("\"by\":\"", by);
        let leaf = inrou_tlog::Hash::of_leaf(text.as_bytes()).0;
        let changed = connection.execute(
            "UPDATE journal SET leaf = ?1, entry = ?2 WHERE sequence = ?3",
            params![leaf, text, sequence],
        );
        assert_eq!(changed.unwrap(), 1);
    };
    rewrite(" \"by\":\"");
    let running = sandbox(&data).await;
    let found = audit(&data, &[]);
    assert!(found.contains("log-entry-changed"), "{found}");
    running.stop().await;

    // Who throws the tiles away as well finds that the log signs nothing more.
    fs::remove_dir_all(data.join("authority/log/tile")).unwrap();
    let running = sandbox(&data).await;
    let found = audit(&data, &[]);
    assert!(found.contains("log-broken"), "{found}");
    running.stop().await;

    // And who throws the checkpoint away is found out by whoever kept one.
    fs::remove_dir_all(data.join("authority/log")).unwrap();
    let running = sandbox(&data).await;
    let found = audit(&data, &["--since", kept_at]);
    assert!(found.contains("log-rewritten"), "{found}");
    running.stop().await;
}

fn audit(data: &Path, options: &[&str]) -> String {
    let run = Command::new(COMMAND)
        .args(["--lang", "en", "audit", "verify", "--data"])
        .arg(data)
        .args(options)
        .output()
        .unwrap();
    String::from_utf8([run.stdout, run.stderr].concat()).unwrap()
}

async fn sandbox(folder: &Path) -> Sandbox {
    Sandbox::start(Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: Some("2026-11-21T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    })
    .await
    .unwrap()
}
