//! `inrou up`: the sandbox, until somebody stops it.

use std::path::Path;

use inrou_words::{Form, Language, Term, text};

use crate::fault::Fault;
use crate::moment::parse_moment;
use crate::residents::TestResident;
use crate::sandbox::{DataFolder, Extras, Options, Sandbox};
use crate::table::table;
use crate::terminal::{interrupted, say, words};

/// Runs the sandbox until it is interrupted.
pub fn run(
    language: Language,
    data: &Path,
    port: u16,
    at: Option<&str>,
    tls: bool,
) -> Result<(), Fault> {
    let start = match at {
        Some(typed) => Some(parse_moment(typed).ok_or_else(|| Fault::new("time-not-readable"))?),
        None => None,
    };
    let folder = DataFolder::create(data)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    runtime.block_on(async {
        let options = Options { folder, port, start, residents: None };
        let trust = tls.then(|| options.folder.tls_ca());
        let extras = Extras { tls, ..Extras::default() };
        let sandbox = Sandbox::start_with(options, extras).await?;
        say(&residents_table(&sandbox.residents, language));
        let sentence = |code: &'static str| text(code).in_language(language);
        let url = Term { text: &sandbox.base, reading: "" };
        say(&sentence("cli.ready").with("url", url).render(Form::Plain));
        if let Some(ca) = trust {
            let path = ca.display().to_string();
            let path = Term { text: &path, reading: "" };
            say(&sentence("cli.trust-hint").with("path", path).render(Form::Plain));
        }
        say(&sentence("cli.stop-hint").render(Form::Plain));
        interrupted().await;
        sandbox.stop().await;
        Ok(())
    })
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
            resident.about.in_language(language).to_owned(),
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
    use jiff::civil::date;

    use super::*;
    use crate::residents::{BUILT_IN, parse};

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
