//! What every store has to do, whatever it stands on.

mod issuance;
mod requests;
mod residents;
mod units;
mod work;

use inrou_authority::store::{Committed, Precondition, Store, StoreError, Unit, Write};

/// Runs every check, each on a store that `fresh` makes: empty, and its own.
pub fn run<S: Store>(fresh: impl Fn() -> S) {
    for checks in
        [units::CHECKS, residents::CHECKS, issuance::CHECKS, work::CHECKS, requests::CHECKS]
    {
        for (name, check) in checks {
            println!("{name}");
            check(&fresh());
        }
    }
}

type Check = (&'static str, fn(&dyn Store));

/// A list of checks by their names.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        pub(super) const CHECKS: &[super::Check] = &[$((stringify!($check), $check)),+];
    };
}
use checks;

/// Commits writes that must hold.
fn commit(store: &dyn Store, writes: impl IntoIterator<Item = Write>) -> Committed {
    store.commit(writes.into_iter().collect()).unwrap()
}

/// Commits writes that must fail; why they did.
fn refused(store: &dyn Store, writes: impl IntoIterator<Item = Write>) -> StoreError {
    store.commit(writes.into_iter().collect::<Unit>()).unwrap_err()
}

/// As [`refused`], by a precondition.
fn precondition(store: &dyn Store, writes: impl IntoIterator<Item = Write>) -> Precondition {
    match refused(store, writes) {
        StoreError::Precondition(precondition) => precondition,
        other => panic!("{other:?} is no precondition"),
    }
}
