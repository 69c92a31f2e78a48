//! The models that can carry certificates (READY-2): a file that comes with the program, and that a
//! file in the fleet's folder replaces.

use std::io;

use inrou_chip::files::Folder;
use inrou_rules::Platform;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The name of the file in the fleet's folder.
const FILE: &str = "models.json";

/// The file that comes with the program, to be copied and edited.
const BUILT_IN: &str = include_str!("../data/models.json");

/// The supported models.
#[derive(Debug)]
pub(crate) struct Models(Vec<Model>);

/// A supported model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    /// Its system.
    pub(crate) platform: Platform,
    /// What it calls itself.
    pub(crate) model: String,
    /// Whether biometrics can stand in for the user-authentication PIN (REG-2).
    #[serde(default)]
    pub(crate) biometrics: bool,
}

/// The file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What the file is for, for who edits it.
    #[serde(default, rename = "about")]
    _about: IgnoredAny,
    models: Vec<Model>,
}

/// Whether phones of that model can carry certificates (READY-2), as the file says that comes with the
/// program.
pub fn carries_certificates(platform: Platform, model: &str) -> bool {
    let built_in = serde_json::from_str(BUILT_IN).map(|File { models, .. }| Models(models));
    built_in.is_ok_and(|models| models.find(platform, model).is_some())
}

impl Models {
    /// The models of the file in `folder`; the built-in ones if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or does not have its form ([`io::ErrorKind::InvalidData`]).
    pub(crate) fn read(folder: &Folder) -> io::Result<Self> {
        let text = match folder.read(FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => BUILT_IN.as_bytes().to_vec(),
            read => read?,
        };
        let File { models, .. } = serde_json::from_slice(&text)?;
        Ok(Self(models))
    }

    /// The model of that name, if it is supported.
    pub(crate) fn find(&self, platform: Platform, model: &str) -> Option<&Model> {
        self.0.iter().find(|known| known.platform == platform && known.model == model)
    }

    /// The supported models of a system, in the order of the file.
    pub(crate) fn of(&self, platform: Platform) -> impl Iterator<Item = &str> {
        let known = self.0.iter().filter(move |known| known.platform == platform);
        known.map(|known| known.model.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn ready_2_a_built_in_model_is_found_by_its_system_and_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        let models = Models::read(&Folder::from(folder.path())).unwrap();
        let first = models.of(Platform::Android).next().unwrap();
        assert!(models.find(Platform::Android, first).is_some());
        assert!(carries_certificates(Platform::Android, first));
        assert!(!carries_certificates(Platform::Iphone, first));
        assert_eq!(models.of(Platform::Iphone).next(), None, "no iPhone is served yet");
        assert!(models.find(Platform::Iphone, "Sandbox Phone 8").is_none());
        assert!(models.find(Platform::Android, "sandbox phone 8").is_none());
    }

    #[test]
    fn ready_2_a_file_in_the_folder_takes_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| fs::write(folder.path().join(FILE), text).unwrap();
        write(r#"{"models": [{"platform": "android", "model": "Own"}]}"#);
        let models = Models::read(&Folder::from(folder.path())).unwrap();
        assert!(!models.find(Platform::Android, "Own").unwrap().biometrics);
        assert!(models.find(Platform::Android, "Sandbox Phone 8").is_none());
        write(r#"{"models": [{"platform": "android"}]}"#);
        let error = Models::read(&Folder::from(folder.path())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
