//! Online applications (USE-2): a form becomes a document, which the resident signs on the phone.

mod document;
mod form;

use inrou_api::idempotency::Keyed;
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Shutdown, Wait};
use inrou_api::wire::Base64;
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationDrawnUp, ApplicationState, ApplicationView, DrawUpApplication,
    OfficeState, Procedure, SignedDocument,
};
use inrou_api::wire::transaction::{Purpose, TransactionState};
use inrou_relying::Checks;
use inrou_rules::{Attributes, Municipality, japan};
use inrou_words::{Place, places};
use jiff::{SignedDuration, Timestamp};

use crate::Portal;
use crate::history::entry;
use crate::secrets::sha256;
use crate::store::{Application, NewApplication, Request, Session, procedure_name};
use form::{ChildAllowance, MovingOut};

pub(crate) use form::LONGEST;

/// How long a repeated request is recognised.
pub(crate) const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

impl Portal {
    /// Draws an application up, once a request.
    ///
    /// # Errors
    /// `fields-invalid` with every field's fault; `municipality-unknown` if the address is of no
    /// municipality that is known; `service-unavailable`; the store's.
    pub(crate) async fn draw_up(
        &self,
        session: Session,
        request: Keyed,
        form: DrawUpApplication,
    ) -> Result<ApplicationDrawnUp, Problem> {
        let id = self.secrets.application(&request);
        self.draw_up_as(id, session, request, form).await
    }

    /// Whether a form could be drawn up as it is; gives who applies.
    ///
    /// # Errors
    /// As [`draw_up`](Self::draw_up).
    pub(crate) async fn check(
        &self,
        session: &Session,
        form: &DrawUpApplication,
    ) -> Result<Attributes, Problem> {
        let applicant = self.applicant(session).await?;
        document("", form, &applicant, self.now())?;
        Ok(applicant)
    }

    /// Asks anew for the signature of an application that was not signed in time, or whose signature
    /// was refused or did not pass: it is drawn up anew from the same fields. While the phone is still
    /// asked nothing changes.
    ///
    /// # Errors
    /// `not-found`; `application-settled` if it is signed; as [`draw_up`](Self::draw_up).
    pub(crate) async fn sign_again(
        &self,
        session: Session,
        request: Keyed,
        id: String,
    ) -> Result<ApplicationDrawnUp, Problem> {
        let application = self.own(&session, id).await?;
        let form =
            DrawUpApplication { procedure: application.procedure, fields: application.fields };
        self.draw_up_as(application.id, session, request, form).await
    }

    /// The resident's applications, newest first.
    ///
    /// # Errors
    /// `bad-request` for a cursor of another list; the store's.
    pub(crate) async fn applications(
        &self,
        session: Session,
        query: PageQuery,
    ) -> Result<Page<ApplicationView>, Problem> {
        let (before, limit, now) = (query.position()?, query.limit, self.now());
        let found = self
            .store(move |store| store.applications(&session.subject, before, limit.count() + 1));
        let Page { items: found, next } =
            Page::of(found.await?, limit, |found| found.sequence).or_internal()?;
        let mut items = Vec::with_capacity(found.len());
        for found in found {
            items.push(view(&self.standing(found).await?, now));
        }
        Ok(Page { items, next })
    }

    /// One of the resident's applications, at once or as soon as the phone is no longer asked.
    ///
    /// # Errors
    /// `not-found`; the store's.
    pub(crate) async fn application(
        &self,
        session: Session,
        id: String,
        wait: Wait,
        shutdown: &Shutdown,
    ) -> Result<ApplicationDetail, Problem> {
        let look = || async {
            let found = self.own(&session, id.clone()).await?;
            Ok(Some(found.transaction))
        };
        self.settles(look, wait, shutdown).await?;
        let now = self.now();
        let found = self.own(&session, id).await?;
        Ok(ApplicationDetail {
            view: view(&found, now),
            fields: found.fields,
            document: found.document,
        })
    }

    /// What the resident signed, with the signature. The history says once a session that it was
    /// opened.
    ///
    /// # Errors
    /// `not-found`; `application-settled` if it is not signed; the store's.
    pub(crate) async fn signed_document(
        &self,
        session: Session,
        id: String,
    ) -> Result<SignedDocument, Problem> {
        let found = self.own(&session, id).await?;
        let received = found.received.as_ref();
        let received = received.ok_or_else(|| Problem::new(Code::APPLICATION_SETTLED))?;
        let signed = SignedDocument {
            document: found.document.clone(),
            cms: Base64(received.receipt.cms.clone()),
        };
        let act = format!("view:{}:{}", session.id, found.id);
        let entry = entry(&found.subject, act, self.now(), "document-viewed", "holder")
            .with("procedure", found.procedure_name());
        self.change(move |store| store.enter(&entry)).await?;
        Ok(signed)
    }

    /// An application of this resident's; what is somebody else's is not found.
    pub(crate) async fn own(&self, session: &Session, id: String) -> Result<Application, Problem> {
        let found = self.store(move |store| store.application(&id)).await?;
        let found = found.filter(|found| found.subject == session.subject);
        self.standing(found.ok_or_else(|| Problem::new(Code::NOT_FOUND))?).await
    }

    /// An application whose transaction has ended if its time is over.
    async fn standing(&self, found: Application) -> Result<Application, Problem> {
        let transaction = self.ended_in_time(Some(found.transaction)).await?;
        let transaction = transaction.ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
        Ok(Application { transaction, ..found })
    }

