//! Requests that no page of ours sends, to every address, down to their bytes.
use inrou_web::percent;

use crate::hana;
use crate::house::House;
use crate::http::{Page, Visitor};
use crate::routes::{self, Route};

/// Headers by which browsers tell that another origin's page sends a request.
const FOREIGN: [(&str, &str); 5] = [
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("origin", "http://localhost:1"),
    ("origin", "http://evil.localhost"),
    ("origin", "null"),
];

/// Markup that would run, and mark the page that it got into.
const MARKUP: &str = "\"'><script>hacked=1</script><img src=x onerror=hacked=1>";

/// Visitors of every host, the portal's and the office's logged in.
struct Visitors {
    phone: Visitor,
    portal: Visitor,
    office: Visitor,
}

impl Visitors {
    async fn of(house: &House) -> Self {
        Self {
            phone: hana::phone(house),
            portal: hana::logs_in(house).await,
            office: hana::clerk(house).await,
        }
    }

    fn at(&mut self, route: &Route) -> &mut Visitor {
        match route.host {
            "phone.localhost" => &mut self.phone,
            "office.localhost" => &mut self.office,
            _ => &mut self.portal,
        }
    }

    /// Who sends a form to an address: nobody in particular, where it would end what others need.
    fn sender(&mut self, route: &Route) -> Visitor {
        let ends = ["/login", "/logout", "/sign-in", "/sign-out"];
        let mut visitor = self.at(route).clone();
        if ends.iter().any(|end| route.path.ends_with(end)) {
            visitor.cookies.clear();
        }
        visitor
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_takes_what_another_origins_page_sends() {
    let house = House::where_hana_has_certificates().await;
    let mut visitors = Visitors::of(&house).await;
    for route in routes::all().iter().filter(|route| route.takes_form) {
        for (at, header) in FOREIGN.into_iter().enumerate() {
            let visitor = visitors.at(route);
            let language = ["ja", "ja-easy", "en"][at % 3];
            visitor.cookies.insert("lang".into(), language.into());
            let refused = visitor.send("POST", &route.path, &[header], "").await;
            assert_eq!(refused.status, 403, "{route:?} {header:?}");
            assert_eq!(refused.trouble(), Some("cross-origin-refused"), "{route:?} {header:?}");
            assert!(refused.body.contains(&format!("data-language=\"{language}\"")));
        }
    }
    assert_eq!(visitors.portal.get("/portal/sessions").await.status, 200, "nobody was logged out");
    assert_eq!(visitors.office.get("/").await.status, 200);
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_origin_embeds_or_fetches_an_address() {
    let house = House::where_hana_has_certificates().await;
    let mut visitors = Visitors::of(&house).await;
    let embedded = |site, mode, dest| {
        [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)]
    };
    for route in routes::all().iter().filter(|route| route.is_page) {
        for headers in [
            embedded("cross-site", "no-cors", "image"),
            embedded("same-site", "navigate", "iframe"),
            embedded("same-site", "cors", "empty"),
        ] {
            let refused = visitors.at(route).send("GET", &route.path, &headers, "").await;
            assert_eq!(refused.status, 403, "{route:?} {headers:?}");
        }
    }
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_every_host_bears_what_guards_it() {
    let house = House::where_hana_has_certificates().await;
    let mut visitors = Visitors::of(&house).await;
    for route in &routes::all() {
        for path in
            [route.path.clone(), format!("{}/nothing", route.path), format!("{}?x=%00", route.path)]
        {
            // What waits for news is asked without patience elsewhere.
            if path.contains("/news") || path.contains("/progress") || path.contains("/notices/new")
            {
                continue;
            }
            let anybody = Visitor { cookies: Default::default(), ..visitors.at(route).clone() };
            for mut visitor in [anybody, visitors.at(route).clone()] {
                let page = visitor.get(&path).await;
                guarded(&path, &page);
                assert!(page.status < 400 || page.trouble().is_some(), "{path}: {}", page.body);
                assert!(page.status < 500, "{path}: {}", page.status);
            }
            if route.takes_form {
                guarded(&path, &visitors.sender(route).post(&path, &[]).await);
            }
        }
    }
    house.ends().await;
}

/// What must hold for every answer.
fn guarded(path: &str, page: &Page) {
    let header = |name: &str| page.header(name).unwrap_or_else(|| panic!("{path} has no {name}"));
    let policy = header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}");
    assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    assert_eq!(header("cache-control"), "no-store", "{path}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
    assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy")), "{path}");
    if page.body.contains("data-language=") {
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(header("vary").contains("cookie"), "{path}");
        // A policy without `unsafe-inline` would stop these; there is nothing to stop.
        let tags = page.body.split('<').filter_map(|part| part.split('>').next());
        for tag in tags {
            assert!(!tag.contains(" style=") && !tag.contains(" on"), "{path}: {tag}");
            assert!(!tag.starts_with("style") && tag != "script", "{path}: {tag}");
        }
    }
    for cookie in page.all("set-cookie") {
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(attribute), "{path}: {cookie}");
        }
        let is_bound = cookie.starts_with("__Host-") && cookie.contains("; Secure");
        assert!(is_bound || cookie.starts_with("lang="), "{path}: {cookie}");
        assert!(!cookie.contains("Domain"), "{path}: {cookie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_form_or_too_large_ends_in_a_page_that_says_so() {
    let house = House::where_hana_has_certificates().await;
    let mut visitors = Visitors::of(&house).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let large = format!("reason={}", "a".repeat(70_000));
    for route in &routes::all() {
        if route.takes_form {
            let visitor = visitors.sender(route);
            let refused = visitor.clone().send("POST", &route.path, &[form], &large).await;
            assert_eq!(
                (refused.status, refused.trouble()),
                (413, Some("body-too-large")),
                "{route:?}"
            );
            for (kind, body) in
                [("application/json", "{}"), ("text/plain", "a=b"), ("multipart/form-data", "x")]
            {
                let kind = [("content-type", kind)];
                let answer = visitor.clone().send("POST", &route.path, &kind, body).await;
                // A button without fields is pressed all the same.
                let is_told = answer.trouble() == Some("unsupported-media-type");
                assert!(
                    is_told || answer.status == 303 || answer.status == 404,
                    "{route:?} {kind:?}: {}",
                    answer.status
                );
            }
            let strange =
                visitor.clone().send("POST", &route.path, &[form], "%FF=%00&&=&a&step=%E2").await;
            assert!(strange.status < 500, "{route:?}");
            assert!(
                strange.status < 400 || strange.trouble().is_some(),
                "{route:?}: {}",
                strange.body
            );
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = visitors.at(route).send(method, &route.path, &[], "").await;
            assert_eq!(
                (answer.status, answer.trouble()),
                (405, Some("method-not-allowed")),
                "{route:?}"
            );
        }
        // Whoever comes back to the address of a form is led somewhere.
        let back = visitors.at(route).clone().get(&route.path).await;
        assert_ne!(back.status, 405, "{route:?}");
    }
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_leads_elsewhere_or_brings_headers_or_markup_along() {
    let house = House::where_hana_has_certificates().await;
    let mut visitors = Visitors::of(&house).await;
    let names = ["link", "to", "kind", "from", "cursor", "state", "changed", "other", "since", "q"];
    let typed = [
        "//evil.example/".to_owned(),
        "https://evil.example/".to_owned(),
        "/\\evil.example".to_owned(),
        "/portal/\r\nset-cookie: hacked=1".to_owned(),
        MARKUP.to_owned(),
        "a".repeat(10_000),
    ];
    for route in &routes::all() {
        if route.path.contains("/news")
            || route.path.ends_with("/new")
            || route.path.contains("/progress")
        {
            continue;
        }
        for typed in &typed {
            let value = percent(typed);
            let query = names.map(|name| format!("{name}={value}")).join("&");
            let mut paths = vec![
                format!("{}?{query}", route.path),
                format!("{}?lang=en&{query}", route.path),
                format!("//evil.example{}?lang=en", route.path),
                format!("{}/{value}?lang=en", route.path),
            ];
            paths.extend(
                ["link", "to", "kind", "lang"].map(|name| format!("{}?{name}={value}", route.path)),
            );
            for path in paths {
                let answer = visitors.at(route).clone().get(&path).await;
                stays_here(&path, &answer);
            }
            let fields = names.map(|name| (name, typed.as_str()));
            if route.takes_form {
                let answer = visitors.sender(route).post(&route.path, &fields).await;
                stays_here(&route.path, &answer);
            }
        }
    }
    house.ends().await;
}

fn stays_here(path: &str, answer: &Page) {
    assert!(answer.status < 500, "{path}: {}", answer.status);
    assert!(!answer.body.contains("<script>hacked") && !answer.body.contains("<img"), "{path}");
    assert!(answer.all("set-cookie").all(|cookie| !cookie.contains("hacked")), "{path}");
    for location in answer.all("location") {
        let stays = location.starts_with('/') && !location.starts_with("//");
        assert!(stays && !location.starts_with("/\\"), "{path} leads to {location}");
    }
}
