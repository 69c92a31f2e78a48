//! The control socket's end in the sandbox: lends chips, tells the trust anchors, passes acts on. [`crate::control`]
//! has the protocol.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use inrou_api::client::Client;
use inrou_api::problem::{Code, Problem};
use inrou_chip::tray::{Tray, TrayError};
use inrou_phone::NotLent;
use inrou_rules::Medium;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinSet, spawn_blocking};

use super::keeper::{Keeper, Loan};
use super::{Act, DataFolder, World};
use crate::control::{Answer, LONGEST_REQUEST, Lend, Request, SocketPath};

/// How many connections there are at a time.
const MOST_CONNECTIONS: usize = 64;

/// How long, in real time, a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most characters that a borrower is called by.
const LONGEST_BORROWER: usize = 100;

/// The control socket. Dropping it takes the socket away.
pub(super) struct Control {
    listener: UnixListener,
    socket: PathBuf,
}

/// What can be asked for.
pub(super) struct Shelf {
    /// Who has the roles run.
    pub keeper: Arc<Keeper>,
    /// A client of the authority's publication.
    pub publication: Client,
    /// Where the sandbox is reached.
    pub base: String,
    /// Where its status services are, as certificates name them.
    pub published: String,
}

/// A chip that is lent. Its world lives for so long: acts that would end it are refused.
struct Lent {
    lend: Lend,
    world: Arc<World>,
    _loan: Loan,
}

impl Control {
    /// Listens in a data folder whose lock is held. A socket that a killed sandbox left is replaced.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub(super) fn listen(folder: &DataFolder) -> io::Result<Self> {
        // Nobody else can reach the socket before it is there, and it is there with its mode.
        let draft = folder.root().join(".control");
        remove_if_there(&draft)?;
        DirBuilder::new().mode(0o700).create(&draft)?;
        let unfinished = draft.join("sock");
        let listener = UnixListener::bind(SocketPath::to(&unfinished)?.as_path())?;
        fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
        let socket = folder.control_socket();
        fs::rename(&unfinished, &socket)?;
        fs::remove_dir(&draft)?;
        Ok(Self { listener, socket })
    }

    /// Serves until it is dropped; then every connection ends.
    pub(super) async fn serve(mut self, shelf: Arc<Shelf>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                (stream, _) = Listener::accept(&mut self.listener),
                    if connections.len() < MOST_CONNECTIONS =>
                {
                    connections.spawn(connection(stream, shelf.clone()));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Left behind, it is replaced by the next sandbox.
        let _ = fs::remove_file(&self.socket);
    }
}

/// One request. What goes wrong with the connection is the other end's doing.
async fn connection(stream: UnixStream, shelf: Arc<Shelf>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read.take(LONGEST_REQUEST));
    let mut line = String::new();
    let arrived = tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await;
    if !matches!(arrived, Ok(Ok(1..))) {
        return;
    }
    let (answer, loan) = match serde_json::from_str(&line) {
        Ok(Request::Anchors) => (shelf.anchors().await, None),
        Ok(Request::Address) => (Answer::Address { base: shelf.base.clone() }, None),
        Ok(Request::Act(act)) => (shelf.act(act).await, None),
        Ok(Request::Snapshots) => (shelf.snapshots().await, None),
        Ok(Request::Lend(lend)) => shelf.clone().lend(lend).await,
        Err(_) => (refused(&Problem::bad_request("line")), None),
    };
    let said = say(&mut write, &answer).await;
    if let Some(loan) = loan {
        if said.is_ok() {
            // It ends with the connection; whatever else is said ends it as well.
            read.get_mut().set_limit(1);
            let _ = read.read_u8().await;
        }
        Shelf::take_back(loan).await;
    }
}

async fn say(write: &mut (impl AsyncWriteExt + Unpin), answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    write.write_all(&line).await
}

impl Shelf {
    async fn anchors(&self) -> Answer {
        let anchors = async |path: &str| -> Result<String, Problem> {
            let bytes = self.publication.get(path).bytes().await?;
            String::from_utf8(bytes.to_vec()).map_err(Problem::internal)
        };
        let all = async || {
            Ok::<_, Problem>(Answer::Anchors {
                pem: anchors("/ca/anchors.pem").await?,
                published: self.published.clone(),
                time_stamps: anchors("/timestamps/anchors.pem").await?,
                seals: anchors("/seals/anchors.pem").await?,
            })
        };
        all().await.unwrap_or_else(|problem| refused(&problem))
    }

