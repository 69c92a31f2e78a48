//! `inrou serve`: roles by themselves, as a configuration says; and how each is opened, which the
//! sandbox shares.

mod authority;
mod config;
mod desk;
mod error;
mod phone;
mod portal;
mod provider;
mod relying;
mod timestamps;
mod token_keys;
mod validation;

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use inrou_api::clock::{Clock, SandboxClock, SystemClock};
use inrou_api::server::{
    Hosts, ListenError, Shell, Shutdown, listen, listen_tls, serve, shutdown, tls_config,
};
use inrou_desk::screens as desk_screens;
use inrou_pki::keys::Passphrase;
use inrou_pki::{Certificate, Entropy, KeySource, SystemEntropy};
use inrou_portal::screens::site as portal_site;
use inrou_provider::screens::site as provider_site;
use inrou_web::Reached;
use inrou_words::{Form, Language, Term, text};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::task::JoinHandle;

pub use authority::AuthorityRole;
pub use config::{ClockConfig, Config, Server, TlsFiles};
pub use desk::DeskRole;
pub use error::RoleError;
pub use phone::PhoneRole;
pub use portal::PortalRole;
pub use provider::ProviderRole;
pub use relying::AuthorityCalls;
pub use timestamps::TimeStampRole;
pub(crate) use token_keys::TokenKeys;
pub use validation::ValidationRole;

use crate::fault::Fault;
use crate::key_pool::KeyPool;
use crate::sandbox::{Addresses, DEFAULT_PORT, DataFolder, RoleKeys, of_processes};
use crate::terminal::{interrupted, say};

/// What every role of a process stands on.
#[derive(Clone)]
pub struct Ground {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where key pairs come from.
    pub keys: Arc<dyn KeySource>,
}

