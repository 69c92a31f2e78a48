//! `inrou audit`: whether the journal is what it was, by its log (C2SP tlog-tiles).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use inrou_api::client::{Client, ClientError};
use inrou_api::problem::Code;
use inrou_tlog::audit::{Finding, audit};
use inrou_tlog::tree::Files;
use inrou_tlog::{Checkpoint, ProofDocument, VerifierKey};
use inrou_words::{Form, Language, text};
use tokio::runtime::Runtime;

use crate::call::{client, refused};
use crate::control::{Answer, Request, ask};
use crate::fault::Fault;
use crate::sandbox::{DataFolder, Role};
use crate::terminal::say;

/// The longest file that is read.
const LONGEST: u64 = 1024 * 1024;

/// What is to be verified, as typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// The log of the running sandbox.
    Whole {
        /// A checkpoint that was kept, from which it has to go on.
        since: Option<PathBuf>,
        /// Where to keep its checkpoint.
        keep: Option<PathBuf>,
    },
    /// A proof that was handed out.
    Proof {
        /// The proof (C2SP tlog-proof).
        file: PathBuf,
        /// The entry that it proves.
        entry: PathBuf,
        /// The log's key (C2SP signed-note).
        key: String,
    },
}

/// Verifies it and says so.
///
/// # Errors
/// `log-entry-changed`, `log-tile-wrong`, `log-root-wrong`, `log-rewritten`, `log-incomplete`,
/// `log-proof-invalid`: what an audit can find. `log-key-not-readable`, `file-not-readable`;
/// `sandbox-not-running`; what the service answers.
pub fn run(language: Language, data: &Path, asked: &Asked) -> Result<(), Fault> {
    match asked {
        Asked::Whole { since, keep } => whole(language, data, since.as_deref(), keep.as_deref()),
        Asked::Proof { file, entry, key } => proof(language, file, entry, key),
    }
}

fn whole(
    language: Language,
    data: &Path,
    since: Option<&Path>,
    keep: Option<&Path>,
) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let Some((_, Answer::Address { base })) = ask(&folder, &Request::Address)? else {
        return Err(Fault::new("sandbox-not-running").with("path", data.display()));
    };
    let runtime = Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    let published = Published { client: client(&folder, &base, Role::Auditor)?, runtime };
    let key: VerifierKey = published
        .text("/log/key")?
        .trim_end()
        .parse()
        .map_err(|_| Fault::new("log-key-not-readable"))?;
    let signed = published.text("/log/checkpoint")?;
    let checkpoint = Checkpoint::open(&signed, &key).map_err(|_| Fault::new("log-root-wrong"))?;
    let kept = since.map(|file| read_checkpoint(file, &key)).transpose()?;
    audit(&published, &checkpoint, kept.as_ref()).map_err(found)?;
    let tell = |code: &str, size: u64| {
        say(&text(code).in_language(language).with("count", size).render(Form::Plain));
    };
    tell("cli.audit-verified", checkpoint.size);
    if let Some(kept) = kept {
        tell("cli.audit-goes-on", kept.size);
    }
    if let Some(file) = keep {
        fs::write(file, signed).map_err(|error| Fault::of_folder(file, &error))?;
    }
    Ok(())
}

fn proof(language: Language, file: &Path, entry: &Path, key: &str) -> Result<(), Fault> {
    let key: VerifierKey = key.parse().map_err(|_| Fault::new("log-key-not-readable"))?;
    let invalid = || Fault::new("log-proof-invalid").with("path", file.display());
    let text_of = |file| String::from_utf8(read(file)?).map_err(|_| invalid());
    let document = ProofDocument::read(&text_of(file)?).map_err(|_| invalid())?;
    let checkpoint = document.verify(&read(entry)?, &key).map_err(|_| invalid())?;
    let proven = text("cli.audit-proven")
        .in_language(language)
        .with("index", document.index)
        .with("count", checkpoint.size);
    say(&proven.render(Form::Plain));
    Ok(())
}

/// The log of a running service, to an auditor.
struct Published {
    client: Client,
    runtime: Runtime,
}

