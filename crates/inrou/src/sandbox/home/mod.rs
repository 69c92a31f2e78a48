//! The sandbox's home: one page with its residents, its parties, its clock, scenarios and snapshots. It
//! stands before the gate, so that it can be looked at while the roles are stopped.
//!
//! Every form is answered with the address of the page that tells how it went, by its number.

mod forms;
mod residents;
#[cfg(test)]
mod tests;
mod turning;
mod view;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::{Query, Shutdown, long_poll};
use inrou_web::{Form, Further, Place, Seen, Site, Visit, further};
use serde::Deserialize;

use super::act::{Act, Done};
use super::keeper::Keeper;
use super::screens::pages;
use crate::fault::Fault;
use forms::Sent;

/// How long a form waits for what it began before the page shows how far it is.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How long the page waits for the work to go on.
const HOLD: Duration = Duration::from_secs(20);

/// What the page stands on.
#[derive(Clone)]
struct Home {
    keeper: Arc<Keeper>,
    told: Shutdown,
}

/// The page in its shell.
pub(super) fn router(keeper: Arc<Keeper>, told: Shutdown) -> Router {
    let home = keeper.plan.addresses.portal.as_str().into();
    let site = Site::new(Place::Sandbox, keeper.clock.clone()).at_home(home);
    let shell = pages(keeper.plan.shell(&keeper.clock), site.clone());
    let entropy = keeper.plan.entropy.clone();
    let router = Router::new()
        .route("/", get(show))
        .route("/sandbox/progress", get(progress))
        .route("/sandbox/clock", get(back).post(turn))
        .route("/sandbox/scenario", get(back).post(play))
        .route("/sandbox/snapshots", get(back).post(save))
        .route("/sandbox/snapshots/choose", get(back).post(choose))
        .route("/sandbox/reset", get(back).post(reset))
        .with_state(Home { keeper, told })
        .merge(inrou_web::assets());
    shell.wrap(site.wrap(router, &*entropy))
}

/// What the page is to show.
#[derive(Deserialize)]
struct Asked {
    /// Which outcome.
    told: Option<u64>,
    /// Residents from which place in their list on.
    #[serde(default)]
    from: usize,
}

async fn show(
    State(home): State<Home>,
    Query(asked): Query<Asked>,
    v: Visit,
) -> Result<Response, Problem> {
    let Asked { told, from } = asked;
    let progress = home.keeper.log().borrow().progress();
    match progress {
        Some(progress) => view::working(&v, progress, told),
        None => view::home(&v, home.keeper, told, from).await,
    }
}

/// From an address that takes a form alone to the page.
async fn back() -> Redirect {
    Redirect::to("/")
}

async fn turn(State(home): State<Home>, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let work = |keeper: &Arc<Keeper>, sent: &Sent| {
        let turned = turning::turn(&keeper.clock, sent).map(Done::Turned);
        Ok(keeper.note(turned, sent.typed("clock")))
    };
    home.take(sent, "clock", work).await
}

async fn play(State(home): State<Home>, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let work = |keeper: &Arc<Keeper>, sent: &Sent| {
        let chosen = sent.scenario.as_deref().ok_or_else(|| Fault::new("nothing-chosen"))?;
        let unknown = |_| Fault::new("scenario-unknown").with("name", chosen);
        let scenario = chosen.parse().map_err(unknown)?;
        confirmed(sent)?;
        keeper.begin(Act::Play(scenario))
    };
    home.take(sent, "scenario", work).await
}

async fn save(State(home): State<Home>, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let work = |keeper: &Arc<Keeper>, sent: &Sent| {
        let name = sent.name.as_deref().unwrap_or_default().trim();
        let name = name.parse().map_err(|_| Fault::new("snapshot-name-malformed"))?;
        keeper.begin(Act::Save(name))
    };
    home.take(sent, "save", work).await
}

async fn choose(State(home): State<Home>, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let work = |keeper: &Arc<Keeper>, sent: &Sent| {
        let chosen = sent.snapshot.as_deref().ok_or_else(|| Fault::new("nothing-chosen"))?;
        let unknown = |_| Fault::new("snapshot-unknown").with("name", chosen);
        let name = chosen.parse().map_err(unknown)?;
        if sent.act.as_deref() == Some("delete") {
            return keeper.begin(Act::Delete(name));
        }
        confirmed(sent)?;
        keeper.begin(Act::Restore(name))
    };
    home.take(sent, "snapshots", work).await
}

async fn reset(State(home): State<Home>, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let work = |keeper: &Arc<Keeper>, sent: &Sent| {
        confirmed(sent)?;
        let act = if sent.all.is_some() { Act::ResetAll } else { Act::Reset };
        keeper.begin(act)
    };
    home.take(sent, "reset", work).await
}

fn confirmed(sent: &Sent) -> Result<(), Fault> {
    if sent.confirmed.is_some() { Ok(()) } else { Err(Fault::new("loss-not-confirmed")) }
}

impl Home {
    /// Does what a form asks for, and leads to the page that tells how it went.
    async fn take(
        self,
        sent: Sent,
        form: &'static str,
        work: impl FnOnce(&Arc<Keeper>, &Sent) -> Result<u64, Fault> + Send + 'static,
    ) -> Result<Response, Problem> {
        let keeper = self.keeper.clone();
        let taken = tokio::task::spawn_blocking(move || {
            let number = work(&keeper, &sent);
            number.unwrap_or_else(|fault| keeper.note(Err(fault), sent.typed(form)))
        });
        let number = taken.await.or_internal()?;
        // Running out means that the page shows how far it is.
        let _ = tokio::time::timeout(PATIENCE, self.keeper.fault_of(number)).await;
        Ok(Redirect::to(&format!("/?told={number}#told")).into_response())
    }
}

/// Waits until the work is further than the page shows. What is to be shown in its place is answered as
/// JSON; when the work is over, the answer is empty, and the page is loaded anew.
async fn progress(
    State(home): State<Home>,
    Query(Seen { seen }): Query<Seen>,
    v: Visit,
) -> Result<Response, Problem> {
    let log = home.keeper.log();
    let look = || async {
        Ok::<_, Problem>(match home.keeper.log().borrow().progress() {
            None => Some(None),
            Some(progress) => Some(Some(progress)).filter(|_| progress.percent != seen),
        })
    };
    let found = long_poll(log, HOLD, &home.told, look).await?;
    let found = found.map(|further| {
        further.map(|progress| Further { percent: progress.percent, doing: progress.doing })
    });
    Ok(further(&v, "/sandbox/progress", found))
}
