//! How often a client may have residents asked (REG-4), and the windows of time in which that is counted.

use inrou_rules::japan;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ClientId;

/// The most of anything that a limit may let be: beyond that it is none.
pub(crate) const MOST: u32 = 10_000_000;

/// How often a client may have residents asked.
///
/// *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "log_ins_a_minute": 600, "log_ins_a_day": 50_000,
    "signatures_a_minute": 60, "signatures_a_day": 5_000
}))]
pub struct Limits {
    /// Log-ins that are begun in one minute: at least 1.
    pub log_ins_a_minute: u32,
    /// Log-ins that are begun on one day, in Japan: no fewer than in a minute.
    pub log_ins_a_day: u32,
    /// Signatures and consents that are ordered in one minute: at least 1.
    pub signatures_a_minute: u32,
    /// Signatures and consents that are ordered on one day, in Japan: no fewer than in a minute.
    pub signatures_a_day: u32,
}

impl Limits {
    /// The first member that is not sound: none, more than there may be, or more in a minute than on a day.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let pairs = [
            (self.log_ins_a_minute, self.log_ins_a_day, ["log_ins_a_minute", "log_ins_a_day"]),
            (
                self.signatures_a_minute,
                self.signatures_a_day,
                ["signatures_a_minute", "signatures_a_day"],
            ),
        ];
        pairs.into_iter().find_map(|(minute, day, [of_minute, of_day])| {
            let is_faulty = minute == 0 || minute > MOST;
            let of_day = (day < minute || day > MOST).then_some(of_day);
            if is_faulty { Some(of_minute) } else { of_day }
        })
    }

    /// How often something may be done in a span of time.
    fn of(&self, what: Counted, span: Span) -> u32 {
        match (what, span) {
            (Counted::LogIns, Span::Minute) => self.log_ins_a_minute,
            (Counted::LogIns, Span::Day) => self.log_ins_a_day,
            (Counted::Signatures, Span::Minute) => self.signatures_a_minute,
            (Counted::Signatures, Span::Day) => self.signatures_a_day,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            log_ins_a_minute: 60_000,
            log_ins_a_day: 5_000_000,
            signatures_a_minute: 6_000,
            signatures_a_day: 500_000,
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Requests to log in: where they are pushed, else where a browser brings them.
    LogIns,
    /// Orders of signatures and of consents.
    Signatures,
}

/// A span of time in which is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// From one full minute to the next.
    Minute,
    /// From midnight to midnight in Japan.
    Day,
}

impl Span {
    /// Both, the shorter one first.
    pub(crate) const ALL: [Span; 2] = [Span::Minute, Span::Day];

    /// When the window began in which a moment lies, and when it ends.
    pub(crate) fn window(self, at: Timestamp) -> (Timestamp, Timestamp) {
        let (begun, length) = match self {
            Span::Minute => {
                let second = at.as_second();
                let begun = Timestamp::from_second(second - second.rem_euclid(60));
                (begun.unwrap_or(at), SignedDuration::from_mins(1))
            }
            Span::Day => {
                let midnight = japan::moment(japan::day(at).at(0, 0, 0, 0));
                (midnight.min(at), SignedDuration::from_hours(24))
            }
        };
        (begun, begun.saturating_add(length).unwrap_or(Timestamp::MAX))
    }
}

/// One more of something, for a client that may have so many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Whose.
    pub client: ClientId,
    /// Of what.
    pub what: Counted,
    /// How many there may be.
    pub limits: Limits,
    /// When.
    pub at: Timestamp,
}

impl Use {
    /// How many there may be in a span of time.
    pub(crate) fn most(&self, span: Span) -> u32 {
        self.limits.of(self.what, span)
    }
}

/// That there are as many in a span of time as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Of what.
    pub what: Counted,
    /// In which span.
    pub span: Span,
    /// After how many seconds the window ends.
    pub wait: i64,
}

impl Reached {
    /// Which limit: the member of the registration.
    pub(crate) fn member(self) -> &'static str {
        match (self.what, self.span) {
            (Counted::LogIns, Span::Minute) => "log_ins_a_minute",
            (Counted::LogIns, Span::Day) => "log_ins_a_day",
            (Counted::Signatures, Span::Minute) => "signatures_a_minute",
            (Counted::Signatures, Span::Day) => "signatures_a_day",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_minute_or_a_day_in_japan() {
        let at = "2026-11-21T14:59:59.5Z".parse().unwrap();
        let window = |span: Span| {
            let (begun, ends) = span.window(at);
            (begun.to_string(), ends.to_string())
        };
        let text = |pair: (&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        assert_eq!(window(Span::Minute), text(("2026-11-21T14:59:00Z", "2026-11-21T15:00:00Z")));
        assert_eq!(window(Span::Day), text(("2026-11-20T15:00:00Z", "2026-11-21T15:00:00Z")));
        for edge in [Timestamp::MIN, Timestamp::MAX] {
            for span in Span::ALL {
                let (begun, ends) = span.window(edge);
                assert!(begun <= edge && edge <= ends, "{span:?} {edge}");
            }
        }
    }

    #[test]
    fn reg_4_limits_that_let_nothing_be_or_contradict_themselves_are_not_sound() {
        let sound = Limits::default();
        assert_eq!(sound.fault(), None);
        let faulty = [
            (Limits { log_ins_a_minute: 0, ..sound }, "log_ins_a_minute"),
            (Limits { log_ins_a_day: sound.log_ins_a_minute - 1, ..sound }, "log_ins_a_day"),
            (Limits { signatures_a_minute: u32::MAX, ..sound }, "signatures_a_minute"),
            (Limits { signatures_a_day: MOST + 1, ..sound }, "signatures_a_day"),
        ];
        for (limits, member) in faulty {
            assert_eq!(limits.fault(), Some(member));
        }
    }
}
