//! Sites that rely on the provider, by the stacks that their developers use.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod browser;
mod console;
mod personas;
mod quickstart;
mod rust;
mod signing;
mod site;

use std::path::Path;

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_api::client::Client;
use inrou_api::clock::{Clock, SystemClock};
use inrou_journeys::hana::{PHONE_PIN, apply, consents, register, yesterday_at_ten};

use browser::Browser;
use site::{Site, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn use_1_sites_by_openid_client_learn_who_logs_in_and_refresh() {
    learn_who_logs_in(&Stack::OpenidClient, &["digital-auth", "fapi2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_sites_by_oauth4webapi_learn_who_logs_in_and_refresh() {
    learn_who_logs_in(&Stack::Oauth4webapi, &["digital-auth", "fapi2"]).await;
}

/// Authlib proves no keys (RFC 9449), without which a client of FAPI 2.0 gets no token.
#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_site_by_authlib_learns_who_logs_in_and_refreshes() {
    learn_who_logs_in(&Stack::Authlib, &["digital-auth"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_site_by_openidconnect_learns_who_logs_in_and_refreshes() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, phone) = with_hana(folder.path()).await;
    let told = rust::visited(&sandbox, async |url| {
        let mut browser = Browser::default();
        let link = browser.asks(&url).await;
        consents(&phone, &link, PHONE_PIN).await;
        browser.goes_back().await
    })
    .await;
    assert_eq!(told.name().unwrap().get(None).unwrap().as_str(), "水野　花");
    assert_eq!(told.gender().unwrap().as_str(), "female");
    assert!(told.address().unwrap().formatted.is_some());
    sandbox.stop().await;
}

/// Hana logs in by her phone to a site of that stack, by each of these profiles.
async fn learn_who_logs_in(stack: &Stack, profiles: &[&'static str]) {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, phone) = with_hana(folder.path()).await;
    for profile in profiles.iter().copied() {
        let mut site = Site::start(&sandbox, stack, profile).await;
        let mut browser = Browser::default();
        let link = browser.asks(&site.url).await;
        consents(&phone, &link, PHONE_PIN).await;
        let callback = browser.goes_back().await;
        let told = site.comes_back(&callback);
        let userinfo = &told["userinfo"];
        assert_eq!(userinfo["sub"], told["id_token"]["sub"], "{profile}");
        assert_eq!(userinfo["name"], "水野　花");
        assert_eq!(userinfo["gender"], if profile == "fapi2" { "female" } else { "2" });
        assert_eq!(told["id_token"]["medium"], "phone");
        assert_eq!(told["refreshed"], *userinfo, "after a refresh the same is told");
    }
    sandbox.stop().await;
}

/// A sandbox where Hana has her certificates on her phone, and the API of the phones. She applied yesterday;
/// it shows the present, as the sites' clocks do.
async fn with_hana(folder: &Path) -> (Sandbox, Client) {
    let options = Options {
        folder: DataFolder::create(folder).unwrap(),
        port: 0,
        start: Some(yesterday_at_ten(SystemClock::new().now())),
        residents: Some(vec!["hana".to_owned()]),
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let phone = sandbox.anybody("/phone/v1").unwrap();
    apply(&phone).await;
    register(&phone).await;
    sandbox.clock.advance_to(SystemClock::new().now()).unwrap();
    (sandbox, phone)
}
