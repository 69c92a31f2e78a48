//! What the console shows to be copied into a site, run as it is shown.

use std::path::Path;

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_journeys::python;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::site::{CALLBACK, Program, issuer};

/// Where it stands that the console shows to users of the crate `openidconnect`.
const RUST: &str = include_str!("rust.rs");

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_the_console_shows_logs_somebody_in_by_openid_client() {
    logs_in(
        Program::start_with("node".as_ref(), &["snippet.mjs", "openid-client"]),
        "openid-client",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_the_console_shows_logs_somebody_in_by_oauth4webapi() {
    logs_in(Program::start_with("node".as_ref(), &["snippet.mjs", "oauth4webapi"]), "oauth4webapi")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_the_console_shows_logs_somebody_in_by_authlib() {
    logs_in(Program::start_with(&python(), &["snippet.py"]), "authlib").await;
}

/// The lines for the crate are those by which each test of that stack logs in.
#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_the_console_shows_for_openidconnect_is_what_its_tests_run() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let key = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let page = registered(&sandbox, &json!([key])).await;
    let id = page.split_once("<dt>client_id</dt><dd><code>").unwrap().1;
    let id = id.split_once('<').unwrap().0;
    let shown = shown(&page, "openidconnect")
        .replace(&format!("\"{}\"", issuer(&sandbox)), "issuer")
        .replace(&format!("\"{id}\""), "client_id")
        .replace(&format!("\"{CALLBACK}\""), "redirect_uri");
    let run = RUST.split_once("// What follows is shown.\n").unwrap().1;
    let run = run.split_once("// That was shown.\n").unwrap().0;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&shown), words(run));
    sandbox.stop().await;
}

/// A persona logs in to a site that stands on what the console shows for that stack.
async fn logs_in(mut program: Program, stack: &str) {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let page = registered(&sandbox, &program.says()["jwks"]).await;
    program.hears(&json!({"snippet": shown(&page, stack)}));
    let url = program.says()["url"].as_str().unwrap().to_owned();
    let hinted = format!("{url}&login_hint=persona%3Asuccess");
    let callback = Browser::default().is_led_back(&hinted).await;
    assert!(callback.starts_with(CALLBACK), "{callback}");
    program.hears(&json!({"callback": callback}));
    let told = program.says();
    assert_eq!(told["id_token"]["iss"], issuer(&sandbox), "{told}");
    sandbox.stop().await;
}

async fn sandbox(folder: &Path) -> Sandbox {
    let options = Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: None,
        residents: Some(vec!["hana".to_owned()]),
    };
    Sandbox::start(options).await.unwrap()
}

/// Registers a site at the console: the page that tells what it takes to use it.
async fn registered(sandbox: &Sandbox, keys: &Value) -> String {
    let metadata = json!({"client_name": "見本銀行", "redirect_uris": [CALLBACK],
        "jwks": {"keys": keys}, "scope": "openid name", "sector": "bank.example"});
    let console = format!("{}/provider/console/metadata", sandbox.base);
    let form = [("metadata", metadata.to_string())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    Browser::default().submits(&console, &form).await
}

/// What the page shows for a stack, as a browser copies it.
fn shown(page: &str, stack: &str) -> String {
    let begin = format!("id=\"stack-{stack}\"><code>");
    let code = page.split_once(&begin).unwrap_or_else(|| panic!("{stack}: {page}")).1;
    let code = code.split_once("</code>").unwrap().0;
    let written = [("&#38;", "&"), ("&amp;", "&"), ("&#60;", "<"), ("&#62;", ">")];
    let code =
        written.into_iter().fold(code.to_owned(), |code, (html, plain)| code.replace(html, plain));
    code.replace("&#39;", "'").replace("&#34;", "\"")
}
