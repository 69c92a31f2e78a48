//! Starting Chromium, with a ChromeDriver of its own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The window's width and height, CSS pixels.
    pub size: (u32, u32),
    /// Whether dark colours are wished for.
    pub dark: bool,
    /// Whether the system forces its colours.
    pub forced_colours: bool,
    /// The size of text, in percent of the usual.
    pub text_percent: u32,
}

impl Look {
    /// A desk screen.
    pub const DESK: Self =
        Self { size: (1024, 900), dark: false, forced_colours: false, text_percent: 100 };
    /// The narrowest screen on which all has to fit (WCAG 2.2, 1.4.10).
    pub const NARROW: Self = Self { size: (320, 700), ..Self::DESK };

    /// With text twice as large (WCAG 2.2, 1.4.4).
    #[must_use]
    pub const fn in_large_text(self) -> Self {
        Self { text_percent: 200, ..self }
    }
}

/// How long a driver may take to end its browser.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// At most so many browsers run at once: each takes a core.
static ROOM: Semaphore = Semaphore::const_new(2);

/// A running browser. It ends with this.
pub struct Browser {
    /// Drives it.
    pub client: Client,
    driver: Child,
    port: u16,
    _room: SemaphorePermit<'static>,
}

/// How often chromedriver is started until it has a port.
const STARTS: usize = 5;

impl Browser {
    /// Starts a browser with a profile of its own.
    ///
    /// # Panics
    /// Chromium or ChromeDriver does not start.
    pub async fn start() -> Self {
        let [browser] = Self::start_several().await;
        browser
    }

    /// Starts several at once, as on several devices.
    ///
    /// # Panics
    /// As [`Browser::start`].
    pub async fn start_several<const N: usize>() -> [Self; N] {
        // All room is taken in one piece: two who each hold one would wait for each other.
        let mut room = ROOM.acquire_many(N as u32).await.expect("it is never closed");
        let mut started = Vec::new();
        for _ in 0..N {
            let own = room.split(1).expect("a place for each");
            started.push(Self::start_in(own).await);
        }
        started.try_into().unwrap_or_else(|_| unreachable!("as many as there are places"))
    }

    async fn start_in(room: SemaphorePermit<'static>) -> Self {
        // The free port that it takes is one of IPv4: it ends if somebody has the same one of IPv6.
        let (driver, port) =
            (0..STARTS).find_map(|_| driver()).expect("chromedriver says its port");
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        let Value::Object(capabilities) = capabilities() else { unreachable!("an object") };
        let client = builder
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        let browser = Self { client, driver, port, _room: room };
        browser.look(Look::DESK).await;
        browser
    }