    async fn act(&self, act: Act) -> Answer {
        match self.keeper.has_done(act).await {
            Ok(()) => Answer::Done,
            Err(fault) => refused_for(fault.code(), fault.params()),
        }
    }

    async fn snapshots(&self) -> Answer {
        let keeper = self.keeper.clone();
        match spawn_blocking(move || keeper.snapshots()).await.map_err(Problem::internal) {
            Ok(Ok(all)) => Answer::Snapshots(all),
            Ok(Err(fault)) => refused_for(fault.code(), fault.params()),
            Err(problem) => refused(&problem),
        }
    }

    /// The answer, and what was lent.
    async fn lend(self: Arc<Self>, lend: Lend) -> (Answer, Option<Lent>) {
        let name = lend.name.clone();
        let lent = spawn_blocking(move || {
            let stopped = || Problem::new(Code::SERVICE_UNAVAILABLE);
            let loan = self.keeper.note_loan().ok_or_else(stopped)?;
            let world = self.keeper.world().ok_or_else(stopped)?;
            let to: String = lend.to.chars().take(LONGEST_BORROWER).collect();
            match lend.medium {
                Medium::Card => lend_card(&world.tray, &lend.name, &to)?,
                Medium::Phone => world.fleet.lend(&lend.name, &to)?,
            }
            Ok(Lent { lend, world, _loan: loan })
        });
        match lent.await.map_err(Problem::internal) {
            Ok(Ok(lent)) => (Answer::Lent, Some(lent)),
            Ok(Err(NotLent::Forbidden)) => {
                let name = [("name", name.as_str())];
                (refused_for("contactless-not-allowed", name.into_iter()), None)
            }
            Ok(Err(NotLent::Problem(problem))) | Err(problem) => (refused(&problem), None),
        }
    }

    async fn take_back(lent: Lent) {
        let taken = spawn_blocking(move || {
            let Lent { lend, world, _loan } = &lent;
            match lend.medium {
                Medium::Card => {
                    if let Ok(name) = lend.name.parse() {
                        world.tray.take_back(&name);
                    }
                    Ok(())
                }
                Medium::Phone => world.fleet.take_back(&lend.name),
            }
        });
        if let Ok(Err(problem)) | Err(problem) = taken.await.map_err(Problem::internal) {
            tracing::error!(%problem, "a lent phone cannot be taken back");
        }
    }
}

fn lend_card(tray: &Tray, name: &str, to: &str) -> Result<(), Problem> {
    let name = name.parse().map_err(|_| Problem::new(Code::NOT_FOUND))?;
    tray.lend(&name, to).map_err(|error| match error {
        TrayError::NoSuchChip(_) => Problem::new(Code::NOT_FOUND),
        TrayError::InUse(_) | TrayError::Elsewhere { .. } => {
            Problem::new(Code::CARD_BUSY).caused_by(error)
        }
        error => Problem::internal(error),
    })
}

fn refused(problem: &Problem) -> Answer {
    refused_for(problem.code(), problem.params())
}

fn refused_for<'a>(code: &str, params: impl Iterator<Item = (&'a str, &'a str)>) -> Answer {
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Answer::Refused { code: code.to_owned(), params: params.collect() }
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream as Blocking;

    use super::*;

    #[tokio::test]
    async fn the_socket_is_its_owners_replaces_a_stale_one_and_goes_with_its_sandbox() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        drop(std::os::unix::net::UnixListener::bind(folder.control_socket()).unwrap());
        fs::create_dir(folder.root().join(".control")).unwrap();
        let control = Control::listen(&folder).unwrap();
        let mode = fs::metadata(folder.control_socket()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Blocking::connect(folder.control_socket()).unwrap();
        drop(control);
        assert!(!folder.control_socket().exists());
    }

    #[tokio::test]
    async fn a_data_folder_may_lie_deeper_than_a_socket_address_is_long() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("d".repeat(120));
        let folder = DataFolder::create(&deep).unwrap();
        let _control = Control::listen(&folder).unwrap();
        assert!(Blocking::connect(folder.control_socket()).is_err(), "it is too long");
        let path = SocketPath::to(&folder.control_socket()).unwrap();
        Blocking::connect(path.as_path()).unwrap();
    }
}
