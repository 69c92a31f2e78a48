//! What the page shows.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use inrou_api::problem::{OrInternal, Problem};
use inrou_relying::anchors::fingerprint;
use inrou_rules::japan;
use inrou_web::{Choice, Field, Kind, Said, Trouble, Visit, page};
use inrou_words::Term;

use super::residents::{self, About, People};
use super::turning::{self, Event, PRESETS, UNITS};
use crate::fault::Fault;
use crate::person::{PHONE_PASSWORD, PHONE_PIN};
use crate::residents::TestResident;
use crate::sandbox::act::{Done, Outcome, Progress, Typed};
use crate::sandbox::keeper::Keeper;
use crate::sandbox::sites::LINKS;
use crate::sandbox::{ScenarioName, Snapshot, World};
use crate::whole::done;

/// What runs: the text that names it, and its API documents.
const RUNNING: [(&str, &[&str]); 3] = [
    ("home.authority", &["/authority/v1/openapi.json", "/ca/openapi.json"]),
    ("home.phone", &["/phone/v1/openapi.json"]),
    ("home.portal", &["/portal/v1/openapi.json"]),
];

#[derive(Template)]
#[template(path = "working.html")]
struct Working<'a> {
    v: &'a Visit,
    title: &'static str,
    progress: Progress,
    told: Option<u64>,
}

/// The page while an act is under way.
///
/// # Errors
/// `internal-error` if the template fails.
pub(super) fn working(
    v: &Visit,
    progress: Progress,
    told: Option<u64>,
) -> Result<Response, Problem> {
    page(v, &Working { v, title: "doing.title", progress, told })
}

/// The page: what there is, residents from place `from` on, and how that went which has the number
/// `told`.
///
/// # Errors
/// `internal-error` if something cannot be read.
pub(super) async fn home(
    v: &Visit,
    keeper: Arc<Keeper>,
    told: Option<u64>,
    from: usize,
) -> Result<Response, Problem> {
    let (now, addresses) = (v.now, keeper.plan.addresses.clone());
    let (log, lookup) = (keeper.log(), keeper.clone());
    let found = tokio::task::spawn_blocking(move || -> Result<_, Problem> {
        let there = lookup.world().map(|world| There::look(&world, from, now)).transpose()?;
        Ok((there, lookup.snapshots(), lookup.unfinished()))
    });
    let (there, snapshots, unfinished) = found.await.or_internal()??;
    let log = log.borrow();
    let outcome = told.and_then(|number| log.outcome(number));
    let unlisted = snapshots.as_ref().err();
    let (nothing, today) = (Typed::default(), japan::day(now).to_string());
    let shown = HomePage {
        v,
        title: "home.title",
        there: there.as_ref(),
        snapshots: snapshots.as_deref().unwrap_or_default(),
        outcome,
        unlisted,
        unfinished: unfinished.as_ref(),
        typed: outcome.map_or(&nothing, |outcome| &outcome.typed),
        start: keeper.plan.start,
        today: &today,
        phone: format!("{}/phones/", addresses.portal.replacen("localhost", "phone.localhost", 1)),
        portal: format!("{}/portal", addresses.portal),
        office: addresses.portal.replacen("localhost", "office.localhost", 1),
        hotline: addresses.portal.replacen("localhost", "hotline.localhost", 1),
        desk: addresses.portal.replacen("localhost", "desk.localhost", 1),
        sites: LINKS.map(|(host, label)| (addresses.portal.replacen("localhost", host, 1), label)),
    };
    page(v, &shown)
}

/// What there is while the roles run.
struct There {
    residents: Vec<TestResident>,
    people: People,
    events: Vec<Event>,
    anchors: Vec<Anchor>,
}

/// An issuer's certificate.
struct Anchor {
    /// Its address without the ending.
    path: String,
    sha256: String,
}

impl There {
    /// Blocks.
    fn look(world: &World, from: usize, now: jiff::Timestamp) -> Result<Self, Problem> {
        // A new generation may be due, which takes a key pair and a commit.
        let anchors = world.authority.trust_anchors().map_err(|failed| failed.0)?;
        let anchors = anchors.iter().map(|(usage, key)| Anchor {
            path: format!("/ca/{}/{}", usage.as_str(), key.generation),
            sha256: fingerprint(&key.certificate),
        });
        Ok(Self {
            people: residents::page(world, from, now)?,
            events: turning::events(&world.residents, now),
            anchors: anchors.collect(),
            residents: world.residents.clone(),
        })
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    v: &'a Visit,
    title: &'static str,
    /// `None` if the roles could not be started.
    there: Option<&'a There>,
    snapshots: &'a [Snapshot],
    outcome: Option<&'a Outcome>,
    /// Why the snapshots cannot be listed.
    unlisted: Option<&'a Fault>,
    /// That a scenario did not come to its end.
    unfinished: Option<&'a Fault>,
    typed: &'a Typed,
    /// At what time a new sandbox begins, if not at the present.
    start: Option<jiff::Timestamp>,
    /// The sandbox's present day in Japan, as such a field has it.
    today: &'a str,
    phone: String,
    portal: String,
    office: String,
    hotline: String,
    desk: String,
    /// The example sites, and what leads to each.
    sites: [(String, &'static str); LINKS.len()],
}

impl<'a> HomePage<'a> {
    fn fault(&self) -> Option<&'a Fault> {
        self.outcome.and_then(|outcome| outcome.done.as_ref().err())
    }

    fn troubles(&self) -> impl Iterator<Item = Trouble<'a>> {
        let v = self.v;
        let tell = move |fault: &'a Fault| Trouble::of(v, fault.code(), fault.params());
        let told = self.fault().map(|fault| self.leading_to_form(tell(fault)));
        told.into_iter().chain(self.unlisted.map(tell))
    }

    /// That a scenario did not come to its end: so it stands until a reset, and is no news at each look.
    fn unfinished(&self) -> Option<Trouble<'a>> {
        // Who is told why it stopped knows that it did.
        let stopped = self.fault().is_some_and(|fault| fault.code() == "scenario-failed");
        let unfinished = self.unfinished.filter(|_| !stopped)?;
        Some(Trouble::of(self.v, unfinished.code(), unfinished.params()))
    }

