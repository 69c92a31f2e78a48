//! The terminal: the one place that writes to it, and the signals that come from it.

use std::io::{self, Write};

use inrou_words::{Form, Language, text};
use tokio::signal::unix::{SignalKind, signal};

/// Says something. Who listens may have heard enough, as `head` has: that ends nothing.
pub(crate) fn say(text: &str) {
    told(writeln!(io::stdout(), "{text}"));
}

/// Passes bytes on as they are.
pub(crate) fn pass_on(bytes: &[u8]) {
    let mut out = io::stdout();
    told(out.write_all(bytes).and_then(|()| out.flush()));
}

fn told(written: io::Result<()>) {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tracing::error!(%error, "standard output cannot be written");
        }
        _ => {}
    }
}

/// Says what went wrong.
pub(crate) fn complain(text: &str) {
    // There is nobody left to tell that it cannot be told.
    let _ = writeln!(io::stderr(), "{text}");
}

/// The words of a text without parameters.
pub(crate) fn words(code: &str, language: Language) -> String {
    text(code).in_language(language).render(Form::Plain)
}

/// Waits for Ctrl+C or the signal that asks a process to end.
pub(crate) async fn interrupted() {
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
