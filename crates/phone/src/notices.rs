//! Notices from the authority (HOURS-2): a task for each registered phone in use listens for them.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use inrou_api::client::{Client, ClientError};
use inrou_api::problem::Problem;
use inrou_api::server::{Shutdown, Wait, long_poll};
use inrou_api::wire::authority::{Notice, Notices};

use crate::phone::Phone;

/// How long the authority is asked to hold an answer back, in seconds.
const HOLD: u32 = 30;

/// How many notices a phone remembers, the newest.
const MOST: usize = 200;

/// How long, in real time, the task rests when the authority does not answer: at first, and at most.
const FIRST_REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Phone {
    /// Listens for notices from now on, as long as the phone is in use.
    pub(crate) fn listen(self: &Arc<Self>) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.is_none() {
            let (phone, client) = (Arc::downgrade(self), self.authority.clone());
            let task = tokio::spawn(listen(phone, client, self.parts.shutdown.clone()));
            *listener = Some(task.abort_handle());
        }
    }

    /// The notices after the one numbered `since`, waited for if there is none.
    ///
    /// # Errors
    /// None of its own.
    pub(crate) async fn notices(&self, since: u64, wait: Wait) -> Result<Notices, Problem> {
        let look = || async move {
            let live = self.live();
            let new = live.notices.iter().filter(|notice| notice.sequence > since);
            let new: Vec<Notice> = new.cloned().collect();
            Ok::<_, Problem>(Some(new).filter(|new| !new.is_empty()))
        };
        let changes = self.changed.subscribe();
        let found = long_poll(changes, wait.duration(), &self.parts.shutdown, look).await?;
        let notices = found.unwrap_or_default();
        let next = notices.last().map_or(since, |last| last.sequence);
        Ok(Notices { notices, next })
    }

    /// Takes new notices, and looks how things stand with the authority.
    async fn notified(self: &Arc<Self>, new: Vec<Notice>) -> Result<(), Problem> {
        self.look().await?;
        self.save().await?;
        {
            let mut live = self.live();
            live.notices.extend(new);
            let too_many = live.notices.len().saturating_sub(MOST);
            live.notices.drain(..too_many);
        }
        self.changed.send_replace(());
        Ok(())
    }
}

/// All notices are asked for from the first on: what was heard before a restart is heard again.
async fn listen(phone: Weak<Phone>, client: Client, shutdown: Shutdown) {
    let (mut since, mut rest) = (0, FIRST_REST);
    loop {
        let heard = tokio::select! {
            heard = ask(&client, since) => heard.map_err(Problem::from),
            () = shutdown.triggered() => return,
        };
        let Some(phone) = phone.upgrade() else { return };
        let happens = heard.as_ref().is_ok_and(|heard| !heard.notices.is_empty());
        let taken = match heard {
            Ok(Notices { notices, .. }) if notices.is_empty() => Ok(since),
            Ok(Notices { notices, next }) => phone.notified(notices).await.map(|()| next),
            Err(problem) => Err(problem),
        };
        // MOVE-3: it is on the network, and knows that it has to.
        if taken.is_ok()
            && phone.has_to_delete(happens)
            && let Err(problem) = phone.clone().delete_by_itself().await
        {
            tracing::debug!(%problem, "what is due was not deleted yet");
        }
        drop(phone);
        match taken {
            Ok(next) => (since, rest) = (next, FIRST_REST),
            Err(problem) => {
                tracing::debug!(%problem, "notices were not heard");
                tokio::select! {
                    () = tokio::time::sleep(rest) => rest = LONGEST_REST.min(rest * 2),
                    () = shutdown.triggered() => return,
                }
            }
        }
    }
}

async fn ask(client: &Client, since: u64) -> Result<Notices, ClientError> {
    let (since, wait) = (since.to_string(), HOLD.to_string());
    client
        .get("/notices")
        .query([("since", since.as_str()), ("wait", wait.as_str())])
        .waiting(Duration::from_secs(HOLD.into()))
        .answer()
        .await
}
