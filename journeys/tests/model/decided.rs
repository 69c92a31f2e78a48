//! Questions that the guides leave open and our own documents decide, and what a calendar says.

use inrou_oracle::Question;
use jiff::civil::{Date, date};

/// Each with its answer and where it is decided.
pub const DECIDED: &[(Question, bool, &str)] = &[
    (
        Question::UsingIsBeingOnline,
        false,
        "this test's phones delete when they come on the network",
    ),
    (Question::CallReportsLoss, true, "docs/assumptions.md, CARD-11"),
    (Question::CardAboutToExpire, false, "docs/rulebook.md, decisions of our own, CARD-1"),
    (Question::SigningTakesBoth, false, "this test signs as a card reader does, for no site"),
];

/// Japan's public holidays in the years in which a hotline's hours are tested to the minute, from the
/// calendar of the Cabinet Office.
pub fn holidays() -> Vec<Date> {
    let days = [
        (2026, &[(11, 23)][..]),
        (
            2027,
            &[
                (1, 1),
                (1, 11),
                (2, 11),
                (2, 23),
                (3, 21),
                (3, 22),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (7, 19),
                (8, 11),
                (9, 20),
                (9, 23),
                (10, 11),
                (11, 3),
                (11, 23),
            ],
        ),
    ];
    days.into_iter()
        .flat_map(|(year, days)| days.iter().map(move |(m, d)| date(year, *m, *d)))
        .collect()
}

/// The last year of [`holidays`].
pub const LAST_YEAR: i16 = 2027;
