//! The documentation of the errors, made from their texts.

use std::fmt::{self, Write};

use crate::catalogue::CATALOGUE;
use crate::text::Entry;
use crate::{ErrorText, Form, Kind, Language, Text, errors};

const OPENING: &str = "\
# Errors

Each error has a stable code. Over HTTP it is the `code` of a problem document (RFC 9457), with the
status given here; `params` carries what the words in braces stand for. On the command line an error is
one line of what happened and one of what to do. The texts below are those that people see.

This file is made from the data files in `crates/words/texts/error/` by `cargo xtask docs`.
";

const HELP: &str = "
## Where there is help

What stands below the text of an error at which a person may be stuck.
";

const SITE_FAULT: &str = "
## A site’s mistake

What people are told of every mistake of a site’s developer. The developer is told the cause and the change
of the error itself.

";

/// The documentation of all errors, as Markdown: the content of `docs/errors.md`.
pub fn errors_markdown() -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_errors(&mut out);
    out
}

fn write_errors(out: &mut String) -> fmt::Result {
    out.push_str(OPENING);
    write_contents(out)?;
    let mut heading = "";
    for error in errors() {
        if error.heading() != heading {
            heading = error.heading();
            write!(out, "\n## {heading}\n")?;
        }
        write_error(out, error)?;
    }
    out.push_str(SITE_FAULT);
    let parts: Vec<_> = ["title", "what", "now"]
        .into_iter()
        .filter_map(|part| CATALOGUE.named("site-fault", part))
        .map(Entry::text)
        .collect();
    write_texts(out, &parts)?;
    out.push_str(HELP);
    family("help").try_for_each(|(name, help)| {
        write!(out, "\n### {name}\n\n")?;
        write_texts(out, &[help.text()])
    })
}

fn write_contents(out: &mut String) -> fmt::Result {
    out.push_str("\n| Code | HTTP | Rule | |\n|---|---|---|---|\n");
    errors().try_for_each(|error| {
        let code = error.code();
        write!(out, "| [`{code}`](#{code}) | ")?;
        match error.status() {
            Some(status) => write!(out, "{status}")?,
            None => out.push('–'),
        }
        write!(out, " | {} | ", error.rule().unwrap_or("–"))?;
        let about = if error.is_told_as_others() { error.cause() } else { error.title() };
        plain(out, about, Language::En)?;
        out.push_str(" |\n");
        Ok(())
    })
}

fn write_error(out: &mut String, error: &'static ErrorText) -> fmt::Result {
    write!(out, "\n### {}\n\n", error.code())?;
    for parameter in error.parameters() {
        write!(out, "- `{{{}}}`: ", parameter.name)?;
        write_kind(out, &parameter.kind)?;
        out.push('\n');
    }
    let help: Vec<_> = error.help_names().map(|name| format!("[{name}](#{name})")).collect();
    if !help.is_empty() {
        writeln!(out, "- Help: {}", help.join(", "))?;
    }
    if let Some(oauth) = error.oauth() {
        writeln!(out, "- OAuth: `{oauth}`")?;
    }
    out.push_str("- Cause: ");
    plain(out, error.cause(), Language::En)?;
    out.push_str("\n- Change: ");
    plain(out, error.change(), Language::En)?;
    out.push_str("\n\n");
    if error.is_told_as_others() {
        out.push_str("People are told: [a site’s mistake](#a-sites-mistake).\n");
        return Ok(());
    }
    write_texts(out, &[error.title(), error.what(), error.now()])
}

/// Writes what a parameter takes.
fn write_kind(out: &mut String, kind: &Kind) -> fmt::Result {
    match kind {
        Kind::Family(name) if name == "error" => out.push_str("the code of an error"),
        Kind::Family(name) => {
            let names: Vec<_> = family(name).map(|(name, _)| format!("`{name}`")).collect();
            write!(out, "one of {}", names.join(", "))?;
        }
        kind => write!(out, "{kind}")?,
    }
    Ok(())
}

/// Writes texts that belong together as one quotation, in each language.
fn write_texts(out: &mut String, texts: &[Text<'static>]) -> fmt::Result {
    for (index, language) in Language::ALL.into_iter().enumerate() {
        if index > 0 {
            out.push_str(">\n");
        }
        for text in texts {
            // What a page tells the ear is no part of a document.
            let html = text.in_language(language).render(Form::Html);
            writeln!(out, "> {}\\", html.replace(" aria-hidden=\"true\"", ""))?;
        }
        // The last line needs no break.
        out.truncate(out.len() - "\\\n".len());
        out.push('\n');
    }
    Ok(())
}

fn family(name: &str) -> impl Iterator<Item = (&'static String, &'static Entry)> {
    CATALOGUE.families.get(name).into_iter().flatten()
}

fn plain(out: &mut String, text: Text<'_>, language: Language) -> fmt::Result {
    text.in_language(language).render_to(out, Form::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_documentation_is_what_the_texts_say() {
        let committed = include_str!("../../../docs/errors.md");
        assert!(committed == errors_markdown(), "docs/errors.md is old: `cargo xtask docs`");
    }
}
