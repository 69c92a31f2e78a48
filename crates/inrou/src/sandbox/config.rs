//! The sandbox's roles as a configuration: what the sandbox runs in one process, and what `serve` runs
//! if they are to be processes of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use inrou_authority::settings::Settings as AuthoritySettings;
use inrou_desk::settings::Settings as DeskSettings;
use inrou_portal::settings::{Caller, Permission, Settings as PortalSettings};
use inrou_provider::settings::Settings as ProviderSettings;
use jiff::SignedDuration;

use super::folder::DataFolder;
use super::role_keys::{Role, RoleKeys};
use crate::serve::{
    AuthorityCalls, AuthorityRole, ClockConfig, Config, DeskRole, PhoneRole, PortalRole,
    ProviderRole, Server, TimeStampRole, ValidationRole,
};

/// How old a QR code may be here: there is no camera, and what the code says is copied by hand.
const BY_HAND: SignedDuration = SignedDuration::from_mins(2);

/// Under which addresses the roles are called.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The ports: of the authority, the portal, the phones, the provider, the
    /// time-stamps, the validation, the counters, the hotline.
    pub ports: [u16; 8],
    /// The authority.
    pub authority: String,
    /// The portal.
    pub portal: String,
    /// The provider.
    pub provider: String,
    /// The time-stamps.
    pub timestamps: String,
    /// The app's page that opens links, if the app has screens there.
    pub app: Option<String>,
    /// What certificates name. RFC 5280 §4.2.1.6 wants a full host name, or a number.
    pub published: String,
}

/// All roles of a sandbox.
pub(super) struct Roles {
    pub authority: AuthorityRole,
    pub portal: PortalRole,
    pub provider: ProviderRole,
    pub desk: DeskRole,
    pub timestamps: TimeStampRole,
    pub validation: ValidationRole,
    pub phone: PhoneRole,
}

impl Addresses {
    /// One port for all of them.
    pub fn of_one_port(scheme: &str, port: u16) -> Self {
        let base = format!("{scheme}://localhost:{port}");
        let published = format!("http://127.0.0.1:{port}");
        let app = Some(format!("{scheme}://phone.localhost:{port}/open"));
        let [authority, portal, provider, timestamps] = [(); 4].map(|()| base.clone());
        Self { ports: [port; 8], authority, portal, provider, timestamps, app, published }
    }

    /// A port for each, beginning with the one that certificates name.
    pub fn of_ports(port: u16) -> Self {
        let ports = [0, 1, 2, 3, 4, 5, 6, 7].map(|more| port.saturating_add(more));
        Self {
            ports,
            authority: format!("http://localhost:{}", ports[0]),
            portal: format!("http://localhost:{}", ports[1]),
            provider: format!("http://localhost:{}", ports[3]),
            timestamps: format!("http://localhost:{}", ports[4]),
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
    let calls = |role: Role| AuthorityCalls {
        address: addresses.authority.clone(),
        roots: roots.to_vec(),
        caller: role.name().to_owned(),
        keys: folder.roles(),
        passphrase: folder.passphrase_file(),
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
            authority: calls(Role::Portal),
            anchors: Vec::new(),
            settings: PortalSettings {
                public_base: addresses.portal.clone(),
                app: addresses.app.clone(),
                callers: [(Role::Clerk.name().to_owned(), clerk)].into(),
                code_freshness: BY_HAND,
                ..PortalSettings::default()
            },
            relying: inrou_relying::Settings::default(),
        },
        provider: ProviderRole {
            server: server(3),
            folder: folder.provider(),
            authority: calls(Role::Provider),
            anchors: Vec::new(),
            settings: ProviderSettings {
                public_base: addresses.provider.clone(),
                app: addresses.app.clone(),
                staff: [(Role::Staff.name().to_owned(), keys.public_key(Role::Staff))].into(),
                approves_at_once: true,
                code_freshness: BY_HAND,
                ..ProviderSettings::default()
            },
            relying: inrou_relying::Settings::default(),
        },
        desk: DeskRole {
            server: server(6),
            hotline: server(7),
            folder: folder.desk(),
            as_counter: calls(Role::Counter),
            as_hotline: calls(Role::Hotline),
            settings: DeskSettings { practice: true, ..DeskSettings::default() },
        },
        timestamps: TimeStampRole {
            server: server(4),
            folder: folder.timestamps(),
            passphrase: folder.passphrase_file(),
            settings: inrou_timestamps::Settings::default(),
        },
        validation: ValidationRole {
            server: server(5),
            authority: addresses.authority.clone(),
            timestamps: Some(addresses.timestamps.clone()),
            // The kiosk's municipalities are in the sandbox alone.
            seals: None,
            roots: roots.to_vec(),
            anchors: Vec::new(),
            time_stamp_anchors: Vec::new(),
            seal_anchors: Vec::new(),
            settings: inrou_validation::Settings::default(),
            // Statuses are asked for anew each time: what is put on hold on one screen is seen on the next.
            relying: inrou_relying::Settings::default(),
        },
        phone: PhoneRole {
            server: server(2),
            folder: folder.phones(),
            maker: folder.maker(),
            passphrase: folder.passphrase_file(),
            cards: Some(folder.cards()),
            authority: addresses.authority.clone(),
            askers: vec![
                format!("{}/portal/v1", addresses.portal),
                format!("{}/provider/v1", addresses.provider),
            ],
            roots: roots.to_vec(),
        },
    }
}

/// The configuration by which `serve` runs the roles of a sandbox.
pub fn of_processes(folder: &DataFolder, keys: &RoleKeys, addresses: &Addresses) -> Config {
    let Roles { authority, portal, provider, desk, timestamps, validation, phone } =
        roles(folder, keys, addresses, &[]);
    Config {
        clock: Some(ClockConfig { sandbox: folder.root().to_owned() }),
        authority: Some(authority),
        portal: Some(portal),
        provider: Some(provider),
        desk: Some(desk),
        timestamps: Some(timestamps),
        validation: Some(validation),
        phone: Some(phone),
    }
}
