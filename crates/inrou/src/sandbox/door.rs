//! Where the sandbox is reached: the listener, which stays bound while the roles are stopped.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use inrou_api::clock::{Clock, SystemClock};
use inrou_api::server::{Hosts, PlainListener, Shutdown, listen, listen_tls_and_plain, serve};
use inrou_pki::Certificate;
use tokio::task::JoinHandle;

use super::house::LOCAL;
use super::keeper::Keeper;
use super::screens::ELSEWHERE;
use super::sites;
use super::tls::Tls;
use super::{Addresses, DataFolder, SandboxError, home};

/// Where the sandbox is reached.
pub(super) struct Door {
    listener: PlainListener,
    pub(super) addresses: Addresses,
    tls: Option<Tls>,
}

impl Door {
    /// Listens at a port; 0 takes a free one.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub(super) async fn open(
        folder: &DataFolder,
        port: u16,
        tls: bool,
    ) -> Result<Self, SandboxError> {
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = listener.local_addr()?.port();
        let scheme = if tls { "https" } else { "http" };
        let tls = match tls {
            true => Some(Tls::open(folder, SystemClock::new().now())?),
            false => None,
        };
        Ok(Self { listener, addresses: Addresses::of_one_port(scheme, port), tls })
    }

    /// The certificates to trust for its TLS.
    pub(super) fn roots(&self) -> Vec<Vec<u8>> {
        self.tls.iter().map(|tls| tls.ca.clone()).collect()
    }

    /// The server's own certificate, if it has TLS.
    pub(super) fn certificate(&self) -> Option<Arc<Certificate>> {
        Certificate::from_der(&self.tls.as_ref()?.own).ok().map(Arc::new)
    }

    /// The files with them.
    pub(super) fn trusted(&self, folder: &DataFolder) -> Vec<PathBuf> {
        self.tls.iter().map(|_| folder.tls_ca()).collect()
    }

    /// Serves the sandbox's home, and, behind the gate, the roles; over TLS if it has that, and then over
    /// plain HTTP what certificates name by such addresses, since status that is needed to trust TLS must
    /// be had without it.
    ///
    /// # Errors
    /// The listener has lost its address.
    pub(super) fn serve(
        self,
        keeper: &Arc<Keeper>,
        told: &Shutdown,
    ) -> Result<Vec<JoinHandle<()>>, SandboxError> {
        let shell = || keeper.plan.shell(&keeper.clock);
        let gate = keeper.gate.router(|opened| &opened.whole, shell(), told.clone());
        let own = home::router(keeper.clone(), told.clone()).fallback_service(gate.clone());
        let whole = Hosts::new(shell())
            .at(LOCAL, &own)
            .at(ELSEWHERE, &gate)
            .at(sites::names(), &gate)
            .into_router();
        Ok(match self.tls {
            None => vec![tokio::spawn(serve(self.listener, whole, told.clone()))],
            Some(tls) => {
                let (secure, plain) = listen_tls_and_plain(self.listener, tls.config)?;
                let status = keeper.gate.router(|opened| &opened.status, shell(), told.clone());
                let status = Hosts::new(shell()).at(LOCAL, &status).into_router();
                vec![
                    tokio::spawn(serve(secure, whole, told.clone())),
                    tokio::spawn(serve(plain, status, told.clone())),
                ]
            }
        })
    }
}
