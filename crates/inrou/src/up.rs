//! `inrou up`: the sandbox, until somebody stops it.

use std::path::Path;

use inrou_words::{Form, Language, Term, text};

use crate::fault::Fault;
use crate::moment::parse_moment;
use crate::residents::TestResident;
use crate::sandbox::{DataFolder, Extras, Options, Sandbox};
use crate::table::table;
use crate::terminal::{interrupted, say};

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
        say(&residents_table(&sandbox.residents));
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
fn residents_table(residents: &[TestResident]) -> String {
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
            resident.about.en.clone(),
        ]
    });
    let heading = ["NAME", "SIGNATURE", "PIN", "CARD-FACE", "ABOUT"].map(str::to_owned);
    table(&[heading].into_iter().chain(rows).collect::<Vec<_>>())
}
