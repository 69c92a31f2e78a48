//! Writes the pages of the gallery whose pictures hang in a folder: `gallery FOLDER`.

#![allow(clippy::print_stdout, reason = "it talks to a person at a terminal")]

use std::path::Path;

use inrou_journeys::browser::gallery::pages;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned());
    let count = pages::write(Path::new(&folder))?;
    println!("{count} pages: {folder}/index.html");
    Ok(())
}
