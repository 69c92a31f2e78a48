//! The console, as a browser without scripts sees it (REG-4).

use axum::http::StatusCode;

use crate::house::House;
use crate::site::{CALLBACK, Form, Site};

fn filled_in(site: &Site) -> Form {
    Form::default()
        .set("client_name", "見本の店")
        .set("redirect_uris", &format!("{CALLBACK}\r\n\r\nhttps://bank.example/other"))
        .set("sector", "bank.example")
        .set("profile", "digital-auth")
        .set("name", "yes")
        .set("birthdate", "yes")
        .set("jwk", &site.key.jwk().to_string())
}

/// What stands in the page after `name`, in `<code>`.
fn told<'p>(page: &'p str, name: &str) -> &'p str {
    let after = page.split_once(&format!("<dt>{name}</dt><dd><code>")).unwrap().1;
    after.split_once('<').unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_site_is_registered_by_a_form_and_logs_somebody_in() {
    let house = House::new().await;
    let mut site = Site::new();
    let mut browser = house.browser();
    let page = browser.visit("/provider/console").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let done = browser.submit("/provider/console", &filled_in(&site)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(told(&done.text, "registration_access_token").len(), 43);
    site.id = told(&done.text, "client_id").to_owned();
    house.tokens(&site, &house.person("水野　花")).await;

    let listed = browser.visit("/provider/console").await;
    assert!(listed.text.contains(&site.id) && listed.text.contains("承認済み"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_was_typed_stays_and_what_is_wrong_is_marked() {
    let house = House::new().await;
    let mut browser = house.browser();
    for (field, value) in [
        ("client_name", " "),
        ("redirect_uris", "http://bank.example/plain"),
        ("sector", "no host/"),
        ("jwk", "{}"),
    ] {
        let form = filled_in(&Site::new()).set(field, value).set("gender", "yes");
        let page = browser.submit("/provider/console", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", page.text);
        assert!(page.text.contains(&format!("id=\"{field}-fault\"")), "{field}");
        assert!(
            page.text.contains(
                "id=\"gender-yes\" type=\"checkbox\" name=\"gender\" value=\"yes\" checked"
            )
        );
        assert!(page.text.len() < 100_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_service_nobody_sees_who_else_has_registered() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let page = house.browser().visit("/provider/console").await;
    assert!(!page.text.contains(&site.id));
}