/// Runs the roles of a configuration, or those of them that are `wanted`, until it is interrupted.
pub fn run(language: Language, file: &Path, wanted: &[String]) -> Result<(), Fault> {
    let mut config = Config::read(file)?;
    config.keep(wanted);
    if config.is_empty() {
        return Err(Fault::new("no-role").with("path", file.display()));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    runtime.block_on(async {
        let (trigger, told) = shutdown();
        let running = start(&config, told).await?;
        for (role, address) in &running.addresses {
            let term = |text| Term { text, reading: "" };
            let line = text("cli.serving").in_language(language);
            say(&line.with("role", term(role)).with("url", term(address)).render(Form::Plain));
        }
        say(&text("cli.stop-hint").in_language(language).render(Form::Plain));
        interrupted().await;
        trigger.pull();
        for task in running.serving {
            // A task that panicked has ended as well; the panic was logged.
            let _ = task.await;
        }
        Ok(())
    })
}

/// Prints the configuration by which the roles of a sandbox run by themselves, at `port` and the seven
/// after it; by default at the port that the sandbox's certificates name.
pub fn print(data: &Path, port: Option<u16>) -> Result<(), Fault> {
    let missing = || Fault::new("data-folder-missing").with("path", data.display());
    let absolute = fs::canonicalize(data).map_err(|_| missing())?;
    let folder = DataFolder::find(&absolute)?;
    let port = port.or(folder.port()?).unwrap_or(DEFAULT_PORT);
    let config = of_processes(&folder, &RoleKeys::of(&folder)?, &Addresses::of_ports(port));
    say(config.to_toml().trim_end());
    Ok(())
}

/// Roles that are served.
pub struct Running {
    /// Each role's name, and the address at which it listens.
    pub addresses: Vec<(&'static str, String)>,
    serving: Vec<JoinHandle<()>>,
}

/// Opens the roles of a configuration and serves them until the shutdown.
///
/// # Errors
/// [`RoleError`]; none is served then.
pub async fn start(config: &Config, told: Shutdown) -> Result<Running, RoleError> {
    let clock: Arc<dyn Clock> = match &config.clock {
        Some(clock) => Arc::new(SandboxClock::open(&clock.sandbox)?),
        None => Arc::new(SystemClock::new()),
    };
    let keys = Arc::new(KeyPool::start(1));
    let ground = Ground { clock, entropy: Arc::new(SystemEntropy), keys };
    let mut running = Running { addresses: Vec::new(), serving: Vec::new() };
    if let Some(role) = &config.authority {
        let authority = role.open(&ground)?;
        let router = AuthorityRole::router(authority.clone(), told.clone());
        running.serve("authority", &role.server, router.into(), &ground, told.clone()).await?;
        running.serving.push(tokio::spawn(authority.work(told.clone())));
    }
    if let Some(role) = &config.portal {
        let portal = role.open(&ground, None)?;
        let shell = Shell::new("portal", ground.entropy.clone());
        let (site, reached) = (portal_site(&portal), role.reached()?);
        let screens = PortalRole::screens(portal.clone(), site, shell, reached, told.clone());
        running.serving.push(tokio::spawn(portal.clone().tidy(told.clone())));
        let served = Served { router: inrou_portal::router(portal, told.clone()), screens };
        running.serve("portal", &role.server, served, &ground, told.clone()).await?;
    }
    if let Some(role) = &config.provider {
        let provider = role.open(&ground, None)?;
        let shell = Shell::new("provider", ground.entropy.clone());
        let shell = shell.open_to_others(inrou_provider::OPEN_TO_OTHERS);
        let site = provider_site(&provider);
        let screens = ProviderRole::screens(provider.clone(), site, shell, told.clone());
        running.serving.push(tokio::spawn(provider.clone().tidy(told.clone())));
        let served = Served { router: inrou_provider::router(provider), screens };
        running.serve("provider", &role.server, served, &ground, told.clone()).await?;
    }
    if let Some(role) = &config.desk {
        let desk = role.open(&ground, None)?;
        let (hotline, counter) =
            (desk_screens::hotline_site(&desk), desk_screens::counter_site(&desk));
        let both = [
            ("desk", &role.server, counter, desk_screens::counter(desk.clone())),
            ("hotline", &role.hotline, hotline, desk_screens::hotline(desk.clone())),
        ];
        for (name, server, site, screens) in both {
            let shell = Shell::new(name, ground.entropy.clone());
            let reached = Reached::under(own_certificate(server)?);
            let screens = DeskRole::screens(screens, site, shell, reached);
            let served = Served { router: Router::new(), screens };
            running.serve(name, server, served, &ground, told.clone()).await?;
        }
        running.serving.push(tokio::spawn(desk.tidy(told.clone())));
    }
    if let Some(role) = &config.timestamps {
        let router = inrou_timestamps::router(role.open(&ground)?);
        running.serve("timestamps", &role.server, router.into(), &ground, told.clone()).await?;
    }
    if let Some(role) = &config.validation {
        let router = inrou_validation::router(role.open(&ground)?);
        running.serve("validation", &role.server, router.into(), &ground, told.clone()).await?;
    }
    if let Some(role) = &config.phone {
        let router = inrou_phone::http::router(role.open(&ground, told.clone())?);
        running.serve("phone", &role.server, router.into(), &ground, told).await?;
    }
    Ok(running)
}

/// What a role serves: its API, and its screens in a shell of their own.
struct Served {
    router: Router,
    screens: Router,
}

impl From<Router> for Served {
    fn from(router: Router) -> Self {
        Self { router, screens: Router::new() }
    }
}

impl Running {
    async fn serve(
        &mut self,
        role: &'static str,
        server: &Server,
        served: Served,
        ground: &Ground,
        told: Shutdown,
    ) -> Result<(), RoleError> {
        // No other role has anything there.
        let shell = || {
            Shell::new(role, ground.entropy.clone())
                .telling(ground.clock.clone())
                .open_to_others(inrou_provider::OPEN_TO_OTHERS)
        };
        let hosts = server.hosts.iter().map(String::as_str);
        let router = shell().wrap(served.router).merge(served.screens);
        let router = Hosts::new(shell()).at(hosts, &router).into_router();
        let (scheme, address, task) = match &server.tls {
            None => {
                let listener = listen(server.listen).await?;
                let address = listener.local_addr();
                ("http", address, tokio::spawn(serve(listener, router, told)))
            }
            Some(tls) => {
                let chain = certificates(std::slice::from_ref(&tls.certificate))?;
                let chain = chain.into_iter().map(CertificateDer::from).collect();
                let config = tls_config(chain, private_key(&tls.key)?)?;
                let listener = listen_tls(server.listen, config).await?;
                let address = Ok(listener.local_addr());
                ("https", address, tokio::spawn(serve(listener, router, told)))
            }
        };
        let address = address.map_err(|error| ListenError::Bind(server.listen, error))?;
        self.addresses.push((role, format!("{scheme}://{address}")));
        self.serving.push(task);
        Ok(())
    }
}

/// The certificate under which a role is served, if it is over TLS.
fn own_certificate(server: &Server) -> Result<Option<Arc<Certificate>>, RoleError> {
    let Some(tls) = &server.tls else { return Ok(None) };
    let chain = certificates(std::slice::from_ref(&tls.certificate))?;
    Ok(chain.first().and_then(|der| Certificate::from_der(der).ok()).map(Arc::new))
}

/// Runs `work` until the shutdown.
pub(crate) async fn until(told: Shutdown, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = told.triggered() => {}
    }
}

/// The passphrase in a file, without the end of its line.
pub(crate) fn passphrase(file: &Path) -> Result<Passphrase, RoleError> {
    let text = fs::read_to_string(file).map_err(|error| RoleError::file(file, error))?;
    Ok(passphrase_of(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The passphrase of that text. One of 32 hexadecimal digits or more, as a sandbox draws it, is in no
/// dictionary: stretching it would only take time.
pub(crate) fn passphrase_of(text: String) -> Passphrase {
    let is_drawn = text.len() >= 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let passphrase = Passphrase::new(text);
    if is_drawn { passphrase.stretched_by(NonZeroU32::MIN) } else { passphrase }
}

/// The certificates in PEM files, DER.
pub(crate) fn certificates(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, RoleError> {
    let mut all = Vec::new();
    for file in files {
        let pem = fs::read(file).map_err(|error| RoleError::file(file, error))?;
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let read = read.ok().filter(|read| !read.is_empty());
        let read = read.ok_or_else(|| RoleError::Content(file.clone()))?;
        all.extend(read.into_iter().map(|certificate| certificate.to_vec()));
    }
    Ok(all)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, RoleError> {
    let pem = fs::read(file).map_err(|error| RoleError::file(file, error))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| RoleError::Content(file.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_sandbox_drew_is_not_stretched() {
        let once = |text: &str| passphrase_of(text.to_owned()).iterations() == NonZeroU32::MIN;
        assert!(once("00112233445566778899aabbccddeeff"));
        for typed in [
            "",
            "secret",
            "00112233445566778899aabbccddeef",
            "a phrase that is as long as the other",
        ] {
            assert!(!once(typed), "{typed}");
        }
    }
}
