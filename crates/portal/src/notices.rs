//! Notices to residents (USE-2). Most are given by what happens; a vaccination's falls due by the clock, and
//! is given, once and for good, when its resident's notices are next looked at, however that is done.

use std::collections::BTreeMap;

use inrou_api::problem::Problem;
use inrou_api::server::{Shutdown, Wait, long_poll};
use inrou_api::wire::authority::{Notice, Notices};
use inrou_rules::japan;
use jiff::Timestamp;

use crate::Portal;
use crate::holders::soon;
use crate::own::Vaccination;
use crate::store::{Due, Session};

/// Most notices in one answer; the next one begins after them.
const MOST: usize = 100;

impl Portal {
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
        let next = self.give_due(&session).await;
        tokio::select! {
            notices = self.notices_given(&session, since, wait, shutdown) => notices,
            // One falls due by the clock, without a change.
            () = self.clock.wait_until(next.unwrap_or(Timestamp::MAX)) => {
                self.give_due(&session).await;
                self.notices_given(&session, since, Wait::from(0), shutdown).await
            }
        }
    }

    /// The resident's notices, newest first, from the one before `before` on.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn latest_notices(
        &self,
        session: &Session,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Notice>, Problem> {
        self.give_due(session).await;
        let subject = session.subject.clone();
        self.store(move |store| store.latest_notices(&subject, before, limit)).await
    }

    /// How many notices came after one, counted up to a bound, and the newest of all.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn new_notices(
        &self,
        session: &Session,
        seen: u64,
    ) -> Result<(u64, u64), Problem> {
        let latest = self.latest_notices(session, None, MOST).await?;
        let new = latest.iter().filter(|notice| notice.sequence > seen).count();
        Ok((new as u64, latest.first().map_or(0, |newest| newest.sequence)))
    }

    async fn notices_given(
        &self,
        session: &Session,
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

    /// Gives the resident the notices of vaccinations that are due; when the next one will be. Whoever
    /// cannot be asked is asked at the next look.
    async fn give_due(&self, session: &Session) -> Option<Timestamp> {
        self.own.as_ref()?;
        let vaccinations = match soon(self.own_records(session)).await {
            Ok(records) => records.vaccinations,
            Err(problem) => {
                tracing::info!(code = problem.code(), "vaccinations cannot be told now");
                return None;
            }
        };
        let now = self.now();
        let (due, later): (Vec<_>, Vec<_>) = vaccinations
            .iter()
            .filter(|vaccination| japan::day(now) <= vaccination.until)
            .map(notice_of)
            .partition(|due| due.at <= now);
        for due in due {
            if let Err(problem) = self.give(session, due).await {
                tracing::warn!(code = problem.code(), "a notice could not be given");
            }
        }
        later.iter().map(|due| due.at).min()
    }

    /// Gives the resident a notice, once, and wakes who waits for one.
    async fn give(&self, session: &Session, due: Due) -> Result<(), Problem> {
        let (subject, known) = (session.subject.clone(), due.clone());
        if self.store(move |store| store.has_notice(&subject, &known.about)).await? {
            return Ok(());
        }
        let subject = session.subject.clone();
        self.change(move |store| store.notify_once(&subject, &due)).await
    }
}

/// The notice of a vaccination, from the first day on.
fn notice_of(vaccination: &Vaccination) -> Due {
    let Vaccination { vaccine, name, from, until } = vaccination;
    let is_listed = || inrou_words::text(&format!("vaccine.{vaccine}")).exists();
    let (code, called) = match name {
        Some(name) => (
            "vaccination-named-due",
            vec![
                ("vaccine", name.ja.clone()),
                ("vaccine_reading", name.reading.clone()),
                ("vaccine_en", name.en.clone()),
            ],
        ),
        None if is_listed() => ("vaccination-due", vec![("vaccine", vaccine.clone())]),
        None => ("vaccination-unlisted-due", vec![("code", vaccine.clone())]),
    };
    let params = called.into_iter().chain([("until", until.to_string())]);
    Due {
        about: format!("vaccination:{vaccine}:{from}"),
        at: japan::moment(from.at(0, 0, 0, 0)),
        code,
        params: params.map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>(),
    }
}
