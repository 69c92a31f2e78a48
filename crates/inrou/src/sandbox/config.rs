//! The sandbox's roles as a configuration: what the sandbox runs in one process, and what `serve` runs
//! if they are to be processes of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use inrou_authority::settings::Settings as AuthoritySettings;
use inrou_portal::settings::{Caller, Permission, Settings as PortalSettings};

use super::folder::DataFolder;
use super::role_keys::{Role, RoleKeys};
use crate::serve::{
    AuthorityCalls, AuthorityRole, ClockConfig, Config, PhoneRole, PortalRole, Server,
};

/// Under which addresses the roles are called.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The ports: of the authority, the portal, the phones.
    pub ports: [u16; 3],
    /// The authority.
    pub authority: String,
    /// The portal.
    pub portal: String,
    /// The app's page that opens links, if the app has screens there.
    pub app: Option<String>,
    /// What certificates name. RFC 5280 §4.2.1.6 wants a full host name, or a number.
    pub published: String,
}

/// All roles of a sandbox.
pub(super) struct Roles {
    pub authority: AuthorityRole,
    pub portal: PortalRole,
    pub phone: PhoneRole,
}

impl Addresses {
    /// One port for all of them.
    pub fn of_one_port(scheme: &str, port: u16) -> Self {
        let base = format!("{scheme}://localhost:{port}");
        let published = format!("http://127.0.0.1:{port}");
        let app = Some(format!("{scheme}://phone.localhost:{port}/open"));
        Self { ports: [port; 3], authority: base.clone(), portal: base, app, published }
    }

    /// A port for each, beginning with the one that certificates name.
    pub fn of_three_ports(port: u16) -> Self {
        let ports = [0, 1, 2].map(|more| port.saturating_add(more));
        Self {
            ports,
            authority: format!("http://localhost:{}", ports[0]),
            portal: format!("http://localhost:{}", ports[1]),
            app: None,
            published: format!("http://127.0.0.1:{port}"),
        }
    }
}

/// The configuration of the roles. `roots` are trusted for TLS.
pub(super) fn roles(
    folder: &DataFolder,
    keys: &RoleKeys,
    addresses: &Addresses,
    roots: &[PathBuf],
) -> Roles {
    let server = |role: usize| Server {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, addresses.ports[role])),
        hosts: Server::loopback_names(),
        tls: None,
    };
    let clerk = Caller {
        public_key: keys.public_key(Role::Clerk),
        permissions: vec![Permission::Clerk],
        municipality: None,
    };
    Roles {
        authority: AuthorityRole {
            server: server(0),
            folder: folder.authority(),
            passphrase: folder.passphrase_file(),
            maker: folder.maker(),
            published: Some(addresses.published.clone()),
            settings: AuthoritySettings { callers: keys.callers(), ..AuthoritySettings::default() },
        },
        portal: PortalRole {
            proxy: None,
            server: server(1),
            folder: folder.portal(),
            authority: AuthorityCalls {
                address: addresses.authority.clone(),
                roots: roots.to_vec(),
                caller: Role::Portal.name().to_owned(),
                keys: folder.roles(),
                passphrase: folder.passphrase_file(),
            },
            anchors: Vec::new(),
            settings: PortalSettings {
                public_base: addresses.portal.clone(),
                app: addresses.app.clone(),
                callers: [(Role::Clerk.name().to_owned(), clerk)].into(),
                ..PortalSettings::default()
            },
            relying: inrou_relying::Settings::default(),
        },
        phone: PhoneRole {
            server: server(2),
            folder: folder.phones(),
            maker: folder.maker(),
            passphrase: folder.passphrase_file(),
            cards: Some(folder.cards()),
            authority: addresses.authority.clone(),
            askers: vec![format!("{}/portal/v1", addresses.portal)],
            roots: roots.to_vec(),
        },
    }
}

/// The configuration by which `serve` runs the roles of a sandbox.
pub fn of_processes(folder: &DataFolder, keys: &RoleKeys, addresses: &Addresses) -> Config {
    let Roles { authority, portal, phone } = roles(folder, keys, addresses, &[]);
    Config {
        clock: Some(ClockConfig { sandbox: folder.root().to_owned() }),
        authority: Some(authority),
        portal: Some(portal),
        phone: Some(phone),
    }
}