impl Published {
    fn bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.runtime.block_on(self.client.get(path).bytes()).map(|bytes| bytes.to_vec())
    }

    fn text(&self, path: &str) -> Result<String, Fault> {
        let bytes = self.bytes(path).map_err(refused)?;
        String::from_utf8(bytes).map_err(|_| Fault::new("internal-error"))
    }
}

impl Files for Published {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = match path.starts_with("tile/entries/") {
            true => format!("/authority/v1/log/{path}"),
            false => format!("/log/{path}"),
        };
        self.bytes(&path).map_err(|error| match error.problem() {
            Some(problem) if problem.is(Code::NOT_FOUND) => io::ErrorKind::NotFound.into(),
            _ => io::Error::other(error),
        })
    }
}

fn read_checkpoint(file: &Path, key: &VerifierKey) -> Result<Checkpoint, Fault> {
    let unreadable = || Fault::new("file-not-readable").with("path", file.display());
    let note = String::from_utf8(read(file)?).map_err(|_| unreadable())?;
    Checkpoint::open(&note, key).map_err(|_| unreadable())
}

fn read(file: &Path) -> Result<Vec<u8>, Fault> {
    let unreadable = || Fault::new("file-not-readable").with("path", file.display());
    let length = fs::metadata(file).map_err(|_| unreadable())?.len();
    if length > LONGEST {
        return Err(unreadable());
    }
    fs::read(file).map_err(|_| unreadable())
}

fn found(finding: Finding) -> Fault {
    match finding {
        Finding::EntryChanged(index) => {
            Fault::new("log-entry-changed").with("index", index.to_string())
        }
        Finding::TileWrong(tile) => Fault::new("log-tile-wrong").with("path", tile),
        Finding::RootWrong => Fault::new("log-root-wrong"),
        Finding::Rewritten => Fault::new("log-rewritten"),
        Finding::Unreadable(error) => {
            tracing::error!(%error, "a file of the log");
            Fault::new("log-incomplete")
        }
    }
}

#[cfg(test)]
mod tests {
    use inrou_tlog::{Hash, NoteKey, Tile};

    use super::*;

    #[test]
    fn each_finding_has_its_code() {
        let tile = Tile { level: 1, index: 0, width: 3 };
        for (finding, code) in [
            (Finding::EntryChanged(7), "log-entry-changed"),
            (Finding::TileWrong(tile), "log-tile-wrong"),
            (Finding::RootWrong, "log-root-wrong"),
            (Finding::Rewritten, "log-rewritten"),
            (Finding::Unreadable(io::ErrorKind::NotFound.into()), "log-incomplete"),
        ] {
            let fault = found(finding);
            assert_eq!(fault.code(), code);
            for language in Language::ALL {
                assert!(fault.lines(language).contains(code));
            }
        }
    }

    #[test]
    fn a_proof_that_was_kept_is_verified_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let key = NoteKey::from_seed("log.example/journal", &[7; 32]).unwrap();
        let [entry, other] = ["{\"at\":1}", "{\"at\": 1}"];
        let leaves = [Hash::of_leaf(entry.as_bytes()), Hash::of_leaf(b"next")];
        let root = Hash::of_node(leaves[0], leaves[1]);
        let checkpoint = Checkpoint { origin: key.verifier().name().to_owned(), size: 2, root };
        let checkpoint = checkpoint.sign(&key).unwrap();
        let document = ProofDocument { index: 0, proof: vec![leaves[1]], checkpoint };
        let file = write("entry.tlog-proof", &document.to_string());
        let verify = |entry: &Path, key: &str| {
            let code = proof(Language::En, &file, entry, key).err().map(|fault| fault.code());
            code.unwrap_or("proven")
        };
        let known = key.verifier().to_string();
        let stranger = NoteKey::from_seed("log.example/journal", &[8; 32]).unwrap();
        let entry = write("entry.json", entry);
        assert_eq!(verify(&entry, &known), "proven");
        assert_eq!(verify(&write("other.json", other), &known), "log-proof-invalid");
        assert_eq!(verify(&entry, &stranger.verifier().to_string()), "log-proof-invalid");
        assert_eq!(verify(&entry, "log.example/journal"), "log-key-not-readable");
        assert_eq!(verify(&folder.path().join("none"), &known), "file-not-readable");
    }
}
