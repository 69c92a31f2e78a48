//! `inrou up`: the sandbox, until somebody stops it.

use std::path::Path;

use inrou_api::clock::{Clock, SandboxClock};
use inrou_words::{Form, Language, Term, text};
use jiff::Timestamp;

use crate::cli;
use crate::fault::Fault;
use crate::moment::parse_beginning;
use crate::residents::{self, TestResident};
use crate::sandbox::{DEFAULT_PORT, DataFolder, Extras, Options, Sandbox, is_file_changed};
use crate::table::table;
use crate::terminal::{complain, interrupted, say, words};

/// Runs the sandbox until it is interrupted. Without a `port`, it is that of the folder's first start.
///
/// # Errors
/// `moment-not-readable`, `time-out-of-range`, `not-a-folder`, `file-access-denied`, and what keeps a
/// sandbox from starting.
pub fn run(
    language: Language,
    data: &Path,
    port: Option<u16>,
    at: Option<&str>,
    tls: bool,
) -> Result<(), Fault> {
    let start = at.map(parse_beginning).transpose()?;
    let folder = DataFolder::create(data)?;
    let remarks = remarks(&folder, port, start, language)?;
    let port = port.or(folder.port()?).unwrap_or(DEFAULT_PORT);
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    runtime.block_on(async {
        let options = Options { folder, port, start, residents: None };
        let trust = tls.then(|| options.folder.tls_ca());
        let extras = Extras { tls, ..Extras::default() };
        let sandbox = Sandbox::start_with(options, extras).await?;
        say(&residents_table(
            &sandbox.world().map(|world| world.residents.clone()).unwrap_or_default(),
            language,
        ));
        remarks.iter().for_each(|remark| complain(remark));
        let sentence = |code: &'static str| text(code).in_language(language);
        let url = Term { text: &sandbox.base, reading: "" };
        say(&sentence("cli.ready").with("url", url).render(Form::Plain));
        if let Some(ca) = trust {
            let path = ca.display().to_string();
            let path = Term { text: &path, reading: "" };
            say(&sentence("cli.trust-hint").with("path", path).render(Form::Plain));
        }
        if data != Path::new(cli::DATA) {
            let path = data.display().to_string();
            let path = Term { text: &path, reading: "" };
            say(&sentence("cli.data-hint").with("path", path).render(Form::Plain));
        }
        say(&sentence("cli.stop-hint").render(Form::Plain));
        interrupted().await;
        sandbox.stop().await;
        Ok(())
    })
}

/// What a sandbox that was begun before does not do as it was asked to, or not without harm, and what
/// to do instead.
fn remarks(
    folder: &DataFolder,
    port: Option<u16>,
    start: Option<Timestamp>,
    language: Language,
) -> Result<Vec<String>, Fault> {
    let mut remarks = Vec::new();
    if let Some(asked) = start
        && folder.is_ready()
    {
        let now = SandboxClock::open(folder.root())?.now();
        if asked < now {
            let passed = text("cli.at-passed").in_language(language);
            remarks.push(passed.with("asked", asked).with("now", now).render(Form::Plain));
        }
    }
    if let (Some(port), Some(first)) = (port, folder.port()?)
        && port != first
    {
        let first = first.to_string();
        let changed = text("cli.port-changed").in_language(language);
        let first = Term { text: &first, reading: "" };
        remarks.push(changed.with("first", first).render(Form::Plain));
    }
    if is_file_changed(folder) {
        let path = folder.root().join(residents::FILE).display().to_string();
        let changed = text("cli.residents-changed").in_language(language);
        let path = Term { text: &path, reading: "" };
        remarks.push(changed.with("path", path).render(Form::Plain));
    }
    Ok(remarks)
}

/// Who lives in the sandbox, with the PINs that one needs to play them.
fn residents_table(residents: &[TestResident], language: Language) -> String {
    let shown = |pin: Option<&[u8]>| {
        pin.map_or("-".to_owned(), |pin| String::from_utf8_lossy(pin).into_owned())
    };
    let rows = residents.iter().map(|resident| {
        let pins = &resident.card.pins;
        [
            resident.handle.to_string(),
            shown(pins.signature.as_ref().map(|pin| pin.as_bytes())),
            shown(pins.user_authentication.as_ref().map(|pin| pin.as_bytes())),
            shown(Some(pins.card_face.as_bytes())),
            resident.about.in_language(language).into_owned(),
        ]
    });
    let heading = [
        "cli.column-name",
        "cli.column-signature",
        "cli.column-user-authentication",
        "cli.column-card-face",
        "cli.column-about",
    ];
    let heading = heading.map(|column| words(column, language));
    table(&[heading].into_iter().chain(rows).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test fails by panicking")]

    use jiff::civil::date;

    use super::*;
    use crate::residents::{BUILT_IN, parse};

    #[test]
    fn what_a_begun_sandbox_does_not_do_is_said_with_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (begun, before) = (time("2026-11-21T01:00:00Z"), time("2026-11-20T01:00:00Z"));
        let remarks = |port, start| remarks(&folder, port, start, Language::En).unwrap();
        assert_eq!(remarks(Some(9000), Some(before)), [""; 0], "it begins as it is asked to");

        SandboxClock::open_starting_at(root.path(), begun).unwrap();
        folder.note_begun(begun).unwrap();
        folder.note_port(8765).unwrap();
        folder.note_residents(BUILT_IN).unwrap();
        folder.note_ready().unwrap();
        assert_eq!(remarks(None, None), [""; 0]);
        assert_eq!(remarks(Some(8765), Some(time("2027-01-01T00:00:00Z"))), [""; 0]);
        let [passed] = &remarks(None, Some(before))[..] else { panic!("one remark") };
        assert!(passed.contains("20 November 2026") && passed.contains("--data"), "{passed}");
        let [moved] = &remarks(Some(9000), None)[..] else { panic!("one remark") };
        assert!(moved.contains("--port 8765") && moved.contains("--data"), "{moved}");
        std::fs::write(root.path().join("residents.json"), "edited").unwrap();
        let [edited] = &remarks(None, None)[..] else { panic!("one remark") };
        assert!(edited.contains("residents.json") && edited.contains("--data"), "{edited}");
    }

    #[test]
    fn residents_are_shown_in_the_reader_s_language() {
        let residents = parse(BUILT_IN, date(2026, 11, 21)).unwrap();
        for (language, heading, about) in [
            (Language::En, "NAME", "The ordinary case"),
            (Language::Ja, "名前", "ふつうの例です"),
            (Language::JaEasy, "名前", "ふつうの 例です"),
        ] {
            let table = residents_table(&residents, language);
            assert!(table.starts_with(heading), "{table}");
            let hana = table.lines().nth(1).unwrap();
            assert!(hana.starts_with("hana") && hana.contains("MIZUNO12"), "{hana}");
            assert!(hana.contains(about), "{hana}");
        }
    }
}
