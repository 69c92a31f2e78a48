//! The keeper: has the roles run, and stops them for what needs them stopped. One act at a time.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use inrou_api::clock::SandboxClock;
use inrou_api::problem::Code;
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::SandboxError;
use super::act::{Act, Done, Outcome, Progress, Typed};
use super::gate::Gate;
use super::house::{House, Plan};
use super::scenario;
use super::snapshots::{self, Snapshot, Snapshots};
use super::world::World;
use crate::fault::Fault;

/// How many outcomes are remembered, for pages that tell them.
const REMEMBERED: usize = 20;

/// Keeps a sandbox.
pub(super) struct Keeper {
    pub(super) plan: Plan,
    pub(super) gate: Arc<Gate>,
    /// The clock, which stays the same one over every restart.
    pub(super) clock: Arc<SandboxClock>,
    /// The roles, if they run. Locked for as long as they are stopped and started.
    house: Mutex<Option<House>>,
    world: RwLock<Option<Arc<World>>>,
    log: watch::Sender<Log>,
    /// How many chips are lent to other programs.
    loans: AtomicUsize,
}

/// What was asked for.
#[derive(Default)]
pub(super) struct Log {
    /// How often something was.
    count: u64,
    /// The act under way, by its number, and how far it is.
    under_way: Option<(u64, Progress)>,
    /// How the latest ones went, oldest first.
    outcomes: Vec<Outcome>,
}

impl Log {
    /// How far the act is that is under way, if one is.
    pub(super) fn progress(&self) -> Option<Progress> {
        self.under_way.map(|(_, progress)| progress)
    }

    /// How what has this number went, if it has ended and is remembered.
    pub(super) fn outcome(&self, number: u64) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.number == number)
    }

    fn remember(&mut self, number: u64, done: Result<Done, Fault>, typed: Typed) {
        self.outcomes.push(Outcome { number, done, typed });
        if self.outcomes.len() > REMEMBERED {
            self.outcomes.remove(0);
        }
    }
}

