//! The resident's own information (自己情報, USE-2), page by page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::Problem;
use inrou_web::{Said, Visit, page};
use inrou_words::{Language, Term};
use jiff::civil::Date;

use super::Screens;
use super::visitor::Resident;
use crate::own::{Checkup, Medicine, MotherAndChild, Words};

#[derive(Template)]
#[template(path = "own.html")]
struct Menu<'a> {
    v: &'a Visit,
    title: &'static str,
}

/// What there is to look at.
pub(super) async fn menu(
    State(screens): State<Screens>,
    _: Resident,
    v: Visit,
) -> Result<Response, Problem> {
    screens.portal.own_source()?;
    page(&v, &Menu { v: &v, title: "own.title" })
}

macro_rules! list {
    ($(#[$doc:meta])* $handler:ident, $shown:ident, $item:ty, $path:literal, $title:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $shown<'a> {
            v: &'a Visit,
            title: &'static str,
            items: &'a [$item],
        }

        impl $shown<'_> {
            fn say<'b>(&self, words: &'b Words) -> Said<'b> {
                say(self.v, words)
            }

            fn on(&self, day: &Date) -> Said<'static> {
                Said::of("value.date", self.v.language).with("value", *day)
            }
        }

        $(#[$doc])*
        pub(super) async fn $handler(
            State(screens): State<Screens>,
            Resident(session): Resident,
            v: Visit,
        ) -> Result<Response, Problem> {
            let records = screens.portal.own_records(&session).await?;
            page(&v, &$shown { v: &v, title: $title, items: &records.$handler })
        }
    };
}

list!(
    /// Medicine.
    medicines, Medicines, Medicine, "medicines.html", "own.medicines"
);
list!(
    /// Check-ups.
    checkups, Checkups, Checkup, "checkups.html", "own.checkups"
);
list!(
    /// The mother-and-child handbook.
    mother_and_child, Handbook, MotherAndChild, "handbook.html", "own.mother-and-child"
);

fn say<'b>(v: &Visit, words: &'b Words) -> Said<'b> {
    let Words { ja, reading, en } = words;
    let term = match v.language {
        Language::En => Term { text: en, reading: "" },
        Language::Ja | Language::JaEasy => Term { text: ja, reading },
    };
    Said::of("value.term", v.language).with("value", term)
}