    async fn draw_up_as(
        &self,
        id: String,
        session: Session,
        request: Keyed,
        form: DrawUpApplication,
    ) -> Result<ApplicationDrawnUp, Problem> {
        let asked = request.clone();
        if self.store(move |store| store.is_repeated(&asked)).await? {
            return Ok(self.drawn_up(self.own(&session, id).await?));
        }
        let applicant = self.applicant(&session).await?;
        let now = self.now();
        let (document, municipality) = document(&id, &form, &applicant, now)?;
        let life = self.settings.signing_life;
        // Nobody but this resident can sign it: another's page cannot go on from it.
        let page = sha256(session.subject.as_bytes());
        let transaction =
            self.new_transaction(Purpose::Sign, document, life, (page, Checks::default()));
        let act = format!("draw-up:{}", transaction.id.as_str());
        let entry = entry(&session.subject, act, now, "application-drawn-up", "holder")
            .with("procedure", procedure_name(form.procedure));
        let new = NewApplication {
            request: Request { keyed: request, expires: self.until(REMEMBERED) },
            id,
            subject: session.subject,
            procedure: form.procedure,
            fields: form.fields,
            municipality,
            at: now,
            transaction,
            entry,
        };
        let drawn_up = self.change(move |store| store.draw_up(&new)).await?;
        let drawn_up = drawn_up.ok_or_else(|| Problem::new(Code::APPLICATION_SETTLED))?;
        Ok(self.drawn_up(drawn_up))
    }

    fn drawn_up(&self, application: Application) -> ApplicationDrawnUp {
        ApplicationDrawnUp {
            application: application.id,
            document: application.document,
            link: self.link(&application.transaction),
            expires: application.transaction.expires,
            transaction: application.transaction.id,
        }
    }

    /// The resident's attributes as the register has them now. The portal keeps them in documents
    /// alone.
    pub(crate) async fn applicant(&self, session: &Session) -> Result<Attributes, Problem> {
        let holder = self.holder(&session.certificate).await?;
        let holder = holder.filter(|holder| holder.subject == session.subject);
        let holder = holder.ok_or_else(|| Problem::new(Code::LOGIN_REQUIRED))?;
        holder.attributes.ok_or_else(|| Problem::internal(NotTold))
    }
}

/// The authority does not let this portal know attributes.
#[derive(Debug, thiserror::Error)]
#[error("the authority's settings do not let this portal know attributes")]
struct NotTold;

/// The document of a form, and to whom it is addressed.
fn document(
    id: &str,
    form: &DrawUpApplication,
    applicant: &Attributes,
    now: Timestamp,
) -> Result<(String, Municipality), Problem> {
    let today = japan::day(now);
    let place = || {
        let place = place_of(&applicant.address);
        place.ok_or_else(|| Problem::new(Code::MUNICIPALITY_UNKNOWN))
    };
    Ok(match form.procedure {
        Procedure::MovingOut => {
            let said = MovingOut::read(&form.fields, &applicant.address, today)?;
            let place = place()?;
            (document::moving_out(id, &said, applicant, place, today), place.code)
        }
        Procedure::ChildAllowance => {
            let said = ChildAllowance::read(&form.fields, today)?;
            let place = place()?;
            (document::child_allowance(id, &said, applicant, place, today), place.code)
        }
    })
}

/// The municipality of an address that begins with its prefecture. Between the two a town or village
/// may name its district (郡).
fn place_of(address: &str) -> Option<&'static Place> {
    let longest = |begins: &dyn Fn(&str, &str) -> bool| {
        let fits = |place: &&Place| {
            let rest = address.strip_prefix(place.prefecture.kanji);
            rest.is_some_and(|rest| begins(rest, place.municipality.kanji))
        };
        // One name may be the beginning of another.
        places().iter().filter(fits).max_by_key(|place| place.municipality.kanji.len())
    };
    let below_district = |rest: &str, name: &str| {
        rest.split_once('郡').is_some_and(|(_, rest)| rest.starts_with(name))
    };
    longest(&|rest, name| rest.starts_with(name)).or_else(|| longest(&below_district))
}

/// An application as its resident sees it.
fn view(application: &Application, now: Timestamp) -> ApplicationView {
    ApplicationView {
        application: application.id.clone(),
        procedure: application.procedure,
        drawn_up: application.drawn_up,
        reference: application.reference(),
        state: state(application, now),
    }
}

/// Where it stands.
pub(crate) fn state(application: &Application, now: Timestamp) -> ApplicationState {
    let transaction = &application.transaction;
    let Some(received) = &application.received else {
        return match transaction.state(now) {
            TransactionState::Open => ApplicationState::WaitsForSignature,
            _ => ApplicationState::NotSigned { code: transaction.result(now).unwrap_or_default() },
        };
    };
    let at = received.decided.unwrap_or(received.at);
    match received.state {
        OfficeState::Received => ApplicationState::Received { at },
        OfficeState::Accepted => ApplicationState::Accepted { at },
        OfficeState::Returned => {
            ApplicationState::Returned { at, reason: received.reason.clone().unwrap_or_default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_municipality() {
        for (address, name) in [
            ("東京都清瀬市中里１－２－３", Some("清瀬市")),
            ("神奈川県横浜市西区見本町２", Some("横浜市")),
            ("東京都西多摩郡瑞穂町見本１", Some("瑞穂町")),
            ("東京都大島町元町１", Some("大島町")),
            ("福島県郡山市見本町１", Some("郡山市")),
            ("奈良県大和郡山市見本町１", Some("大和郡山市")),
            ("清瀬市中里１", None),
            ("東京都", None),
            ("火星", None),
        ] {
            let found = place_of(address).map(|place| place.municipality.kanji);
            assert_eq!(found, name, "{address}");
        }
    }
}
