//! The common look of every screen: layout, languages, form parts, help, problems as pages.
//!
//! A role's screens are askama templates in the role's crate that extend `layout.html` of this one
//! (the role's `askama.toml` names the folder). A screen is given a [`Visit`]: in which language it is
//! looked at, where, at what time. A handler answers with [`page`], or with a problem, which
//! [`ProblemPages`] shows.

mod assets;
pub mod browser;
mod connection;
pub mod cookies;
mod field;
mod form;
mod hand_over;
mod hotline;
mod once;
pub mod passkey;
mod problem_page;
mod progress;
mod qr;
mod said;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod trouble;
mod visit;

pub use assets::router as assets;
pub use connection::{ForwardedBy, Reached, connection};
pub use field::{Choice, Field, Kind};
pub use form::{Form, percent};
pub use hand_over::{Code, HandOver, NumberForm, NumberTyped};
pub use problem_page::ProblemPages;
pub use progress::{Further, Seen, further};
pub use qr::Qr;
pub use said::{Lang, Said};
pub use trouble::Trouble;
pub use visit::{Place, Site, Stay, Visit, back, page};
