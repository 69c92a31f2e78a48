//! Which name shows which screens.

use std::sync::Arc;

use inrou_api::server::{Hosts, Shell};
use inrou_phone::{Fleet, screens as phone};
use inrou_web::ProblemPages;

/// What has screens at a name of its own.
pub(super) struct Screens {
    pub phone: Arc<Fleet>,
}

impl Screens {
    /// Shows them beside what `hosts` answers to already.
    pub(super) fn show(&self, hosts: Hosts, shell: impl Fn() -> Shell) -> Hosts {
        let problems = ProblemPages(phone::site(&self.phone));
        let shell = shell().with_pages(Arc::new(problems));
        hosts.at(["phone.localhost"], &shell.wrap(phone::router(self.phone.clone())))
    }
}
