//! The chips of a sandbox that runs, in the hands of other processes: lent, used, and taken back
//! however the borrower ends.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use inrou_api::client::Client;
use inrou_api::wire::phone::{AllowContactless, ChipContents, PhoneState, PutCard, ReadContents};
use support::{command, inrou, inrou_told, said, sandbox, shown};

const SELECT_JPKI: &[u8] =
    &[0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
/// VERIFY of the user-authentication PIN with 0000, which is nobody's.
const WRONG_PIN: &[u8] = &[0x00, 0x20, 0x00, 0x98, 0x04, 0x30, 0x30, 0x30, 0x30];
const DONE: &[u8] = &[0x90, 0x00];

/// How long another process may take for its part.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn card_14_a_lent_card_is_out_of_the_sandbox_and_back_when_the_borrower_dies() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let phone = sandbox.anybody("/phone/v1").unwrap();
    put_card(&phone).await.unwrap();

    let (mut borrower, mut reader) = attach(folder.path(), &["hana"]);
    assert_eq!(reader.ask(SELECT_JPKI), DONE);
    assert_eq!(reader.ask(WRONG_PIN), [0x63, 0xC2]);
    assert_eq!(put_card(&phone).await.unwrap_err(), "card-busy");
    let read = inrou(folder.path(), &["card", "read", "hana"]);
    assert!(!read.status.success());
    let list = shown(&inrou(folder.path(), &["card", "list"]));
    let line = list.lines().find(|line| line.starts_with("hana ")).unwrap();
    assert!(line.ends_with("inrou card attach"), "{line}");

    borrower.kill().unwrap();
    borrower.wait().unwrap();
    until(async || put_card(&phone).await).await;
    let read = inrou(folder.path(), &["card", "read", "hana"]);
    assert!(shown(&read).contains("BEGIN CERTIFICATE"), "{}", said(&read));
    let show = shown(&inrou(folder.path(), &["card", "show", "hana"]));
    assert!(show.contains("2 of 3 tries left"), "what the borrower did stays done: {show}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lent_phone_answers_that_it_is_busy_until_the_reader_goes() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let phone = sandbox.anybody("/phone/v1").unwrap();

    // REG-4: not before its holder allowed it.
    for act in ["attach", "read"] {
        let refused = inrou(folder.path(), &["card", act, "hana", "--phone"]);
        assert!(said(&refused).contains("contactless-not-allowed"), "{}", said(&refused));
    }
    allow_contactless(&phone).await;
    let (mut borrower, mut reader) = attach(folder.path(), &["hana", "--phone"]);
    assert_eq!(reader.ask(SELECT_JPKI), DONE);
    assert_eq!(contents(&phone).await.unwrap_err(), "phone-busy");
    drop(reader);
    assert!(borrower.wait().unwrap().success(), "the reader went: that is no error");
    // The connection to the sandbox is seen to end a moment after the process.
    until(async || contents(&phone).await).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_a_chip_is_taken_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    sandbox(folder.path()).await.stop().await;

    // REG-4: not a phone whose holder did not allow it.
    let refused = inrou(folder.path(), &["card", "read", "hana", "--phone"]);
    assert!(said(&refused).contains("contactless-not-allowed"), "{}", said(&refused));
    let (mut borrower, mut reader) = attach(folder.path(), &["hana"]);
    assert_eq!(reader.ask(SELECT_JPKI), DONE);
    // A sandbox that is started meanwhile respects what others have.
    let sandbox = sandbox(folder.path()).await;
    let phone = sandbox.anybody("/phone/v1").unwrap();
    assert_eq!(put_card(&phone).await.unwrap_err(), "card-busy");
    drop(reader);
    assert!(borrower.wait().unwrap().success());
    put_card(&phone).await.unwrap();
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gated_certificate_is_read_with_its_pin_and_a_wrong_one_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let read = |pin: &str| {
        let arguments = ["card", "read", "hana", "--certificate", "sign,ca-sign", "--pin-stdin"];
        inrou_told(folder.path(), &arguments, pin)
    };
    let none = read("");
    assert!(said(&none).starts_with("A PIN is needed"), "{}", said(&none));
    assert!(said(&read("SHORT\n")).contains("It did not cost a try"));
    assert!(said(&read("WRONG123\n")).contains("4 tries left"));
    let right = read("mizuno12\n");
    assert!(right.status.success(), "typed in lower case as well: {}", said(&right));
    assert_eq!(shown(&right).matches("BEGIN CERTIFICATE").count(), 2);
    let show = shown(&inrou(folder.path(), &["card", "show", "hana"]));
    assert!(show.contains("5 of 5 tries left"), "a right entry resets the count: {show}");
    assert!(!show.contains("水野"), "the signature certificate is behind its PIN");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_socket_answers_rubbish_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path()).await;
    let ask = |line: &str| {
        let mut stream = UnixStream::connect(folder.path().join("control.sock")).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        (stream, answer)
    };
    let unknown = r#"{"lend":{"medium":"phone","name":"../hana","to":"x"}}"#;
    // REG-4: whatever program asks.
    let forbidden = r#"{"lend":{"medium":"phone","name":"hana-phone","to":"x"}}"#;
    for (line, code) in [
        ("rubbish\n".to_owned(), "bad-request"),
        ("{\"lend\":{\"medium\":\"card\"}}\n".to_owned(), "bad-request"),
        (" ".repeat(1024), "bad-request"),
        (format!("{unknown}\n"), "not-found"),
        (format!("{forbidden}\n"), "contactless-not-allowed"),
    ] {
        let (_, answer) = ask(&line);
        assert!(answer.starts_with(&format!(r#"{{"refused":{{"code":"{code}""#)), "{answer}");
    }
    drop(UnixStream::connect(folder.path().join("control.sock")).unwrap());

    // A request of the greatest length is lent as any other, until the connection ends.
    let lend = r#"{"lend":{"medium":"card","name":"hana","to":"a test"}}"#;
    let (stream, answer) = ask(&format!("{lend}{}\n", " ".repeat(1023 - lend.len())));
    assert_eq!(answer, "\"lent\"\n");
    let phone = sandbox.anybody("/phone/v1").unwrap();
    assert_eq!(put_card(&phone).await.unwrap_err(), "card-busy");
    let (_, again) = ask(&format!("{lend}\n"));
    assert!(again.contains("card-busy"), "it is lent once: {again}");
    drop(stream);
    until(async || put_card(&phone).await).await;
    sandbox.stop().await;
}

/// Puts the card to her phone; the code if that is refused.
async fn put_card(phone: &Client) -> Result<(), String> {
    let call = phone.put("/phones/hana-phone/card").json(&PutCard { card: "hana".to_owned() });
    code_of(call.answer::<PhoneState>().await)
}

/// Reads what her phone's chip holds (REG-3).
async fn contents(phone: &Client) -> Result<(), String> {
    let asked = ReadContents { signature_password: None, user_authentication_pin: None };
    let call = phone.post("/phones/hana-phone/contents").json(&asked);
    code_of(call.answer::<ChipContents>().await)
}

/// REG-4: her phone may be used at a card reader.
async fn allow_contactless(phone: &Client) {
    let call = phone.put("/phones/hana-phone/contactless");
    let allowed: PhoneState =
        call.json(&AllowContactless { allowed: true }).answer().await.unwrap();
    assert!(allowed.contactless);
}

fn code_of<T>(answer: Result<T, inrou_api::client::ClientError>) -> Result<(), String> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) => Err(error.problem().unwrap().code().to_owned()),
    }
}

/// Tries again until it succeeds: another process ends when it ends.
async fn until(attempt: impl AsyncFn() -> Result<(), String>) {
    let start = Instant::now();
    while let Err(code) = attempt().await {
        assert!(start.elapsed() < LIMIT, "{code}");
        tokio::task::yield_now().await;
    }
}

/// `inrou card attach` in a process of its own, and the reader into which it puts the chip.
fn attach(folder: &Path, arguments: &[&str]) -> (Child, Vpcd) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let borrower = command(folder, &["card", "attach", "--address", &address])
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut reader = Vpcd(stream);
    reader.tell(&[0x01]);
    (borrower, reader)
}

/// vpcd's side of the connection: two bytes of length before every message.
struct Vpcd(TcpStream);

impl Vpcd {
    fn tell(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).unwrap();
        self.0.write_all(&[&length.to_be_bytes(), message].concat()).unwrap();
    }

    fn ask(&mut self, message: &[u8]) -> Vec<u8> {
        self.tell(message);
        let mut length = [0; 2];
        self.0.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        self.0.read_exact(&mut answer).unwrap();
        answer
    }
}
