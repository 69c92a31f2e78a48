//! The terminal: the one place that writes to it, and the signals that come from it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to a person")]

use inrou_words::{Form, Language, text};
use tokio::signal::unix::{SignalKind, signal};

/// Says something.
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Says what went wrong.
pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
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
