//! Prints the table of guide steps and screens; `cargo xtask docs` puts it into `docs/screens.md`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    print!("{}", inrou_journeys::guides::markdown());
}
