//! A resident: record, card, phone, certificates, and what can be done.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query};
use inrou_api::wire::authority::{CertificateView, ResidentView};
use inrou_rules::{CertificateStatus, Medium, ResidentId, Sex, Standing};
use inrou_web::{Said, Visit, page};
use inrou_words::{Term, Value};
use serde::Deserialize;

use super::procedure::Which;
use crate::screens::Screens;
use crate::screens::call::{certificate, latest};
use crate::screens::visitor::Staff;
use crate::staff::{Duty, Member};

/// What was done just now.
#[derive(Deserialize)]
pub(in crate::screens) struct Done {
    done: Option<Which>,
}

#[derive(Template)]
#[template(path = "resident.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    member: &'a Member,
    practice: bool,
    view: &'a ResidentView,
    done: Option<Which>,
}

impl Shown<'_> {
    fn name(&self) -> Said<'_> {
        let attributes = &self.view.attributes;
        let name = Term { text: &attributes.name, reading: &attributes.name_reading };
        self.v.say("value.term").with("value", name)
    }

    fn address(&self) -> Said<'_> {
        let attributes = &self.view.attributes;
        let address = Term { text: &attributes.address, reading: &attributes.address_reading };
        self.v.say("value.term").with("value", address)
    }

    fn sex(&self) -> Said<'_> {
        self.v.say(match self.view.attributes.sex {
            Sex::Male => "sex.male",
            Sex::Female => "sex.female",
            Sex::Unknown => "sex.unknown",
        })
    }

    fn is_here(&self) -> bool {
        self.view.standing == Standing::Resident
    }

    fn certificates(&self) -> Vec<(Said<'_>, &'static str, Said<'_>)> {
        let found = latest(self.view.certificates.iter());
        found.into_iter().map(|found| certificate(self.v, found)).collect()
    }

    /// Whether something waits to be written on the card: what is on order, what was issued when the card was
    /// taken from the reader, PINs that were unlocked.
    fn is_waiting(&self) -> bool {
        let is_issued = |found: &CertificateView| {
            found.medium == Medium::Card && matches!(found.status, CertificateStatus::Issued)
        };
        self.view.card.as_ref().is_some_and(|card| {
            !card.ordered.is_empty()
                || !card.unlocked.is_empty()
                || self.view.certificates.iter().any(is_issued)
        })
    }

    /// The procedures that the member may carry out: each one's address and name.
    fn procedures(&self) -> Vec<(&'static str, Said<'_>)> {
        let lost = self.view.card.as_ref().is_some_and(|card| card.lost_since.is_some());
        let has_card = self.view.card.is_some();
        let offered = |which: &Which| {
            let is_possible = match which {
                Which::Record | Which::Departure => true,
                Which::Certificates | Which::Renewal | Which::Unlock => has_card && !lost,
                Which::Found => lost,
            };
            is_possible && self.is_here() && self.member.may(which.duty())
        };
        let all = Which::ALL.into_iter().filter(offered);
        all.map(|which| (which.as_str(), self.v.say(which.title()))).collect()
    }

    fn told(&self) -> Option<Said<'_>> {
        let which = self.done?;
        Some(self.v.say("counter.done").with("procedure", Value::Name(which.as_str())))
    }

    fn phone(&self) -> Option<Said<'_>> {
        let model = self.view.phone_model.as_deref()?;
        Some(self.v.say("value.term").with("value", Term { text: model, reading: "" }))
    }
}

/// The page.
pub(in crate::screens) async fn show(
    State(screens): State<Screens>,
    Path(id): Path<ResidentId>,
    Query(Done { done }): Query<Done>,
    staff: Staff,
    v: Visit,
) -> Result<Response, Problem> {
    let view = screens.desk.look_at(&staff.member, id).await?;
    let (member, practice) = (&staff.member, staff.sign_in.practice);
    page(&v, &Shown { v: &v, title: "counter.resident", member, practice, view: &view, done })
}
