//! What the dictionary says, asked of `analyse.py`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use inrou_journeys::python;

use crate::sample::{Sample, Word};

/// The words of each sample.
pub fn words(samples: &[Sample]) -> Vec<Vec<Word>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readings/analyse.py");
    let mut analyser = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a Python interpreter: see journeys/requirements.txt");
    let mut asked = analyser.stdin.take().unwrap();
    let lines: Vec<String> = samples.iter().map(|sample| sample.text() + "\n").collect();
    let asking = std::thread::spawn(move || asked.write_all(lines.concat().as_bytes()));
    let answered = analyser.wait_with_output().unwrap();
    asking.join().unwrap().unwrap();
    assert!(answered.status.success(), "the analyser ends well");
    let answered = String::from_utf8(answered.stdout).unwrap();
    let words: Vec<Vec<Word>> = answered.lines().map(cut).collect();
    assert_eq!(words.len(), samples.len(), "a line for each sample");
    words
}

fn cut(line: &str) -> Vec<Word> {
    let words: Vec<(usize, usize, String)> = serde_json::from_str(line).unwrap();
    words.into_iter().map(|(begin, end, reading)| (begin..end, reading)).collect()
}
