//! `inrou up`: the sandbox, until somebody stops it.

use std::path::Path;

use inrou_words::{Form, Language, Term, text};
use tokio::signal::unix::{SignalKind, signal};

use crate::fault::Fault;
use crate::moment::parse_moment;
use crate::residents::TestResident;
use crate::sandbox::{DataFolder, Options, Sandbox};
use crate::terminal::say;

/// Runs the sandbox until it is interrupted.
pub fn run(language: Language, data: &Path, port: u16, at: Option<&str>) -> Result<(), Fault> {
    let start = match at {
        Some(typed) => Some(parse_moment(typed).ok_or_else(|| Fault::new("time-not-readable"))?),
        None => None,
    };
    let folder = DataFolder::create(data)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    runtime.block_on(async {
        let options = Options { folder, port, start, residents: None };
        let sandbox = Sandbox::start(options).await?;
        say(&residents_table(&sandbox.residents));
        let sentence = |code: &'static str| text(code).in_language(language);
        let url = Term { text: &sandbox.base, reading: "" };
        say(&sentence("cli.ready").with("url", url).render(Form::Plain));
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

/// Rows in columns as wide as they need to be.
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> = (0..N)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Waits for Ctrl+C or the signal that asks a process to end.
async fn interrupted() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without it the process ends at once when asked to, which the stores stand.
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "a    bb\nccc  d");
    }
}
