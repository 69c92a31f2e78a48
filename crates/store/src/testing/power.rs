//! The power, and when it fails.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The supply of power of any number of disks, cut once at a chosen step.
///
/// Every write, truncation and sync on any of the disks is a step. The one at which the power fails
/// does not return, and neither does anything after it until the power is restored. Clones are the
/// same supply.
#[derive(Clone, Debug)]
pub struct PowerCut {
    supply: Arc<Mutex<Supply>>,
}

/// Told when the power fails.
type Told = Box<dyn FnOnce() + Send>;

/// What becomes of changes that were not synced when the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All are gone, but for the first half of the write that was under way.
    Everything,
    /// None is gone, but for the second half of the write that was under way.
    Nothing,
    /// Each arrived, or did not, or did in part, in no order: drawn from this seed.
    Drawn(u64),
}

impl PowerCut {
    /// Power that does not fail by itself.
    pub fn never() -> Self {
        Self::at(u64::MAX, Loss::Everything)
    }

    /// Power that fails at the `step`-th step, counted from 1.
    pub fn at(step: u64, loss: Loss) -> Self {
        let supply = Supply { steps: 0, fails_at: step, loss, is_on: true, outages: 0, told: None };
        Self { supply: Arc::new(Mutex::new(supply)) }
    }

    /// Has the power fail at the `step`-th step from now on, counted from 1.
    pub fn fail_at(&self, step: u64) {
        let mut supply = self.lock();
        supply.fails_at = supply.steps.saturating_add(step);
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.lock().steps
    }

    /// Whether the power has failed and is not restored.
    pub fn is_off(&self) -> bool {
        !self.lock().is_on
    }

    /// Cuts the power between two steps, if it is on.
    pub fn cut(&self) {
        self.lock().fail();
    }

    /// Has `told` called when the power fails next, which may be from any thread.
    pub fn tell(&self, told: impl FnOnce() + Send + 'static) {
        self.lock().told = Some(Box::new(told));
    }

    /// Brings the power back for good. Files that were open stay dead: open them anew.
    pub fn restore(&self) {
        let mut supply = self.lock();
        supply.is_on = true;
        supply.fails_at = u64::MAX;
    }

    pub(super) fn loss(&self) -> Loss {
        self.lock().loss
    }

    /// How often the power has failed, while it is on.
    pub(super) fn epoch(&self) -> Result<u64, NoPower> {
        let supply = self.lock();
        if supply.is_on { Ok(supply.outages) } else { Err(NoPower) }
    }

    /// Takes a step: whether the power lasts for it.
    pub(super) fn step(&self) -> Result<(), NoPower> {
        let mut supply = self.lock();
        if supply.is_on {
            supply.steps += 1;
            if supply.steps == supply.fails_at {
                supply.fail();
            }
        }
        if supply.is_on { Ok(()) } else { Err(NoPower) }
    }

    fn lock(&self) -> MutexGuard<'_, Supply> {
        self.supply.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The power is off.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoPower;

struct Supply {
    steps: u64,
    fails_at: u64,
    loss: Loss,
    is_on: bool,
    outages: u64,
    told: Option<Told>,
}

impl Supply {
    fn fail(&mut self) {
        if self.is_on {
            self.is_on = false;
            self.outages += 1;
            if let Some(told) = self.told.take() {
                told();
            }
        }
    }
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, fails_at, loss, is_on, outages, told: _ } = self;
        f.debug_struct("Supply")
            .field("steps", steps)
            .field("fails_at", fails_at)
            .field("loss", loss)
            .field("is_on", is_on)
            .field("outages", outages)
            .finish()
    }
}
