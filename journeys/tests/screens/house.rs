//! The sandbox that the screens belong to.

use inrou::sandbox::{DataFolder, Options, Sandbox};
use tempfile::TempDir;

/// A sandbox with some residents, at ten in the morning.
pub struct House {
    pub sandbox: Sandbox,
    _folder: TempDir,
}

impl House {
    pub async fn of(residents: &[&str]) -> Self {
        Self::at("2026-11-24T01:00:00Z", residents).await
    }

    /// At another time.
    pub async fn at(start: &str, residents: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: DataFolder::create(folder.path()).unwrap(),
            port: 0,
            start: Some(start.parse().unwrap()),
            residents: Some(residents.iter().map(ToString::to_string).collect()),
        };
        Self { sandbox: Sandbox::start(options).await.unwrap(), _folder: folder }
    }

    /// The address of a phone's page.
    pub fn phone(&self, name: &str, page: &str) -> String {
        format!("{}/phones/{name}{page}", self.at_host("phone.localhost"))
    }

    fn at_host(&self, host: &str) -> String {
        self.sandbox.base.replacen("localhost", host, 1)
    }
}
