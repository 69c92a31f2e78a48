//! The clock's forms: presets, a length, a date and time, an event.

use inrou_api::clock::{Clock, SandboxClock};
use inrou_rules::{japan, validity};
use inrou_web::{Said, Visit};
use inrou_words::Term;
use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::forms::Sent;
use crate::fault::Fault;
use crate::moment::parse_length;
use crate::residents::TestResident;

/// The buttons of what is often needed: what each sends, and the code of its words.
pub(super) const PRESETS: [(&str, &str); 4] = [
    ("next-8", "turn.next-8"),
    ("next-19-30", "turn.next-19-30"),
    ("+15m", "turn.plus-15-minutes"),
    ("+5d", "turn.plus-5-days"),
];

/// The units of a length: what is sent, and the code of its words.
pub(super) const UNITS: [(&str, &str); 3] =
    [("m", "turn.minutes"), ("h", "turn.hours"), ("d", "turn.days")];

/// The longest number of a length.
const LONGEST: u16 = 9999;

/// Turns the clock as a form asks: what it shows then.
///
/// # Errors
/// `clock-backwards`, `time-out-of-range`, `length-not-readable`, `day-not-readable`,
/// `nothing-chosen`.
pub(super) fn turn(clock: &SandboxClock, sent: &Sent) -> Result<Timestamp, Fault> {
    let now = clock.now();
    let turned = match sent.turn.as_deref().unwrap_or_default() {
        "next-8" => clock.advance_to(next(now, time(8, 0, 0, 0))),
        "next-19-30" => clock.advance_to(next(now, time(19, 30, 0, 0))),
        "by" => clock.advance_by(length(sent)?),
        "to" => clock.advance_to(moment(sent)?),
        "event" => clock.advance_to(event(sent)?),
        preset => match parse_length(preset) {
            Some(length) => clock.advance_by(length),
            None => return Err(Fault::new("nothing-chosen")),
        },
    };
    Ok(turned?.now)
}

/// The next time of day in Japan after `now`.
fn next(now: Timestamp, at: Time) -> Timestamp {
    let today = japan::day(now);
    let on = |day: Date| japan::moment(day.to_datetime(at));
    if now < on(today) { on(today) } else { on(today.saturating_add(1.day())) }
}

fn length(sent: &Sent) -> Result<SignedDuration, Fault> {
    let unreadable = || Fault::new("length-not-readable");
    let number = sent.number.as_deref().unwrap_or_default().trim().parse::<u16>();
    let number = number.ok().filter(|number| (1..=LONGEST).contains(number));
    let number = number.ok_or_else(unreadable)?;
    let unit = sent.unit.as_deref().unwrap_or_default();
    let unit = UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(unreadable)?.0;
    parse_length(&format!("+{number}{unit}")).ok_or_else(unreadable)
}

fn moment(sent: &Sent) -> Result<Timestamp, Fault> {
    let unreadable = |_| Fault::new("day-not-readable");
    let day: Date = sent.date.as_deref().unwrap_or_default().trim().parse().map_err(unreadable)?;
    let at: Time = sent.time.as_deref().unwrap_or_default().trim().parse().map_err(unreadable)?;
    Ok(japan::moment(day.to_datetime(at)))
}

fn event(sent: &Sent) -> Result<Timestamp, Fault> {
    let chosen = sent.event.as_deref().unwrap_or_default();
    chosen.parse().map_err(|_| Fault::new("nothing-chosen"))
}

/// Something that will happen to a resident.
pub(super) struct Event {
    pub(super) at: Timestamp,
    who: usize,
    /// The age that is reached; `None`: the certificates expire.
    age: Option<i16>,
}

impl Event {
    /// As an option of a list.
    pub(super) fn said(&self, v: &Visit, residents: &[TestResident]) -> String {
        let resident = residents.get(self.who);
        let handle = resident.map_or("", |resident| resident.handle.as_str());
        let who = Term { text: handle, reading: "" };
        let said: Said<'_> = match self.age {
            Some(age) => v.say("turn.birthday").with("age", u64::try_from(age).unwrap_or(0)),
            None => v.say("turn.expiry"),
        };
        said.with("who", who).with("at", self.at).kana()
    }
}

/// What will happen to the residents next, in order: birthdays, and the end of certificates.
pub(super) fn events(residents: &[TestResident], now: Timestamp) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for (who, resident) in residents.iter().enumerate() {
        let born = resident.attributes.birth_date;
        let (today, midnight) = (japan::day(now), time(0, 0, 0, 0));
        let birthdays = [today.year(), today.year().saturating_add(1)].map(|year| {
            let day = japan::birthday(born, year);
            (japan::moment(day.to_datetime(midnight)), year.saturating_sub(born.year()))
        });
        let birthday = birthdays.into_iter().find(|(at, _)| *at > now);
        events.extend(birthday.map(|(at, age)| Event { at, who, age: Some(age) }));
        let uses = resident.card.certificates;
        if uses.signature || uses.user_authentication {
            let issued = resident.card.issued;
            let expires = validity::card_expires(issued, born);
            let end = validity::card_certificate_not_after(issued, born, expires);
            // The last second is good still.
            let at = end.saturating_add(SignedDuration::from_secs(1)).unwrap_or(end);
            if at > now {
                events.push(Event { at, who, age: None });
            }
        }
    }
    events.sort_by_key(|event| event.at);
    events
}
