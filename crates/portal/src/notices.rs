//! Notices to residents (USE-2).

use inrou_api::problem::Problem;
use inrou_api::server::{Shutdown, Wait, long_poll};
use inrou_api::wire::authority::Notices;

use crate::Portal;
use crate::store::{Due, Session};

/// Most notices in one answer; the next one begins after them.
const MOST: usize = 100;

impl Portal {
    /// Gives the resident a notice, once, and wakes who waits for one.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn give(&self, session: &Session, due: Due) -> Result<(), Problem> {
        let (subject, known) = (session.subject.clone(), due.clone());
        if self.store(move |store| store.has_notice(&subject, &known.about)).await? {
            return Ok(());
        }
        let subject = session.subject.clone();
        self.change(move |store| store.notify_once(&subject, &due)).await
    }

    /// The resident's notices after `since`, at once or as soon as there is one.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn notices(
        &self,
        session: Session,
        since: u64,
        wait: Wait,
        shutdown: &Shutdown,
    ) -> Result<Notices, Problem> {
        let look = || {
            let subject = session.subject.clone();
            async move {
                let notices = self.store(move |store| store.notices(&subject, since, MOST));
                let notices = notices.await?;
                Ok::<_, Problem>((!notices.is_empty()).then_some(notices))
            }
        };
        let found = long_poll(self.changes(), wait.duration(), shutdown, look).await?;
        let notices = found.unwrap_or_default();
        let next = notices.last().map_or(since, |last| last.sequence);
        Ok(Notices { notices, next })
    }
}
