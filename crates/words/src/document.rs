//! The documentation of the errors, made from their texts.

use std::fmt::{self, Write};

use crate::{ErrorText, Form, Language, Text, errors};

const OPENING: &str = "\
# Errors

Each error has a stable code. Over HTTP it is the `code` of a problem document (RFC 9457), with the
status given here; `params` carries what the words in braces stand for. On the command line an error is
one line of what happened and one of what to do. The texts below are those that people see.

This file is made from the data files in `crates/words/texts/error/` by
`cargo run -p inrou-words --example errors > docs/errors.md`.
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
    Ok(())
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
        plain(out, error.title(), Language::En)?;
        out.push_str(" |\n");
        Ok(())
    })
}

fn write_error(out: &mut String, error: &'static ErrorText) -> fmt::Result {
    write!(out, "\n### {}\n\n", error.code())?;
    for parameter in error.title().parameters() {
        writeln!(out, "- `{{{}}}`: {}", parameter.name, parameter.kind)?;
    }
    out.push_str("- Cause: ");
    plain(out, error.cause(), Language::En)?;
    out.push_str("\n- Change: ");
    plain(out, error.change(), Language::En)?;
    out.push_str("\n\n");
    for language in Language::ALL {
        out.push_str("> **");
        html(out, error.title(), language)?;
        out.push_str("** ");
        html(out, error.what(), language)?;
        // Japanese writes no space between sentences, except where words are set apart.
        if language != Language::Ja {
            out.push(' ');
        }
        html(out, error.now(), language)?;
        out.push('\n');
        if language != Language::En {
            out.push_str(">\n");
        }
    }
    Ok(())
}

fn plain(out: &mut String, text: Text<'_>, language: Language) -> fmt::Result {
    text.in_language(language).render_to(out, Form::Plain)
}

fn html(out: &mut String, text: Text<'_>, language: Language) -> fmt::Result {
    text.in_language(language).render_to(out, Form::Html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_documentation_is_what_the_texts_say() {
        let committed = include_str!("../../../docs/errors.md");
        assert!(
            committed == errors_markdown(),
            "docs/errors.md is old: cargo run -p inrou-words --example errors > docs/errors.md"
        );
    }
}