impl Keeper {
    /// Opens the roles for the first time in this process.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub(super) async fn open(
        plan: Plan,
        start: Option<Timestamp>,
    ) -> Result<Arc<Self>, SandboxError> {
        let (house, opened) = plan.open(None, start, &|_, _| ()).await?;
        let gate = Gate::new();
        gate.open(opened);
        Ok(Arc::new(Self {
            plan,
            gate,
            clock: house.world.clock.clone(),
            world: RwLock::new(Some(house.world.clone())),
            house: Mutex::new(Some(house)),
            log: watch::Sender::default(),
            loans: AtomicUsize::new(0),
        }))
    }

    /// What there is while the roles run; `None` while they are stopped.
    pub(super) fn world(&self) -> Option<Arc<World>> {
        self.world.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was asked for, and notices of its changes.
    pub(super) fn log(&self) -> watch::Receiver<Log> {
        self.log.subscribe()
    }

    /// The snapshots.
    ///
    /// # Errors
    /// `file-access-denied`, `file-not-readable`.
    pub(super) fn snapshots(&self) -> Result<Vec<Snapshot>, Fault> {
        Snapshots(&self.plan.folder).list()
    }

    /// What is to be told of a scenario that was begun and did not come to its end. Blocks.
    pub(super) fn unfinished(&self) -> Option<Fault> {
        let found = self.plan.folder.playing();
        // What cannot be read was written by another version, or by hand.
        let unread = |error: &_| tracing::debug!(%error, "the note of the scenario under way cannot be read");
        let found = found.inspect_err(unread);
        let name = found.ok().flatten()?;
        Some(Fault::new("scenario-unfinished").with("scenario", name.as_str()))
    }

    /// Notes how something went that is no act of its own: its number.
    pub(super) fn note(&self, done: Result<Done, Fault>, typed: Typed) -> u64 {
        let mut number = 0;
        self.log.send_modify(|log| {
            log.count += 1;
            number = log.count;
            log.remember(number, done, typed);
        });
        number
    }

    /// Counts a loan of a chip, for as long as what is given lives; `None` while an act is under way.
    pub(super) fn note_loan(self: &Arc<Self>) -> Option<Loan> {
        self.loans.fetch_add(1, Ordering::SeqCst);
        let loan = Loan(self.clone());
        self.log.borrow().under_way.is_none().then_some(loan)
    }

    /// Has an act carried out, and waits for its end.
    ///
    /// # Errors
    /// Those of [`begin`](Self::begin); why it was not done, or not whole.
    pub(super) async fn has_done(self: &Arc<Self>, act: Act) -> Result<(), Fault> {
        let keeper = self.clone();
        let begun = tokio::task::spawn_blocking(move || keeper.begin(act)).await;
        let number = begun.map_err(|_| Fault::new("internal-error"))??;
        self.fault_of(number).await.map_or(Ok(()), Err)
    }

    /// Begins an act, which is carried to its end whether or not anybody waits for it: its number. Blocks:
    /// it looks how much lies in the folder. Must be called where tasks can be spawned.
    ///
    /// # Errors
    /// `sandbox-busy`, and what can be told beforehand.
    pub(super) fn begin(self: &Arc<Self>, act: Act) -> Result<u64, Fault> {
        self.check(&act)?;
        let number = self.take_turn(&act)?;
        let keeper = self.clone();
        tokio::spawn(async move {
            // A task of its own, so that a panic ends the act and not the sandbox.
            let carried_out = tokio::spawn({
                let (keeper, act) = (keeper.clone(), act.clone());
                async move { keeper.carry_out(act).await }
            });
            let carried_out = carried_out.await;
            keeper.gate.make(false);
            let done = match carried_out {
                Ok(done) => done.map(|()| Done::Act(act)),
                Err(panicked) => {
                    tracing::error!(%panicked, "an act ended early");
                    Err(Fault::new("internal-error"))
                }
            };
            keeper.log.send_modify(|log| {
                log.under_way = None;
                log.remember(number, done, Typed::default());
            });
        });
        Ok(number)
    }

    /// Waits until what has this number has ended; `None` if it did well.
    pub(super) async fn fault_of(&self, number: u64) -> Option<Fault> {
        let mut log = self.log();
        // The sender lives as long as this.
        let ended = log.wait_for(|log| log.outcome(number).is_some()).await.ok()?;
        ended.outcome(number)?.done.as_ref().err().cloned()
    }

    /// Stops the roles for good.
    pub(super) async fn end(&self) {
        let mut house = self.house.lock().await;
        self.close(&mut house).await;
        self.gate.give_up();
    }

    /// What can be told of an act beforehand.
    fn check(&self, act: &Act) -> Result<(), Fault> {
        let snapshots = Snapshots(&self.plan.folder);
        match act {
            Act::Save(name) => snapshots.check_room(name)?,
            Act::Restore(name) | Act::Delete(name) => snapshots.check_there(name)?,
            Act::Play(name) => {
                let file = self.world().map(|world| world.residents.clone()).unwrap_or_default();
                name.scenario().check(&file)?;
            }
            Act::Reset | Act::ResetAll => {}
        }
        Ok(())
    }

    /// Lets an act be the one under way: its number.
    fn take_turn(&self, act: &Act) -> Result<u64, Fault> {
        let mut turn = Err(Fault::new("sandbox-busy"));
        self.log.send_if_modified(|log| {
            if log.under_way.is_some() {
                return false;
            }
            // Whoever lends counts the loan first, and then looks whether an act is under way.
            if !matches!(act, Act::Delete(_)) && self.loans.load(Ordering::SeqCst) > 0 {
                turn = Err(Fault::new(Code::CARD_BUSY.as_str()));
                return false;
            }
            log.count += 1;
            turn = Ok(log.count);
            log.under_way = Some((log.count, Progress::CLOSING));
            true
        });
        turn
    }

    async fn carry_out(self: Arc<Self>, act: Act) -> Result<(), Fault> {
        match act {
            Act::Save(name) => self.stopped(None, move |keeper| keeper.files().save(&name)).await,
            Act::Restore(name) => {
                let restore =
                    move |keeper: &Self| keeper.files().restore(&name, &*keeper.plan.entropy);
                self.stopped(None, restore).await
            }
            Act::Delete(name) => {
                self.progress(Progress::COPYING);
                let deleted = tokio::task::spawn_blocking(move || self.files().delete(&name));
                deleted.await.map_err(|_| Fault::new("internal-error"))?
            }
            Act::Reset => {
                let reset = |keeper: &Self| keeper.files().reset(&*keeper.plan.entropy);
                self.stopped(None, reset).await
            }
            Act::ResetAll => self.stopped(None, |keeper| keeper.files().reset_all()).await,
            Act::Play(name) => {
                let scenario = name.scenario();
                let start = scenario.begins(self.plan.start);
                let reset =
                    move |keeper: &Self| keeper.files().reset_for(name, &*keeper.plan.entropy);
                self.gate.make(true);
                self.clone().stopped(Some(start), reset).await?;
                let world = self.world().ok_or_else(|| Fault::new("internal-error"))?;
                let all = scenario.steps.len();
                let mut tell = |done| self.progress(Progress::playing(done, all));
                scenario::play(scenario, &world, &mut tell).await?;
                Ok(self.plan.folder.note_played()?)
            }
        }
    }

    /// Has something done on the files while the roles are stopped. Whatever came of that, they run
    /// again afterwards, unless it cannot be ended; if it was done, a clock before `start` is turned there.
    async fn stopped(
        self: Arc<Self>,
        start: Option<Timestamp>,
        work: impl FnOnce(&Self) -> Result<(), Fault> + Send + 'static,
    ) -> Result<(), Fault> {
        let mut house = self.house.lock().await;
        self.progress(Progress::CLOSING);
        let is_closed = self.close(&mut house).await;
        self.progress(Progress::COPYING);
        let keeper = self.clone();
        let worked = tokio::task::spawn_blocking(move || {
            // What somebody still writes is neither copied nor replaced.
            let worked = match is_closed {
                true => work(&keeper),
                false => Err(Fault::new(Code::STORE_UNAVAILABLE.as_str())),
            };
            // Roles are not opened over a state that is half another one.
            snapshots::settle(keeper.plan.folder.root()).map(|()| worked)
        });
        let worked = match worked.await.map_err(io::Error::other) {
            Ok(Ok(worked)) => worked,
            Ok(Err(error)) | Err(error) => {
                self.gate.give_up();
                return Err(Fault::of_folder(self.plan.folder.root(), &error));
            }
        };
        let start = start.filter(|_| worked.is_ok());
        self.progress(Progress::OPENING);
        let tell = |entered, all| self.progress(Progress::residents(entered, all));
        match self.plan.open(Some(self.clock.clone()), start, &tell).await {
            Ok((opened, routers)) => {
                *self.world.write().unwrap_or_else(PoisonError::into_inner) =
                    Some(opened.world.clone());
                *house = Some(opened);
                self.gate.open(routers);
            }
            Err(error) => {
                self.gate.give_up();
                return Err(error.into());
            }
        }
        worked
    }

    /// Stops the roles. Whether every file is closed.
    async fn close(&self, house: &mut Option<House>) -> bool {
        self.gate.shut();
        drop(self.world.write().unwrap_or_else(PoisonError::into_inner).take());
        match house.take() {
            Some(house) => house.close().await,
            None => true,
        }
    }

    fn progress(&self, progress: Progress) {
        self.log.send_modify(|log| {
            if let Some((_, shown)) = &mut log.under_way {
                *shown = progress;
            }
        });
    }

    fn files(&self) -> Snapshots<'_> {
        Snapshots(&self.plan.folder)
    }
}

/// A chip that is lent out.
pub(super) struct Loan(Arc<Keeper>);

impl Drop for Loan {
    fn drop(&mut self) {
        self.0.loans.fetch_sub(1, Ordering::SeqCst);
    }
}
