//! `inrou snapshot`, `inrou reset`, `inrou scenario`: what is done with a running sandbox as a whole.

use std::path::Path;

use inrou_words::{Form, Language, Sentence, Term, Value, text};

use crate::control::{Answer, Request, ask};
use crate::facts::printable;
use crate::fault::Fault;
use crate::residents::Handle;
use crate::sandbox::{Act, DataFolder, ScenarioName};
use crate::table::table;
use crate::terminal::{say, words};

/// What is to be done, as typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// To save the state under a name.
    Save(String),
    /// To go back to a saved one.
    Restore(String),
    /// To take a saved one away.
    Delete(String),
    /// To begin anew.
    Reset,
    /// The same, and to forget the sites.
    ResetAll,
    /// To begin anew and play a scenario.
    Play(String),
}

/// Has it done, and waits for its end.
///
/// # Errors
/// `data-folder-missing`, `sandbox-not-running`, `snapshot-name-malformed`, `scenario-unknown`, and what
/// the sandbox refuses.
pub fn run(language: Language, data: &Path, asked: &Asked) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let act = match asked {
        Asked::Save(name) => Act::Save(handle(name)?),
        Asked::Restore(name) => Act::Restore(handle(name)?),
        Asked::Delete(name) => Act::Delete(handle(name)?),
        Asked::Reset => Act::Reset,
        Asked::ResetAll => Act::ResetAll,
        Asked::Play(name) => {
            let unknown = |_| Fault::new("scenario-unknown").with("name", printable(name));
            Act::Play(name.parse().map_err(unknown)?)
        }
    };
    expect(&folder, data, Request::Act(act.clone()), |answer| match answer {
        Answer::Done => Some(()),
        _ => None,
    })?;
    say(&done(&act, language).render(Form::Plain));
    Ok(())
}

/// Lists the snapshots of the running sandbox: the first column is the name to use.
///
/// # Errors
/// `data-folder-missing`, `sandbox-not-running`, and what the sandbox refuses.
pub fn list_snapshots(language: Language, data: &Path) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let all = expect(&folder, data, Request::Snapshots, |answer| match answer {
        Answer::Snapshots(all) => Some(all),
        _ => None,
    })?;
    let columns = ["cli.column-name", "cli.column-clock", "cli.column-size"];
    let mut rows = vec![columns.map(|column| words(column, language))];
    rows.extend(all.iter().map(|snapshot| {
        let at = Value::Moment(snapshot.at).render(language, Form::Plain);
        [snapshot.name.to_string(), at, format!("{} MB", snapshot.size.div_ceil(1 << 20))]
    }));
    say(&table(&rows));
    Ok(())
}

/// Lists the scenarios: the first column is the name to use.
pub fn list_scenarios(language: Language) {
    let columns = ["cli.column-name", "cli.column-about"];
    let mut rows = vec![columns.map(|column| words(column, language))];
    rows.extend(ScenarioName::all().map(|name| {
        let about = words(&format!("scenario-about.{}", name.as_str()), language);
        [name.as_str().to_owned(), about]
    }));
    say(&table(&rows));
}

/// That an act has come to its end.
pub(crate) fn done(act: &Act, language: Language) -> Sentence<'_> {
    let sentence = |code| text(code).in_language(language);
    let named = |code, name| {
        let name: &Handle = name;
        sentence(code).with("name", Term { text: name.as_str(), reading: "" })
    };
    match act {
        Act::Save(name) => named("act-done.saved", name),
        Act::Restore(name) => named("act-done.restored", name),
        Act::Delete(name) => named("act-done.deleted", name),
        Act::Reset => sentence("act-done.reset"),
        Act::ResetAll => sentence("act-done.reset-all"),
        Act::Play(name) => sentence("act-done.played").with("scenario", Value::Name(name.as_str())),
    }
}

fn handle(typed: &str) -> Result<Handle, Fault> {
    typed.parse().map_err(|_| Fault::new("snapshot-name-malformed"))
}

fn expect<T>(
    folder: &DataFolder,
    data: &Path,
    request: Request,
    expected: impl FnOnce(Answer) -> Option<T>,
) -> Result<T, Fault> {
    let not_running = || Fault::new("sandbox-not-running").with("path", data.display());
    let (_, answer) = ask(folder, &request)?.ok_or_else(not_running)?;
    // Another version's sandbox may answer what this one does not know.
    expected(answer).ok_or_else(|| Fault::new("service-unavailable"))
}
