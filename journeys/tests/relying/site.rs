//! A site whose server is a program of another language.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use inrou::sandbox::Sandbox;
use inrou_journeys::python;
use serde_json::{Value, json};

/// Where a log-in leads back to: nobody listens there, the test plays the browser.
pub const CALLBACK: &str = "http://localhost:9/callback";

/// By what a site's developer made it.
pub enum Stack {
    /// npm `openid-client`.
    OpenidClient,
    /// npm `oauth4webapi`.
    Oauth4webapi,
    /// PyPI `Authlib`.
    Authlib,
}

impl Stack {
    fn start(&self) -> Program {
        match self {
            Stack::OpenidClient => Program::start("node".as_ref(), "openid-client.mjs"),
            Stack::Oauth4webapi => Program::start("node".as_ref(), "oauth4webapi.mjs"),
            Stack::Authlib => Program::start(&python(), "authlib_site.py"),
        }
    }
}

/// A site that waits for its visitor to come back.
pub struct Site {
    /// Where it sends its visitor.
    pub url: String,
    program: Program,
}

/// What a site is registered with, and what it asks for.
#[derive(Clone)]
pub struct Wish {
    pub profile: &'static str,
    pub redirect_uri: String,
    /// When a number confirms an answer to a QR code.
    pub number_check: &'static str,
    /// What is to be signed; nothing, to log in.
    pub order: Option<Value>,
}

impl Default for Wish {
    fn default() -> Self {
        let (profile, number_check) = ("digital-auth", "signatures");
        Self { profile, redirect_uri: CALLBACK.to_owned(), number_check, order: None }
    }
}

impl Site {
    /// Registers a site of that stack and profile, and has it send a visitor to log in.
    pub async fn start(sandbox: &Sandbox, stack: &Stack, profile: &'static str) -> Self {
        Self::with(sandbox, stack, Wish { profile, ..Wish::default() }).await
    }

    /// Registers a site of that stack, and has it send a visitor.
    pub async fn with(sandbox: &Sandbox, stack: &Stack, wish: Wish) -> Self {
        let Wish { profile, redirect_uri, number_check, order } = wish;
        let scope = match order {
            Some(_) => "openid sign",
            None => "openid name address birthdate gender",
        };
        let mut program = stack.start();
        let keys = program.says()["jwks"].clone();
        let registration = json!({
            "client_name": "見本銀行",
            "redirect_uris": [&redirect_uri],
            "number_check": number_check,
            "jwks": {"keys": keys},
            "scope": scope,
            "sector": "bank.example",
            "profile": profile,
        });
        let mut told = json!({
            "issuer": issuer(sandbox),
            "client_id": registered(sandbox, &registration).await,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "profile": profile,
        });
        if let Some(order) = order {
            told["order"] = order;
        }
        program.hears(&told);
        let url = program.says()["url"].as_str().unwrap().to_owned();
        Self { url, program }
    }

    /// Its visitor comes back: what it learnt.
    pub fn comes_back(&mut self, callback: &str) -> Value {
        self.program.hears(&json!({"callback": callback}));
        self.program.says()
    }
}

/// Registers a site; its name.
pub async fn registered(sandbox: &Sandbox, registration: &Value) -> String {
    let provider = sandbox.anybody("/provider/v1").unwrap();
    let client: Value = provider.post("/clients").json(registration).answer().await.unwrap();
    client["client_id"].as_str().unwrap().to_owned()
}

/// The provider's name.
pub fn issuer(sandbox: &Sandbox) -> String {
    format!("{}/api/realms/main", sandbox.world().unwrap().base)
}

/// A program that is told, and says, one line of JSON at a time.
pub struct Program {
    running: Child,
    says: BufReader<ChildStdout>,
    hears: ChildStdin,
}

impl Program {
    fn start(interpreter: &Path, script: &str) -> Self {
        Self::start_with(interpreter, &[script])
    }

    /// Starts a script with what else is said on its line.
    pub fn start_with(interpreter: &Path, line: &[&str]) -> Self {
        let mut running = Command::new(interpreter)
            .args(line)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/relying"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let hears = running.stdin.take().unwrap();
        let says = BufReader::new(running.stdout.take().unwrap());
        Self { running, says, hears }
    }

    pub fn hears(&mut self, what: &Value) {
        writeln!(self.hears, "{what}").unwrap();
    }

    pub fn says(&mut self) -> Value {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("the site says why not on standard error")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}
