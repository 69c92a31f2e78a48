//! A gallery of all screens, made where `INROU_GALLERY` names a folder: for each page that a person looks
//! at a picture at a desk's width and one at a phone's, and a list of them for each journey and language.

pub mod pages;

use std::env;
use std::fs;
use std::path::PathBuf;

use inrou_api::wire::Base64;
use inrou_words::Language;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::driver::{Browser, Look};

/// A page, in the order of its journey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Picture {
    /// The guide's step.
    pub step: String,
    /// The page's heading.
    pub heading: String,
    /// The address, without host and port.
    pub path: String,
    /// Bytes of the page.
    pub bytes: u64,
    /// The file of the picture at a desk.
    pub desk: String,
    /// The file of the picture at 320 px.
    pub narrow: String,
}

/// The pictures of a journey in a language, as they are listed in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// The language's code.
    pub language: String,
    /// In order.
    pub pictures: Vec<Picture>,
}

/// Where the pictures of a journey go.
pub(super) struct Gallery {
    folder: PathBuf,
    journey: Journey,
}

impl Gallery {
    /// The gallery, if one is made.
    pub(super) fn of(journey: &'static str, language: Language) -> Option<Self> {
        let folder = PathBuf::from(env::var_os("INROU_GALLERY")?);
        fs::create_dir_all(&folder).expect("the gallery's folder");
        let (name, language) = (journey.to_owned(), language.code().to_owned());
        Some(Self { folder, journey: Journey { name, language, pictures: Vec::new() } })
    }

    /// Hangs the page before the browser.
    pub(super) async fn hang(&mut self, browser: &Browser, step: &str, heading: &str, bytes: u64) {
        let address = browser.client.current_url().await.expect("an address");
        let name = format!("{}-{}", self.journey.name, self.journey.language);
        let number = self.journey.pictures.len() + 1;
        let mut files = Vec::new();
        for (width, look) in [("desk", Look::DESK), ("narrow", Look::NARROW)] {
            browser.look(look).await;
            let file = format!("{name}-{number:02}-{width}.png");
            fs::write(self.folder.join(&file), whole_page(browser).await).expect("it is written");
            files.push(file);
        }
        browser.look(Look::DESK).await;
        let [desk, narrow] = files.try_into().expect("one for each look");
        self.journey.pictures.push(Picture {
            step: step.to_owned(),
            heading: heading.to_owned(),
            path: address[url::Position::BeforePath..].to_owned(),
            bytes,
            desk,
            narrow,
        });
        let list = serde_json::to_vec_pretty(&self.journey).expect("plain words");
        fs::write(self.folder.join(format!("{name}.json")), list).expect("the list is written");
    }
}

/// A picture of the page from its top to its end, PNG.
async fn whole_page(browser: &Browser) -> Vec<u8> {
    let metrics = browser.devtools("Page.getLayoutMetrics", json!({})).await;
    let size = &metrics["cssContentSize"];
    let clip = json!({
        "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1
    });
    let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
    let taken = browser.devtools("Page.captureScreenshot", asked).await;
    serde_json::from_value::<Base64>(taken["data"].clone()).expect("the picture is base64").0
}
