//! A log-in that is used again: of the same browser, to the same client, where the site says so.

use inrou_api::problem::{Code, Problem};
use url::Url;

use super::{Again, AuthorizationRequest};
use crate::Provider;
use crate::clients::{Client, Counted, Use};
use crate::refused::Refused;
use crate::secrets::{Digest, base64url, sha256};
use crate::store::{Grant, Repeat, Store};

impl Provider {
    /// Answers a request without asking anybody, if it lets that be and a log-in of before covers it; or
    /// says that none does, if nobody may be asked. `None`: the phone is asked.
    ///
    /// # Errors
    /// `client-limit-reached`; the store's.
    pub(super) async fn again(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        browser: Digest,
        pushed: Option<Digest>,
    ) -> Result<Option<Url>, Problem> {
        let (max_age, may_ask) = match request.again {
            Again::No => return Ok(None),
            Again::Within(max_age) => (Some(max_age), true),
            Again::Only(max_age) => (max_age, false),
        };
        let state = request.state.as_deref();
        let back = |answer| self.answer(&request.redirect_uri, state, answer).map(Some);
        match self.covering(client, request, &browser, max_age).await? {
            Some(grant) => match self.repeat(client, grant, request, browser, pushed).await? {
                Some(code) => back(Ok(self.given(code, &client.id, request, &browser))),
                None => back(Err(&Refused::new(Code::REQUEST_URI_INVALID))),
            },
            None if may_ask => Ok(None),
            None => back(Err(&Refused::new(Code::PROMPT_NONE_IMPOSSIBLE))),
        }
    }

    /// The log-in that covers what is asked for.
    async fn covering(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        browser: &Digest,
        max_age: Option<i64>,
    ) -> Result<Option<Grant>, Problem> {
        let (id, browser, now) = (client.id.clone(), *browser, self.now());
        let latest = self.store(move |store| store.latest(&browser, &id, now)).await?;
        Ok(latest.filter(|grant| {
            let age = now.duration_since(grant.at).as_secs();
            request.scope.is_within(grant.scope)
                && max_age.is_none_or(|most| age <= most)
                && request.subject.as_ref().is_none_or(|subject| *subject == grant.subject)
        }))
    }

    /// The code of a grant like that one, which ends when that one does.
    async fn repeat(
        &self,
        client: &Client,
        of: Grant,
        request: &AuthorizationRequest,
        browser: Digest,
        pushed: Option<Digest>,
    ) -> Result<Option<String>, Problem> {
        let code = base64url(&self.random::<32>());
        let shares = !request.scope.attributes().is_empty();
        let grant = Grant {
            id: base64url(&self.random::<16>()),
            scope: request.scope,
            nonce: request.nonce.clone(),
            attributes: of.attributes.filter(|_| shares),
            ..of
        };
        let repeat = Repeat {
            grant,
            request: request.clone(),
            browser,
            code: sha256(code.as_bytes()),
            at: self.now(),
            until: self.until(self.settings.code_life),
            pushed,
        };
        let repeat = move |store: &dyn Store, one: &Use| store.repeat(&repeat, one);
        let is_first = self.one_more(client, Counted::LogIns, repeat).await?;
        Ok(is_first.then_some(code))
    }
}
