//! The demo's output, and programs that are run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use inrou_words::Language;

/// The holders' certificates with their issuers', by the names of their files.
pub const HOLDERS: [(&str, &str); 4] = [
    ("card-sign", "ca-sign"),
    ("card-auth", "ca-auth"),
    ("phone-sign", "ca-sign"),
    ("phone-auth", "ca-auth"),
];

/// Before and after the revocation.
pub const MOMENTS: [&str; 2] = ["before", "after"];

/// The folder that the demo wrote to, once in this process. What an earlier run of the tests left
/// there gave way.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
        let done = inrou::demo::run(Language::En, Some(&folder));
        done.unwrap_or_else(|fault| panic!("{}", fault.lines(Language::En)));
        folder
    })
}

/// The names of the files with that end, in order.
pub fn files(end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}

/// What a program said, to standard output and standard error, and whether it was content.
pub struct Verdict {
    pub content: bool,
    pub text: String,
}

impl Verdict {
    /// The program was content, and said this.
    #[track_caller]
    pub fn accepts(&self, expected: &str) {
        assert!(self.content && self.text.contains(expected), "{expected}: {}", self.text);
    }

    /// The program was not content, and said this.
    #[track_caller]
    pub fn refuses(&self, expected: &str) {
        assert!(!self.content && self.text.contains(expected), "{expected}: {}", self.text);
    }
}

/// Runs a program in the demo's folder.
pub fn run(program: &str, arguments: &[&str]) -> Verdict {
    let output = Command::new(program).args(arguments).current_dir(folder()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    Verdict { content: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}

/// As [`run`], the arguments in one line.
pub fn line(program: &str, arguments: &str) -> Verdict {
    run(program, &arguments.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn the_folder_has_what_is_promised_and_nothing_else() {
    assert_eq!(files(".pem").len(), 6);
    let expected = |kind: &str, names: &[&str], end: &str| -> Vec<String> {
        let of = |name: &&str| MOMENTS.map(|moment| format!("{kind}-{name}-{moment}{end}"));
        let mut names: Vec<String> = names.iter().flat_map(of).collect();
        names.sort();
        names
    };
    let holders = HOLDERS.map(|(holder, _)| holder);
    assert_eq!(files(".der"), expected("ocsp", &holders, ".der"));
    let all = [&holders[..], &["ca-sign", "ca-auth"]].concat();
    assert_eq!(files(".crl"), expected("crl", &all, ".crl"));
    assert_eq!(files("").len(), 6 + 8 + 12 + 3);
    for name in ["application.txt", "application.p7s", "transcript.json"] {
        assert!(files("").iter().any(|file| file == name), "{name}");
    }
}
