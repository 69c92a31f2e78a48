//! Running programs: what they print is passed on at once, and kept.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a program ended.
pub(crate) struct Finished {
    /// Whether it ended with status 0.
    pub(crate) success: bool,
    /// Every line that it printed, on either stream, in order.
    pub(crate) lines: Vec<String>,
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `cargo` with these arguments, in the folder of the repository.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    command
}

/// Says what it runs, runs it, passes on every line as it comes.
pub(crate) fn run(command: &mut Command) -> Finished {
    println!("    $ {}", shown(command));
    stream(command).unwrap_or_else(|error| {
        let line = format!("cannot run {}: {error}", command.get_program().display());
        println!("{line}");
        Finished { success: false, lines: vec![line] }
    })
}

/// Runs it without a word, and gives what it printed on its standard output if it succeeded.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the program runs and succeeds; nothing of it is shown.
pub(crate) fn works(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    ask(Command::new(program).args(arguments).current_dir(root())).is_some()
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn stream(command: &mut Command) -> io::Result<Finished> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the pipe's writing ends; the reader sees the end only when they are closed.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut lines = Vec::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        println!("{text}");
        lines.push(text);
        line.clear();
    }
    let success = child.wait()?.success();
    Ok(Finished { success, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_kept_and_the_status_is_told() {
        let finished = run(Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"]));
        assert!(!finished.success);
        assert_eq!(finished.lines, ["one", "two"]);
    }

    #[test]
    fn a_program_that_is_not_there_is_a_failure_in_words() {
        let finished = run(&mut Command::new("no-such-program-anywhere"));
        assert!(!finished.success);
        assert!(finished.lines[0].contains("no-such-program-anywhere"));
    }
}
