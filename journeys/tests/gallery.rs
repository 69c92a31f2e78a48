//! The gallery of screens can be walked through, and passes the judges that it shows the work of.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

use std::fs;

use fantoccini::Locator;
use inrou_journeys::browser::gallery::{Journey, Picture, pages};
use inrou_journeys::browser::{Browser, judge};
use inrou_words::Language;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_gallery_is_reached_by_links_and_passes_the_judges() {
    let folder = tempfile::tempdir().unwrap();
    for (language, heading) in [("ja", "メニュー"), ("en", "<Menu> & \"more\"")] {
        let pictures = ["S0 2-C 4", "PIN-2"].map(|step| Picture {
            step: step.to_owned(),
            heading: heading.to_owned(),
            path: "/phones/hana-phone?a=1&b=<2>".to_owned(),
            bytes: 4321,
            desk: "one.png".to_owned(),
            narrow: "two.png".to_owned(),
        });
        let (name, language) = ("apply".to_owned(), language.to_owned());
        let journey = Journey { name, language, pictures: pictures.into() };
        let file = folder.path().join(format!("apply-{}.json", journey.language));
        fs::write(file, serde_json::to_vec(&journey).unwrap()).unwrap();
    }
    for picture in ["one.png", "two.png"] {
        fs::write(folder.path().join(picture), ONE_PIXEL).unwrap();
    }
    assert_eq!(pages::write(folder.path()).unwrap(), 4);

    let browser = Browser::start().await;
    let index = format!("file://{}", folder.path().join("index.html").display());
    browser.client.goto(&index).await.unwrap();
    passes(&browser).await;
    browser.client.find(Locator::Css(".journeys a")).await.unwrap().click().await.unwrap();
    passes(&browser).await;
    for rel in ["next", "prev"] {
        let link = Locator::Css(if rel == "next" { "a[rel=next]" } else { "a[rel=prev]" });
        browser.client.find(link).await.unwrap().click().await.unwrap();
        passes(&browser).await;
    }
    browser.close().await.unwrap();
}

async fn passes(browser: &Browser) {
    let found = judge::page(browser, Language::En).await;
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
}

/// A picture, PNG.
const ONE_PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b,
    0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xf8, 0x0f, 0x00, 0x01,
    0x01, 0x01, 0x00, 0x1c, 0xb0, 0x8c, 0x99, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
];
