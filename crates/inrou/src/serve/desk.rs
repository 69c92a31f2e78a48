//! The desk as a role: where its things lie, and how it is opened. The hotline and the counters stand on one
//! store and are served apart.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use inrou_api::server::Shell;
use inrou_desk::reader::Reader;
use inrou_desk::settings::{Authority, Settings};
use inrou_desk::store::SqliteStore;
use inrou_desk::{Desk, Parts};
use inrou_web::{ProblemPages, Reached, Site};
use serde::{Deserialize, Serialize};

use super::{AuthorityCalls, Ground, RoleError, Server};

/// The links of the founders' invitations, in the desk's folder.
const INVITATIONS: &str = "invitations.txt";

/// Where people of the staff work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRole {
    /// Where the municipalities' counters are served.
    pub server: Server,
    /// Where the hotline is served.
    pub hotline: Server,
    /// Its folder: the store.
    pub folder: PathBuf,
    /// Whom it asks, as the counters.
    pub as_counter: AuthorityCalls,
    /// Whom it asks, as the hotline.
    pub as_hotline: AuthorityCalls,
    /// Its settings.
    #[serde(default)]
    pub settings: Settings,
}

impl DeskRole {
    /// Opens the desk; the counters have that reader, if any. The founders of one that is new are invited: by links in its folder.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn open(
        &self,
        ground: &Ground,
        reader: Option<Arc<dyn Reader>>,
    ) -> Result<Arc<Desk>, RoleError> {
        fs::create_dir_all(&self.folder).map_err(|error| RoleError::file(&self.folder, error))?;
        let store = SqliteStore::open(&self.folder.join("store.db"))
            .map_err(|error| RoleError::store(&self.folder, error))?;
        let desk = Desk::open(Parts {
            store: Arc::new(store),
            clock: ground.clock.clone(),
            entropy: ground.entropy.clone(),
            authority: Authority {
                hotline: self.as_hotline.signing_client(ground)?,
                counter: self.as_counter.signing_client(ground)?,
            },
            reader,
            settings: self.settings.clone(),
        });
        let links = desk.found().map_err(|error| RoleError::store(&self.folder, error))?;
        if !links.is_empty() {
            let line = |(member, token): &(inrou_desk::staff::Member, String)| {
                format!("{}\t{}\t/invitations/{token}\n", member.is.office, member.is.name)
            };
            let lines: String = links.iter().map(line).collect();
            let file = self.folder.join(INVITATIONS);
            write_private(&file, &lines).map_err(|error| RoleError::file(&file, error))?;
        }
        Ok(Arc::new(desk))
    }

    /// Screens where they stand, in their shell, with style sheet and script.
    pub(crate) fn screens(screens: Router, site: Site, shell: Shell, reached: Reached) -> Router {
        let pages = ProblemPages(site.clone());
        let screens = screens.merge(inrou_web::assets()).merge(inrou_web::connection(reached));
        shell.with_pages(Arc::new(pages)).wrap(site.visit(screens))
    }

    /// The paths in the configuration.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let calls = self.as_counter.paths().chain(self.as_hotline.paths());
        let servers = self.server.paths().chain(self.hotline.paths());
        [&mut self.folder].into_iter().chain(calls).chain(servers)
    }
}

/// Writes a file for its owner alone.
fn write_private(file: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
