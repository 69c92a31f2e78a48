//! What commands ask of a running sandbox, over a Unix socket in its data folder.
//!
//! The socket is `control.sock`, for its owner alone (mode 0600). Who connects writes one line of JSON
//! of at most [`LONGEST_REQUEST`] bytes, and reads one line:
//!
//! | asked | answered |
//! |---|---|
//! | `{"lend":{"medium":"card","name":"hana","to":"inrou card attach"}}` | `"lent"`: nobody here uses the chip or holds its file for as long as the connection stays open, however it ends; a phone only if its holder allowed its use at a reader (REG-4) |
//! | `"anchors"` | `{"anchors":{"pem":"-----BEGIN CERTIFICATE-----…","published":"http://127.0.0.1:8765","time_stamps":"-----BEGIN CERTIFICATE-----…","seals":"-----BEGIN CERTIFICATE-----…"}}`: the issuers, where their status services are now, the issuers of time-stamps, and those of seals |
//! | `"address"` | `{"address":{"base":"http://localhost:8765"}}`: where the sandbox is reached |
//! | `{"act":{"save":"before-class"}}`; `restore`, `delete`, `play`; `{"act":"reset"}`, `{"act":"reset-all"}` | `"done"` when it has come to its end, which takes as long as it takes |
//! | `"snapshots"` | `{"snapshots":[{"name":"before-class","at":"2026-11-21T01:00:00Z","size":4096}]}` |
//! | anything | `{"refused":{"code":"card-busy"}}`: a code of `docs/errors.md`, with `params` where it has some |
//!
//! A connection serves one request.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use inrou_rules::Medium;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::sandbox::{Act, DataFolder, Snapshot};

/// The most bytes of a request.
pub(crate) const LONGEST_REQUEST: u64 = 1024;

/// The most bytes of an answer: room for the certificates of many generations.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// How long, in real time, an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for an act: a sandbox of many residents is not made anew in a moment.
const PATIENCE_FOR_ACTS: Duration = Duration::from_secs(1800);

/// Paths from this length on do not fit into every system's socket addresses.
const LONGEST_ADDRESS: usize = 104;

/// What is asked of a running sandbox.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Request {
    /// To lend a chip for as long as the connection stays open.
    Lend(Lend),
    /// For the issuers' certificates.
    Anchors,
    /// For the address at which the sandbox is reached.
    Address,
    /// To do something with the sandbox as a whole.
    Act(Act),
    /// For the snapshots that there are.
    Snapshots,
}

/// Which chip is asked for, and by whom.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lend {
    /// Whether it is a card's or a phone's.
    pub medium: Medium,
    /// The name of the card or phone.
    pub name: String,
    /// Who asks, as others are told meanwhile.
    pub to: String,
}

/// What a running sandbox answers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// The chip may be taken from its folder.
    Lent,
    /// The issuers.
    Anchors {
        /// Their certificates.
        pem: String,
        /// The address below which their status services are: another than in older certificates, if
        /// the sandbox ran on another port then.
        published: String,
        /// The certificates of the issuers of time-stamps.
        time_stamps: String,
        /// The certificates of the issuers of seals.
        seals: String,
    },
    /// Where it is reached.
    Address {
        /// Scheme, host and port.
        base: String,
    },
    /// The act has come to its end.
    Done,
    /// The snapshots, by name.
    Snapshots(Vec<Snapshot>),
    /// It cannot be done.
    Refused {
        /// A code of `docs/errors.md`.
        code: String,
        /// Its parameters.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        params: BTreeMap<String, String>,
    },
}

/// The connection after an answer: what was lent stays so while this lives.
#[derive(Debug)]
pub(crate) struct Connection {
    _stream: UnixStream,
}

/// Asks the sandbox that runs on a folder; `None` if none does.
///
/// # Errors
/// What the sandbox refuses; `file-access-denied` if it is another user's, `service-unavailable` if it
/// does not answer.
pub(crate) fn ask(
    folder: &DataFolder,
    request: &Request,
) -> Result<Option<(Connection, Answer)>, Fault> {
    let socket = folder.control_socket();
    let patience = match request {
        Request::Act(_) => PATIENCE_FOR_ACTS,
        _ => PATIENCE,
    };
    let answer = connect(&socket, patience).and_then(|stream| converse(stream, request));
    match answer {
        Ok((_, Some(Answer::Refused { code, params }))) => Err(Fault::told(&code, params)),
        Ok((stream, Some(answer))) => Ok(Some((Connection { _stream: stream }, answer))),
        // It ended while it was asked.
        Ok((_, None)) => Ok(None),
        Err(error) if nobody_listens(&error) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Fault::new("file-access-denied").with("path", socket.display()))
        }
        Err(error) => {
            tracing::error!(%error, "the running sandbox does not answer as it should");
            Err(Fault::new("service-unavailable"))
        }
    }
}