    /// Lets pages be looked at in this way, from now on.
    ///
    /// # Panics
    /// The browser refuses.
    pub async fn look(&self, look: Look) {
        let (width, height) = look.size;
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let forced = if look.forced_colours { "active" } else { "none" };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "forced-colors", "value": forced },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
        // As a person sets it in the browser: every length in `rem` follows.
        let sizes = json!({ "fontSizes": {
            "standard": 16 * look.text_percent / 100, "fixed": 13 * look.text_percent / 100,
        } });
        self.devtools("Page.setFontSizes", sizes).await;
    }

    /// Lets scripts of pages run, or not.
    ///
    /// # Panics
    /// The browser refuses.
    pub async fn scripts(&self, run: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).await;
    }

    /// A world beside that of the page's own scripts.
    ///
    /// # Panics
    /// The browser makes none.
    pub async fn world(&self) -> World<'_> {
        let tree = self.devtools("Page.getFrameTree", json!({})).await;
        let frame = &tree["frameTree"]["frame"]["id"];
        let made = json!({ "frameId": frame, "worldName": "judge" });
        let made = self.devtools("Page.createIsolatedWorld", made).await;
        World { browser: self, id: made["executionContextId"].clone() }
    }

    /// What is found on the page once it stands still: a page that waits may go on by itself meanwhile, and
    /// is then looked at anew.
    ///
    /// # Panics
    /// It goes on and on.
    pub async fn at_rest<T>(&self, look: impl AsyncFn() -> Result<T, WentOn>) -> T {
        for _ in 0..PAGES {
            if let Ok(found) = look().await {
                return found;
            }
        }
        panic!("the page goes on and on");
    }

    /// A command of the DevTools protocol.
    ///
    /// # Panics
    /// It fails.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let command = DevTools { command, parameters };
        self.client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What was written to the page's console since this was asked last: level and words.
    ///
    /// # Panics
    /// The browser does not tell.
    pub async fn console(&self) -> Vec<(String, String)> {
        let told = self.client.issue_cmd(Console).await.unwrap_or_else(|error| panic!("{error}"));
        let entries = told.as_array().cloned().unwrap_or_default();
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| (word(entry, "level"), word(entry, "message"))).collect()
    }

    /// Ends the browser.
    ///
    /// # Errors
    /// It had ended by itself.
    pub async fn close(self) -> Result<(), CmdError> {
        self.client.clone().close().await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Told to end it ends its browser as well; killed it would leave it running. A driver that does not
        // answer is killed all the same.
        let _ = shut_down(self.port);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Has a driver end its browser, and waits until it has.
fn shut_down(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(SHUTDOWN))?;
    let request =
        format!("GET /shutdown HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// A world of scripts that sees the page, but not the page's scripts.
pub struct World<'b> {
    browser: &'b Browser,
    id: Value,
}

impl World<'_> {
    /// What an expression comes to, once it is settled.
    ///
    /// # Errors
    /// The page went on by itself, and its worlds with it.
    ///
    /// # Panics
    /// It fails.
    pub async fn evaluate(&self, expression: &str) -> Result<Value, WentOn> {
        let parameters = json!({
            "expression": expression, "contextId": self.id,
            "awaitPromise": true, "returnByValue": true,
        });
        let asked = DevTools { command: "Runtime.evaluate", parameters };
        let answer = match self.browser.client.issue_cmd(asked).await {
            Ok(answer) => answer,
            Err(error) if WENT_ON.iter().any(|words| error.to_string().contains(words)) => {
                return Err(WentOn);
            }
            Err(error) => panic!("{error}"),
        };
        let failed = &answer["exceptionDetails"];
        assert!(failed.is_null(), "{failed}");
        Ok(answer["result"]["value"].clone())
    }
}

/// How many pages in a row may go on by themselves.
const PAGES: usize = 4;

/// The page went on by itself while it was looked at.
#[derive(Debug)]
pub struct WentOn;

/// How the browser says that a world is there no more.
const WENT_ON: [&str; 3] = [
    "no such execution context",
    "Cannot find context with specified id",
    "Execution context was destroyed",
];

/// Starts chromedriver; it and its port, unless it ends at once.
fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver is installed (cargo xtask setup)");
    let said = driver.stdout.take().expect("its output is a pipe");
    let mut lines = BufReader::new(said).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.strip_prefix("ChromeDriver was started successfully on port ")
            .and_then(|rest| rest.trim_end_matches('.').parse().ok())
    });
    let Some(port) = port else {
        driver.wait().expect("it ends with its output");
        return None;
    };
    // Nobody reads what it says later; it must not block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

/// Chromium without the window around its pages: it starts in a quarter of the work. Not the script in `PATH`:
/// with that alone the browser itself would not end.
const WITHOUT_WINDOW: &str = "/usr/lib/chromium/chromium-headless-shell";

fn capabilities() -> Value {
    json!({
        "goog:chromeOptions": {
            "binary": WITHOUT_WINDOW,
            "args": [
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--lang=ja",
                "--hide-scrollbars",
                "--window-size=1024,900",
            ],
        },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "pageLoad": 60_000, "script": 60_000 }
    })
}

#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
