//! The use history (USE-7): what was done at the portal, merged with what the authority knows.

use std::collections::{BTreeMap, VecDeque};

use inrou_api::client::ClientError;
use inrou_api::page::{Cursor, Limit, Page};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::authority::{HistoryEntry, LogProof};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Portal;
use crate::holders::unavailable;
use crate::store::{Entry, Logged, Session, Store};

/// How many entries are read at a time.
const BATCH: usize = 100;

/// Most entries that are looked at for one answer: with a filter there may be more to pass over.
const MOST: usize = 2_000;

/// What of the history is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct HistoryQuery {
    /// Where to go on.
    pub(crate) cursor: Option<Cursor>,
    /// How many entries at most.
    pub(crate) limit: Limit,
    /// Only entries of this code.
    pub(crate) code: Option<String>,
    /// Only what happened at this time or later.
    pub(crate) from: Option<Timestamp>,
    /// Only what happened before this time.
    pub(crate) to: Option<Timestamp>,
}

/// An act for a resident's history, named so that it is entered once.
pub(crate) fn entry(
    subject: &str,
    act: String,
    at: Timestamp,
    code: &'static str,
    actor: &'static str,
) -> Entry {
    Entry { subject: subject.to_owned(), act, at, code, params: BTreeMap::new(), actor }
}

impl Entry {
    /// With a parameter; never an attribute value.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.params.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Portal {
    /// The resident's history, newest first. A page may be shorter than asked for, or empty, and yet
    /// have a next one.
    ///
    /// # Errors
    /// `bad-request` for a cursor of another list; `service-unavailable` if the authority cannot be
    /// asked; the store's.
    pub(crate) async fn history(
        &self,
        session: &Session,
        query: &HistoryQuery,
    ) -> Result<Page<HistoryEntry>, Problem> {
        let position = query.cursor.as_ref().map(Cursor::position).transpose()?;
        let mut merged = Merged {
            portal: self,
            subject: &session.subject,
            position: position.unwrap_or_else(|| Position::at(self.now())),
            own: VecDeque::new(),
            theirs: None,
        };
        let mut items = Vec::new();
        for _ in 0..MOST {
            if items.len() == query.limit.count() {
                break;
            }
            match merged.next().await? {
                Some(entry) if query.from.is_none_or(|from| entry.at >= from) => {
                    let in_time = query.to.is_none_or(|to| entry.at < to);
                    if in_time && query.code.as_ref().is_none_or(|code| *code == entry.code) {
                        items.push(entry);
                    }
                }
                // Whatever follows is older still.
                _ => return Ok(Page { items, next: None }),
            }
        }
        let next = if merged.is_at_end().await? {
            None
        } else {
            Some(Cursor::after(&merged.position).or_internal()?)
        };
        Ok(Page { items, next })
    }
}

impl Portal {
    /// The proof that an entry of the resident's history is in the authority's log.
    ///
    /// # Errors
    /// `not-found` if it is none of the resident's; `log-broken`; `service-unavailable` if the authority
    /// cannot be asked.
    pub(crate) async fn history_proof(
        &self,
        session: &Session,
        index: u64,
    ) -> Result<LogProof, Problem> {
        let path = format!("/holders/{}/history/{index}/proof", session.subject);
        self.authority.get(&path).answer().await.map_err(|error| {
            let told = [Code::NOT_FOUND, Code::LOG_BROKEN];
            let told = told
                .into_iter()
                .find(|code| error.problem().is_some_and(|problem| problem.is(*code)));
            told.map_or_else(|| unavailable(error), Problem::new)
        })
    }
}

/// How far both histories have been told.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Position {
    /// When the first page was asked for: what came later is not in this list, so that pages do not
    /// shift.
    until: Timestamp,
    /// The own entry that was told last.
    own: Option<u64>,
    /// The authority's page.
    page: Option<Cursor>,
    /// How many of its entries have been told.
    told: usize,
}

impl Position {
    fn at(until: Timestamp) -> Self {
        Self { until, own: None, page: None, told: 0 }
    }
}

/// Both histories, newest first.
struct Merged<'a> {
    portal: &'a Portal,
    subject: &'a str,
    position: Position,
    /// Own entries that were read and not told yet.
    own: VecDeque<Logged>,
    /// What of the authority's page is not told yet; `None` before it was fetched.
    theirs: Option<Fetched>,
}

struct Fetched {
    rest: VecDeque<HistoryEntry>,
    next: Option<Cursor>,
}

impl Merged<'_> {
    /// The next entry of the two.
    async fn next(&mut self) -> Result<Option<HistoryEntry>, Problem> {
        let (own, theirs) = (self.peek_own().await?, self.peek_theirs().await?);
        let own_is_next = match (own, theirs) {
            (Some(own), Some(theirs)) => own >= theirs,
            (own, _) => own.is_some(),
        };
        if own_is_next {
            let Some(entry) = self.own.pop_front() else {
                return Ok(None);
            };
            self.position.own = Some(entry.sequence);
            return Ok(Some(HistoryEntry {
                at: entry.at,
                code: entry.code,
                params: entry.params,
                actor: entry.actor,
                index: None,
            }));
        }
        let page = self.theirs.as_mut();
        let entry = page.and_then(|page| page.rest.pop_front());
        self.position.told += usize::from(entry.is_some());
        Ok(entry)
    }

    async fn is_at_end(&mut self) -> Result<bool, Problem> {
        Ok(self.peek_own().await?.is_none() && self.peek_theirs().await?.is_none())
    }

    /// When the next own entry happened.
    async fn peek_own(&mut self) -> Result<Option<Timestamp>, Problem> {
        if self.own.is_empty() {
            let (subject, before) = (self.subject.to_owned(), self.position.own);
            let until = self.position.until;
            let read = move |store: &dyn Store| store.history(&subject, before, until, BATCH);
            self.own = self.portal.store(read).await?.into();
        }
        Ok(self.own.front().map(|entry| entry.at))
    }

    /// When the authority's next entry happened.
    async fn peek_theirs(&mut self) -> Result<Option<Timestamp>, Problem> {
        loop {
            let page = match self.theirs.take() {
                Some(page) => page,
                None => self.fetch().await?,
            };
            let page = self.theirs.insert(page);
            if let Some(entry) = page.rest.front() {
                return Ok(Some(entry.at));
            }
            let Some(next) = page.next.take() else {
                return Ok(None);
            };
            self.position.page = Some(next);
            self.position.told = 0;
            self.theirs = None;
        }
    }

    async fn fetch(&self) -> Result<Fetched, Problem> {
        let limit = BATCH.to_string();
        let path = format!("/holders/{}/history", self.subject);
        let mut call = self.portal.authority.get(&path).query([("limit", limit.as_str())]);
        if let Some(page) = &self.position.page {
            call = call.query([("cursor", page.as_str())]);
        }
        let page: Page<HistoryEntry> = call.answer().await.map_err(|error| match &error {
            // What a cursor that was made by hand names is no page of the authority's.
            ClientError::Problem(problem)
                if self.position.page.is_some() && problem.is(Code::BAD_REQUEST) =>
            {
                Problem::bad_request("cursor")
            }
            _ => unavailable(error),
        })?;
        let entries = page.items.into_iter();
        let entries = entries.filter(|entry| entry.at <= self.position.until);
        Ok(Fetched { rest: entries.skip(self.position.told).collect(), next: page.next })
    }
}