/// A path by which the system's calls for sockets find a file in a folder, however long the folder's
/// own path is.
pub(crate) struct SocketPath {
    path: PathBuf,
    /// Open while the path leads through it.
    _folder: Option<File>,
}

impl SocketPath {
    /// A way to the file of that path.
    ///
    /// # Errors
    /// The file's folder cannot be opened.
    pub(crate) fn to(file: &Path) -> io::Result<Self> {
        let parts = (file.parent(), file.file_name());
        let (Some(folder), Some(name), true) =
            (parts.0, parts.1, file.as_os_str().len() >= LONGEST_ADDRESS)
        else {
            return Ok(Self { path: file.to_owned(), _folder: None });
        };
        let folder = File::open(folder)?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _folder: Some(folder) })
    }

    /// The path, for as long as this lives.
    pub(crate) fn as_path(&self) -> &Path {
        &self.path
    }
}

fn connect(socket: &Path, patience: Duration) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(SocketPath::to(socket)?.as_path())?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Writes a request and reads the answer; `None` if the connection ended without one.
fn converse(mut stream: UnixStream, request: &Request) -> io::Result<(UnixStream, Option<Answer>)> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new((&stream).take(LONGEST_ANSWER)).read_line(&mut answer)?;
    let answer = if answer.is_empty() { None } else { Some(serde_json::from_str(&answer)?) };
    Ok((stream, answer))
}

/// A killed sandbox leaves its socket; one that ends breaks the connection.
fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset | BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers_are_one_line_of_json() {
        let lend = Lend { medium: Medium::Phone, name: "p".to_owned(), to: "me".to_owned() };
        for (request, line) in [
            (Request::Lend(lend), r#"{"lend":{"medium":"phone","name":"p","to":"me"}}"#),
            (Request::Anchors, r#""anchors""#),
            (Request::Address, r#""address""#),
            (Request::Act(Act::Save("a".parse().unwrap())), r#"{"act":{"save":"a"}}"#),
            (Request::Act(Act::Play("fresh".parse().unwrap())), r#"{"act":{"play":"fresh"}}"#),
            (Request::Act(Act::Reset), r#"{"act":"reset"}"#),
            (Request::Snapshots, r#""snapshots""#),
        ] {
            assert_eq!(serde_json::to_string(&request).unwrap(), line);
        }
        let refused = Answer::Refused { code: "card-busy".to_owned(), params: BTreeMap::new() };
        for (answer, line) in [
            (Answer::Lent, r#""lent""#),
            (Answer::Done, r#""done""#),
            (Answer::Snapshots(Vec::new()), r#"{"snapshots":[]}"#),
            (refused, r#"{"refused":{"code":"card-busy"}}"#),
            (
                Answer::Anchors {
                    pem: "a\nb".to_owned(),
                    published: "u".to_owned(),
                    time_stamps: "c".to_owned(),
                    seals: "d".to_owned(),
                },
                r#"{"anchors":{"pem":"a\nb","published":"u","time_stamps":"c","seals":"d"}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&answer).unwrap(), line);
            assert_eq!(serde_json::from_str::<Answer>(line).unwrap(), answer);
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        let listener = std::os::unix::net::UnixListener::bind(folder.control_socket()).unwrap();
        for (answer, code) in [
            ("rubbish\n", "service-unavailable"),
            ("{\"refused\":{\"code\":\"card-busy\"}}\n", "card-busy"),
            ("{\"refused\":{\"code\":\"of-a-later-version\"}}\n", "internal-error"),
        ] {
            let answered = std::thread::scope(|scope| {
                scope.spawn(|| {
                    let (stream, _) = listener.accept().unwrap();
                    BufReader::new(&stream).read_line(&mut String::new()).unwrap();
                    (&stream).write_all(answer.as_bytes()).unwrap();
                });
                ask(&folder, &Request::Anchors)
            });
            assert_eq!(answered.unwrap_err().code(), code);
        }
    }

    #[test]
    fn without_a_sandbox_nobody_answers() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        assert!(ask(&folder, &Request::Anchors).unwrap().is_none(), "there is no socket");
        drop(std::os::unix::net::UnixListener::bind(folder.control_socket()).unwrap());
        assert!(ask(&folder, &Request::Anchors).unwrap().is_none(), "a killed sandbox left it");
    }
}
