//! Prints the documentation of the errors; `cargo xtask docs` puts it into `docs/errors.md`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    print!("{}", inrou_words::errors_markdown());
}
