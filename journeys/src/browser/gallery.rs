//! A gallery of all screens, one picture a step, made where `INROU_GALLERY` names a folder.

use std::env;
use std::fs;
use std::path::PathBuf;

use inrou_words::Language;
use serde::{Deserialize, Serialize};

use super::driver::Look;

/// A picture, in the order of its journey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Picture {
    /// The journey.
    pub journey: String,
    /// The guide's step.
    pub step: String,
    /// The language.
    pub language: String,
    /// The window's width.
    pub width: u32,
    /// The address, without host and port.
    pub path: String,
    /// The file.
    pub file: String,
}

/// Where the pictures of a journey go.
pub(super) struct Gallery {
    folder: PathBuf,
    journey: &'static str,
    language: Language,
    width: u32,
    pictures: Vec<Picture>,
}

impl Gallery {
    /// The gallery, if one is made.
    pub(super) fn of(journey: &'static str, language: Language, look: Look) -> Option<Self> {
        let folder = PathBuf::from(env::var_os("INROU_GALLERY")?);
        fs::create_dir_all(&folder).expect("the gallery's folder");
        Some(Self { folder, journey, language, width: look.size.0, pictures: Vec::new() })
    }

    /// Hangs a picture.
    pub(super) fn add(&mut self, step: &str, address: &str, png: &[u8]) {
        let name = format!("{}-{}-{}", self.journey, self.language, self.width);
        let file = format!("{name}-{:02}.png", self.pictures.len() + 1);
        fs::write(self.folder.join(&file), png).expect("the picture is written");
        let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        self.pictures.push(Picture {
            journey: self.journey.to_owned(),
            step: step.to_owned(),
            language: self.language.to_string(),
            width: self.width,
            path: format!("/{}", path.map_or("", |(_, path)| path)),
            file,
        });
        let list = serde_json::to_vec_pretty(&self.pictures).expect("plain words");
        fs::write(self.folder.join(format!("{name}.json")), list).expect("the list is written");
    }
}
