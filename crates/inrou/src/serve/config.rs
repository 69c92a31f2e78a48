//! The configuration of `inrou serve`: a TOML file with a section for each role.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    AuthorityRole, DeskRole, PhoneRole, PortalRole, ProviderRole, TimeStampRole, ValidationRole,
};
use crate::fault::Fault;

/// A configuration. A process runs the roles whose sections are there. Paths are relative to the
/// folder in which the file lies; settings that are absent have the sandbox's defaults.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A sandbox's clock, shared with other processes. Absent: the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockConfig>,
    /// The registration and certification authority, with its status services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityRole>,
    /// The portal and its receiving office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<PortalRole>,
    /// The OpenID provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderRole>,
    /// The staff's desk: the hotline, the municipalities' counters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<DeskRole>,
    /// The time-stamp authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<TimeStampRole>,
    /// The validation service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationRole>,
    /// The app on phones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneRole>,
}

/// Which clock tells the time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    /// The data folder of the sandbox whose clock it is.
    pub sandbox: PathBuf,
}

/// Where a role is served.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The address to listen at. Without TLS it must be a loopback address.
    pub listen: SocketAddr,
    /// The names and addresses under which clients call it, without a port; requests for others are
    /// refused.
    #[serde(default = "Server::loopback_names")]
    pub hosts: Vec<String>,
    /// The certificate for TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFiles>,
}

/// A certificate for TLS.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The chain, PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// `file-not-readable`, `config-invalid`.
    pub fn read(file: &Path) -> Result<Self, Fault> {
        let unreadable = |_| Fault::new("file-not-readable").with("path", file.display());
        let text = fs::read_to_string(file).map_err(unreadable)?;
        let mut config: Self =
            toml::from_str(&text).map_err(|error| invalid(file, &error, &text))?;
        if let Some(detail) = config.portal.as_ref().and_then(PortalRole::contradiction) {
            let path = file.display();
            return Err(Fault::new("config-invalid").with("path", path).with("detail", detail));
        }
        config.resolve(file.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// The configuration as text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// Drops the roles that are not among those; with none named, keeps all.
    pub(super) fn keep(&mut self, wanted: &[String]) {
        let drop = |role: &str| !wanted.is_empty() && wanted.iter().all(|wanted| wanted != role);
        self.authority.take_if(|_| drop("authority"));
        self.portal.take_if(|_| drop("portal"));
        self.provider.take_if(|_| drop("provider"));
        self.desk.take_if(|_| drop("desk"));
        self.timestamps.take_if(|_| drop("timestamps"));
        self.validation.take_if(|_| drop("validation"));
        self.phone.take_if(|_| drop("phone"));
    }

    /// Whether no role is left.
    pub(super) fn is_empty(&self) -> bool {
        self.authority.is_none()
            && self.portal.is_none()
            && self.provider.is_none()
            && self.desk.is_none()
            && self.timestamps.is_none()
            && self.validation.is_none()
            && self.phone.is_none()
    }

    fn resolve(&mut self, folder: &Path) {
        let clock = self.clock.iter_mut().map(|clock| &mut clock.sandbox);
        let authority = self.authority.iter_mut().flat_map(AuthorityRole::paths);
        let portal = self.portal.iter_mut().flat_map(PortalRole::paths);
        let provider = self.provider.iter_mut().flat_map(ProviderRole::paths);
        let desk = self.desk.iter_mut().flat_map(DeskRole::paths);
        let timestamps = self.timestamps.iter_mut().flat_map(TimeStampRole::paths);
        let validation = self.validation.iter_mut().flat_map(ValidationRole::paths);
        let phone = self.phone.iter_mut().flat_map(PhoneRole::paths);
        let roles =
            authority.chain(portal).chain(provider).chain(desk).chain(timestamps).chain(validation);
        for path in clock.chain(roles).chain(phone) {
            *path = folder.join(&*path);
        }
    }
}

impl Server {
    /// The names of this machine for itself.
    pub fn loopback_names() -> Vec<String> {
        ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into()
    }

    /// The paths in it.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key])
    }
}

/// What is wrong, and in which line.
fn invalid(file: &Path, error: &toml::de::Error, text: &str) -> Fault {
    let before = error.span().map(|span| text.bytes().take(span.start));
    let line = before.map(|before| 1 + before.filter(|&byte| byte == b'\n').count());
    let detail = match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    };
    Fault::new("config-invalid").with("path", file.display()).with("detail", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_6_a_server_with_tls_of_its_own_believes_no_proxy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inrou.toml");
        let config = |tls: &str| {
            let portal = "[portal]\nfolder = \"portal\"\nproxy = \"x-forwarded-proto\"\n";
            let server = format!("[portal.server]\nlisten = \"127.0.0.1:0\"\n{tls}\n");
            let asks = "[portal.authority]\naddress = \"http://localhost\"\ncaller = \"portal\"\n\
                        keys = \"keys\"\npassphrase = \"passphrase\"\n";
            fs::write(&file, [portal, &server, asks].concat()).unwrap();
            Config::read(&file)
        };
        assert!(config("").unwrap().portal.unwrap().proxy.is_some());
        let refused = config("tls = { certificate = \"c\", key = \"k\" }").unwrap_err();
        assert_eq!(refused.code(), "config-invalid");
    }

    #[test]
    fn reg_4_limits_by_which_nobody_could_log_in_are_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inrou.toml");
        let read = |minute: u32, day: u32| {
            let text = format!(
                "[provider]\nfolder = \"provider\"\n\
                 [provider.server]\nlisten = \"127.0.0.1:0\"\n\
                 [provider.authority]\naddress = \"http://localhost\"\ncaller = \"provider\"\n\
                 keys = \"keys\"\npassphrase = \"passphrase\"\n\
                 [provider.settings.limits]\nlog_ins_a_minute = {minute}\nlog_ins_a_day = {day}\n\
                 signatures_a_minute = 1\nsignatures_a_day = 1\n"
            );
            fs::write(&file, text).unwrap();
            Config::read(&file).map(drop).map_err(|fault| {
                let detail = fault.params().find(|(name, _)| *name == "detail");
                (fault.code(), detail.map_or_else(String::new, |(_, detail)| detail.to_owned()))
            })
        };
        assert_eq!(read(1, 1), Ok(()));
        for (minute, day, member) in [(0, 1, "log_ins_a_minute"), (2, 1, "log_ins_a_day")] {
            let (code, detail) = read(minute, day).unwrap_err();
            assert_eq!(code, "config-invalid");
            let wanted = format!("`limits.{member}` does not hold");
            assert!(detail.starts_with("line 10: ") && detail.contains(&wanted), "{detail}");
        }
    }
}
