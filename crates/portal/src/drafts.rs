//! What was typed and not sent yet: kept for an hour, so that neither the end of the session, nor another
//! page, nor another language, nor a restart loses it. Whoever typed it finds it again. A field says how much it
//! takes; what a form sends in spite of that is no longer than a request may be.

use std::collections::BTreeMap;

use inrou_api::problem::Problem;
use jiff::SignedDuration;

use crate::Portal;
use crate::store::Draft;

/// How long.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

impl Portal {
    /// Keeps what was typed into a form, in place of what was kept before.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn keep_draft(
        &self,
        owner: &str,
        form: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        let draft = Draft {
            owner: owner.to_owned(),
            form: form.to_owned(),
            fields: fields.clone(),
            expires: self.until(KEPT),
        };
        self.store(move |store| store.keep_draft(&draft)).await
    }

    /// What is kept of somebody's, newest first.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn drafts(&self, owner: &str) -> Result<Vec<Draft>, Problem> {
        let (owner, now) = (owner.to_owned(), self.now());
        self.store(move |store| store.drafts(&owner, now)).await
    }

    /// What was typed into one form.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn draft(
        &self,
        owner: &str,
        form: &str,
    ) -> Result<Option<BTreeMap<String, String>>, Problem> {
        let drafts = self.drafts(owner).await?;
        Ok(drafts.into_iter().find(|draft| draft.form == form).map(|draft| draft.fields))
    }

    /// Forgets it: it was sent, or given up.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn forget_draft(&self, owner: &str, form: &str) -> Result<(), Problem> {
        let (owner, form) = (owner.to_owned(), form.to_owned());
        self.store(move |store| store.forget_draft(&owner, &form)).await
    }
}
