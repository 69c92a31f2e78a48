//! Starting Chromium, with a ChromeDriver of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper::Method;
use serde_json::{Value, json};

/// How the browser is looked through.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The window's width and height, CSS pixels.
    pub size: (u32, u32),
    /// Whether scripts run.
    pub scripts: bool,
    /// Media features that are forced, such as `("forced-colors", "active")`.
    pub media: &'static [(&'static str, &'static str)],
    /// The size of text, in percent of the usual.
    pub text_percent: u32,
}

impl Default for Look {
    /// A desk screen.
    fn default() -> Self {
        Self { size: (1024, 900), scripts: true, media: &[], text_percent: 100 }
    }
}

/// A running browser. It ends with this.
pub struct Browser {
    /// Drives it.
    pub client: Client,
    driver: Child,
}

impl Browser {
    /// Starts a browser with a profile of its own.
    ///
    /// # Panics
    /// Chromium or ChromeDriver does not start.
    pub async fn start(look: Look) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (cargo xtask setup)");
        let port = port(&mut driver);
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        let Value::Object(capabilities) = capabilities(look) else { unreachable!("an object") };
        let client = builder
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        let browser = Self { client, driver };
        browser.set(look).await;
        browser
    }

    async fn set(&self, look: Look) {
        if !look.scripts {
            let off = json!({ "value": true });
            self.devtools("Emulation.setScriptExecutionDisabled", off).await;
        }
        let features =
            look.media.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let features = json!({ "features": features.collect::<Vec<_>>() });
        self.devtools("Emulation.setEmulatedMedia", features).await;
        // Narrower than a window can be.
        let (width, height) = look.size;
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
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
        // It takes its browser along.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn port(driver: &mut Child) -> u16 {
    let said = driver.stdout.take().expect("its output is a pipe");
    let mut lines = BufReader::new(said).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.strip_prefix("ChromeDriver was started successfully on port ")
            .and_then(|rest| rest.trim_end_matches('.').parse().ok())
    });
    // Nobody reads what it says later; it must not block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    port.expect("chromedriver says its port")
}

fn capabilities(look: Look) -> Value {
    let (width, height) = look.size;
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--lang=ja".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--window-size={},{}", width.max(500), height),
    ];
    if look.text_percent != 100 {
        arguments
            .push(format!("--force-text-scale-factor={}", f64::from(look.text_percent) / 100.0));
    }
    json!({
        "goog:chromeOptions": {
            "args": arguments,
            "prefs": { "webkit.webprefs.default_font_size": 16 * look.text_percent / 100 }
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
