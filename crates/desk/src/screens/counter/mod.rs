//! A municipality's counter: a resident is found, looked at, and served.

pub(super) mod find;
pub(super) mod pad;
pub(super) mod procedure;
pub(super) mod resident;
pub(super) mod writing;
