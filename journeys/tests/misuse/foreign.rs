//! Pages of another origin, in a real browser: one that is another site, and one that is the same site to
//! the browser, since it differs by its port alone, so that `SameSite` does not hold its requests off.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use inrou_journeys::browser::Browser;
use inrou_journeys::hana::PHONE_PIN;
use serde_json::json;

use crate::hana::{clerk, hands_over, logs_in, phone};
use crate::house::House;
use crate::routes;

/// A page with nothing on it, on every host name of a port of its own.
async fn foreign_port() -> u16 {
    let page =
        Router::new().fallback(get(async || Html("<!doctype html><title>elsewhere</title>")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, page).await });
    port
}

/// A browser in which Hana is logged in to the portal, and a clerk signed in at the office.
async fn logged_in(house: &House) -> Browser {
    let browser = Browser::start().await;
    hands_over(&logs_in(house).await, &browser, &house.sandbox.base).await;
    hands_over(&clerk(house).await, &browser, &house.at_host("office.localhost")).await;
    browser
}

async fn trouble(browser: &Browser) -> String {
    let told = "return document.querySelector('.trouble')?.dataset.code ?? document.title";
    let told = browser.client.execute(told, vec![]).await.unwrap();
    told.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_a_foreign_page_ends_in_a_page_that_refuses_it() {
    let house = House::where_hana_has_certificates().await;
    let browser = logged_in(&house).await;
    let port = foreign_port().await;
    for route in routes::all().iter().filter(|route| route.takes_form) {
        let at = format!("{}{}", house.at_host(route.host), route.path);
        for elsewhere in ["evil.localhost", route.host] {
            let elsewhere = format!("http://{elsewhere}:{port}/");
            browser.client.goto(&elsewhere).await.unwrap();
            let send = "
                const form = document.createElement('form');
                form.method = 'post';
                form.action = arguments[0];
                for (const [name, value] of arguments[1]) {
                    const field = document.createElement('input');
                    [field.type, field.name, field.value] = ['hidden', name, value];
                    form.append(field);
                }
                document.body.append(form);
                form.submit();";
            // What would do harm.
            let fields = json!([
                ["procedure", "revoke"],
                ["step", "cancel"],
                ["municipality", "13221"],
                ["old", PHONE_PIN],
                ["new", "1111"],
                ["again", "1111"],
                ["pin", PHONE_PIN],
                ["reason", "x"],
                ["act", "review"],
                ["session", "x"],
                ["key", "0123456789abcdef0123456789abcdef"],
            ]);
            browser.client.execute(send, vec![json!(at), fields]).await.unwrap();
            let mut told = trouble(&browser).await;
            for _ in 0..500 {
                if told == "cross-origin-refused" {
                    break;
                }
                told = trouble(&browser).await;
            }
            assert_eq!(told, "cross-origin-refused", "{at} from {elsewhere}");
        }
    }
    // Nothing was done: Hana and the clerk are logged in, the phone has begun nothing.
    browser.client.goto(&house.portal("/sessions")).await.unwrap();
    assert!(browser.client.source().await.unwrap().contains("/portal/logout"));
    browser.client.goto(&house.at_host("office.localhost")).await.unwrap();
    assert!(browser.client.source().await.unwrap().contains("/sign-out"));
    assert!(!phone(&house).get("/phones/hana-phone").await.body.contains("/procedure\""));
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_foreign_script_sends_or_embeds_does_nothing_and_tells_it_nothing() {
    let house = House::where_hana_has_certificates().await;
    let browser = logged_in(&house).await;
    let port = foreign_port().await;
    for elsewhere in ["evil.localhost", "localhost", "phone.localhost", "office.localhost"] {
        browser.client.goto(&format!("http://{elsewhere}:{port}/")).await.unwrap();
        let send = "
            const [addresses, done] = arguments;
            const tries = addresses.flatMap((address) => [
                ['no-cors', 'POST'], ['cors', 'POST'], ['no-cors', 'GET'], ['cors', 'GET'],
            ].map(async ([mode, method]) => {
                try {
                    const body = method === 'POST' ? new URLSearchParams({ procedure: 'revoke' }) : undefined;
                    const answer = await fetch(address, { mode, method, body, credentials: 'include' });
                    return `${method} ${address}: ${answer.type} ${await answer.text()}`;
                } catch { return ''; }
            }));
            Promise.all(tries).then((told) => done(told.filter((words) => words !== '')));";
        let every = routes::all();
        let pages =
            every.iter().map(|route| format!("{}{}", house.at_host(route.host), route.path));
        let apis =
            ["/phone/v1/phones/hana-phone/steps", "/portal/v1/logins", "/authority/v1/enrolments"];
        let apis = apis.map(|path| format!("{}{path}", house.sandbox.base));
        let addresses: Vec<String> = pages.chain(apis).collect();
        let told = browser.client.execute_async(send, vec![json!(addresses)]).await.unwrap();
        assert_eq!(told, json!([]), "{elsewhere} is told nothing");
    }
    browser.client.goto(&house.portal("/sessions")).await.unwrap();
    assert!(browser.client.source().await.unwrap().contains("/portal/logout"));
    assert!(!phone(&house).get("/phones/hana-phone").await.body.contains("/procedure\""));
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_shows_in_another_ones_frame() {
    let house = House::where_hana_has_certificates().await;
    let browser = logged_in(&house).await;
    let port = foreign_port().await;
    let framed = [
        house.phone("hana-phone", ""),
        house.portal("/notices"),
        format!("{}/", house.at_host("office.localhost")),
        format!("{}/", house.sandbox.base),
    ];
    for elsewhere in ["evil.localhost", "localhost", "phone.localhost", "office.localhost"] {
        for address in &framed {
            browser.client.goto(&format!("http://{elsewhere}:{port}/")).await.unwrap();
            let embed = "
                const [address, done] = arguments;
                const frame = document.createElement('iframe');
                frame.addEventListener('load', () => done(true));
                frame.src = address;
                document.body.append(frame);";
            browser.client.execute_async(embed, vec![json!(address)]).await.unwrap();
            browser.client.clone().enter_frame(0).await.unwrap();
            let shown = "return [location.protocol, document.querySelector('main') === null]";
            let shown = browser.client.execute(shown, vec![]).await.unwrap();
            assert_eq!(shown, json!(["chrome-error:", true]), "{address} in {elsewhere}");
        }
    }
    browser.close().await.unwrap();
    house.ends().await;
}