    /// Leading to what is faulty in the form that was not taken.
    fn leading_to_form(&self, trouble: Trouble<'a>) -> Trouble<'a> {
        let trouble = trouble.about([self.number(), self.date(), self.name()]);
        let places = [
            ("scenario", "nothing-chosen", "scenario-choice", "scenarios.choose"),
            ("snapshots", "nothing-chosen", "snapshots-choice", "snapshots.saved"),
            ("scenario", "loss-not-confirmed", "scenario-confirmed", "sandbox-act.confirm"),
            ("snapshots", "loss-not-confirmed", "snapshots-confirmed", "sandbox-act.confirm"),
            ("reset", "loss-not-confirmed", "reset-confirmed", "sandbox-act.confirm"),
        ];
        let faulty =
            places.into_iter().filter(|(form, code, ..)| self.wrong(form, &[code]).is_some());
        faulty.fold(trouble, |trouble, (_, _, id, label)| trouble.leading_to(id, self.v.say(label)))
    }

    /// What was done.
    fn done(&self) -> Option<Said<'a>> {
        Some(match self.outcome?.done.as_ref().ok()? {
            Done::Turned(now) => self.v.say("act-done.turned").with("now", *now),
            Done::Act(act) => done(act, self.v.language).into(),
        })
    }

    /// What a form's field held when it was not taken.
    fn typed(&self, field: &str) -> &'a str {
        self.typed.0.get(field).map_or("", String::as_str)
    }

    /// What is wrong with a form, if it is that with one of these codes.
    fn wrong(&self, form: &str, codes: &[&str]) -> Option<Said<'a>> {
        let fault = self.fault().filter(|fault| codes.contains(&fault.code()))?;
        let is_here = self.typed("form") == form;
        is_here.then(|| Trouble::of(self.v, fault.code(), fault.params()).what())
    }

    fn number(&self) -> Field<'a> {
        let v = self.v;
        Field::new(v, "number", Kind::Number, v.say("turn.number"))
            .support(v.say("turn.number-support"))
            .value(self.typed("number"))
            .fault(self.wrong("clock", &["length-not-readable"]))
    }

    fn units(&self) -> impl Iterator<Item = Choice<'a>> {
        let (v, typed) = (self.v, self.typed("unit"));
        UNITS.into_iter().map(move |(value, label)| Choice {
            name: "unit",
            value,
            label: v.say(label),
            support: None,
            checked: if typed.is_empty() { value == "h" } else { value == typed },
            one_of_several: true,
            faulty: false,
        })
    }

    /// The present day stands in it at first.
    fn date(&self) -> Field<'a> {
        let v = self.v;
        let codes = ["day-not-readable", "clock-backwards", "time-out-of-range"];
        let is_to = self.typed("turn") == "to";
        Field::new(v, "date", Kind::Date, v.say("turn.date"))
            .support(v.say("turn.date-support"))
            .value(if is_to { self.typed("date") } else { self.today })
            .fault(self.wrong("clock", &codes).filter(|_| is_to))
    }

    fn time(&self) -> Field<'a> {
        let v = self.v;
        Field::new(v, "time", Kind::Time, v.say("turn.time"))
            .support(v.say("turn.time-support"))
            .value(self.typed("time"))
    }

    fn name(&self) -> Field<'a> {
        let v = self.v;
        let codes = ["snapshot-name-malformed", "snapshot-name-taken"];
        Field::new(v, "name", Kind::Text, v.say("snapshots.name"))
            .support(v.say("snapshots.name-support"))
            .value(self.typed("name"))
            .fault(self.wrong("save", &codes))
    }

    fn scenarios(&self) -> impl Iterator<Item = (&'static str, String, String)> {
        ScenarioName::all().map(|name| {
            let name = name.as_str();
            (name, format!("scenario.{name}"), format!("scenario-about.{name}"))
        })
    }

    /// What the clock shows after a reset.
    fn begins(&self) -> Said<'a> {
        match self.start {
            Some(start) => self.v.say("reset.clock-start").with("start", start),
            None => self.v.say("reset.clock-present"),
        }
    }

    fn phone_pins(&self) -> Said<'a> {
        let term = |text| Term { text, reading: "" };
        let said = self.v.say("scenarios.pins");
        said.with("password", term(PHONE_PASSWORD)).with("pin", term(PHONE_PIN))
    }

    fn saved(&self, snapshot: &Snapshot) -> Said<'a> {
        let megabytes = snapshot.size.div_ceil(1 << 20);
        self.v.say("snapshots.shows").with("at", snapshot.at).with("size", megabytes)
    }
}
