//! `inrou clock`: the sandbox's clock, whether or not the sandbox runs.

use std::path::Path;

use inrou_api::clock::SandboxClock;
use inrou_words::{Form, Language, Value};

use crate::facts::printable;
use crate::fault::Fault;
use crate::moment::{parse_length, parse_moment};
use crate::sandbox::DataFolder;
use crate::terminal::say;

/// Shows the clock, or turns it first.
pub fn run(language: Language, data: &Path, to: Option<&str>) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let clock = SandboxClock::open(folder.root())?;
    let state = match to {
        None => clock.state(),
        Some(typed) => match (parse_length(typed), parse_moment(typed)) {
            (Some(length), _) => clock.advance_by(length)?,
            (None, Some(moment)) => clock.advance_to(moment)?,
            (None, None) => {
                return Err(Fault::new("time-not-readable").with("typed", printable(typed)));
            }
        },
    };
    say(&Value::Moment(state.now).render(language, Form::Plain));
    Ok(())
}
