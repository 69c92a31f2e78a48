//! `inrou call`: a request to the running sandbox's APIs, signed as one of its roles (RFC 9421), so that
//! clerks and counters can be played without a program of one's own.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inrou_api::client::{Client, ClientError};
use inrou_api::clock::SandboxClock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_pki::SystemEntropy;
use inrou_words::Language;
use serde_json::value::RawValue;

use crate::control::{Answer, Request, ask};
use crate::fault::Fault;
use crate::sandbox::{DataFolder, Role, RoleKeys};
use crate::serve::certificates;
use crate::terminal::{pass_on, say};

/// The longest body that is read.
const LONGEST_BODY: u64 = 1024 * 1024;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who asks.
    pub role: Role,
    /// How.
    pub method: Method,
    /// What: such as `/office/v1/applications?limit=5`.
    pub path: String,
    /// The file with the body, JSON; `-` is standard input.
    pub body: Option<PathBuf>,
    /// The idempotency key; a fresh one if there is none.
    pub key: Option<String>,
}

/// The methods that the APIs know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does something, once under each idempotency key.
    Post,
    /// Puts something in its place.
    Put,
}

impl Method {
    /// Their names, as typed.
    pub const ALL: [(&str, Method); 3] =
        [("GET", Method::Get), ("POST", Method::Post), ("PUT", Method::Put)];
}

/// Sends the request and says what was answered.
pub fn run(language: Language, data: &Path, asked: &Asked) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let Some((_, Answer::Address { base })) = ask(&folder, &Request::Address)? else {
        return Err(Fault::new("sandbox-not-running").with("path", data.display()));
    };
    let client = client(&folder, &base, asked.role)?.speaking(language);
    let body = asked.body.as_deref().map(read).transpose()?;
    let key = match &asked.key {
        Some(typed) => typed.parse().map_err(|_| Fault::new("key-not-readable"))?,
        None => IdempotencyKey::new(&SystemEntropy),
    };
    let mut call = match asked.method {
        Method::Get => client.get(&asked.path),
        Method::Post => client.post(&asked.path).once(&key),
        Method::Put => client.put(&asked.path),
    };
    if let Some(body) = &body {
        call = call.json(body);
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    let answer = runtime.block_on(call.bytes()).map_err(refused)?;
    match str::from_utf8(&answer) {
        Ok("") => {}
        Ok(json) if serde_json::from_str::<&RawValue>(json).is_ok() => say(json),
        // A certificate, a signature, a document: not a byte more or less.
        _ => pass_on(&answer),
    }
    Ok(())
}

pub(crate) fn client(folder: &DataFolder, base: &str, role: Role) -> Result<Client, Fault> {
    let roots = match base.starts_with("https:") {
        true => certificates(&[folder.tls_ca()])?,
        false => Vec::new(),
    };
    let clock = Arc::new(SandboxClock::open(folder.root())?);
    let client = Client::new(base, &roots, clock, Arc::new(SystemEntropy)).map_err(refused)?;
    Ok(client.signing(RoleKeys::of(folder)?.signer(role)))
}

/// JSON as it was written.
fn read(file: &Path) -> Result<Box<RawValue>, Fault> {
    let unreadable = || Fault::new("file-not-readable").with("path", file.display());
    let source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(fs::File::open(file).map_err(|_| unreadable())?),
    };
    let mut text = String::new();
    source.take(LONGEST_BODY).read_to_string(&mut text).map_err(|_| unreadable())?;
    RawValue::from_string(text.trim().to_owned())
        .map_err(|_| Fault::new("body-not-json").with("path", file.display()))
}

pub(crate) fn refused(error: ClientError) -> Fault {
    match error {
        ClientError::Problem(problem) => {
            let params = problem.params().map(|(name, value)| (name.to_owned(), value.to_owned()));
            Fault::told(problem.code(), params.collect())
        }
        ClientError::Unavailable(_) => Fault::new("service-unavailable"),
        error => {
            tracing::error!(%error, "the request was not answered");
            Fault::new("internal-error")
        }
    }
}
