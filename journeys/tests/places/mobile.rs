//! A mobile contract: a site in TypeScript, for an adult, and for a child whose parent consents.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use inrou_journeys::browser::{Person, Way};

use crate::answers_as;
use crate::house::House;

in_every_way!(use_1_an_adult_has_a_contract, use_1_a_child_needs_a_parent);

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/mobile");

/// How often a start is tried.
const STARTS: usize = 3;

/// What makes the contract.
const CONTRACT: &str = "form[action=\"/contract\"] button";

/// The site, as its README starts it.
struct Site {
    address: String,
    running: Child,
}

impl Site {
    fn start(sandbox: &str, contracts: &Path) -> Self {
        let started = (0..STARTS).find_map(|_| Self::try_start(sandbox, contracts));
        started.expect("it says on standard error why it does not start")
    }

    /// `None` if the site ended: somebody else may have taken the port meanwhile.
    fn try_start(sandbox: &str, contracts: &Path) -> Option<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let tsx = PathBuf::from(FOLDER).join("node_modules/.bin/tsx");
        let mut running = Command::new(tsx)
            .args(["site.ts", sandbox, &free.port().to_string()])
            .arg(contracts)
            .current_dir(FOLDER)
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the packages of examples/mobile are installed (cargo xtask setup)");
        let mut said = String::new();
        let says = running.stdout.take().unwrap();
        let site = Self { address: format!("http://localhost:{}", free.port()), running };
        BufReader::new(says).read_line(&mut said).unwrap();
        said.starts_with("The site is at").then_some(site)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // It is the leader of a group of its own.
        let group = format!("-{}", self.running.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.running.wait();
    }
}

#[test]
fn what_the_business_of_the_site_is_holds() {
    let tsx = PathBuf::from(FOLDER).join("node_modules/.bin/tsx");
    let tests = ["--test", "contracts.test.ts"];
    let done = Command::new(tsx).args(tests).current_dir(FOLDER).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

/// Presses the first link or button of the page's own.
async fn presses_first(person: &Person, selector: &str) {
    person.waits_for_some(selector).await;
    let words = person.reads(selector).await;
    person.presses_words(&words).await;
}

async fn use_1_an_adult_has_a_contract(way: Way) {
    let (house, folder) = (House::of(&["hana"]).await, tempfile::tempdir().unwrap());
    let site = Site::start(&house.sandbox.base, &folder.path().join("contracts.json"));
    let mut person = Person::new("mobile", way).await;
    person.goes_to(&site.address).await;
    person.looks_around("mobile").await;
    // Who refuses has no contract.
    presses_first(&person, "main li a").await;
    answers_as(&person, "refused").await;
    person.waits_for_some("#code").await;
    assert_eq!(person.reads("#code").await, "transaction-refused");
    person.looks_around("mobile refused").await;
    person.goes_to(&site.address).await;
    presses_first(&person, "main li a").await;
    answers_as(&person, "success").await;
    person.waits_for_some(CONTRACT).await;
    person.looks_around("mobile check").await;
    presses_first(&person, CONTRACT).await;
    person.waits_for_some("#number").await;
    person.looks_around("mobile done").await;
    let number = person.reads("#number").await;
    person.goes_to(&format!("{}/office", site.address)).await;
    person.looks_around("mobile office").await;
    assert_eq!(person.reads("main li h2").await, number);
    person.leaves().await;
    house.ends().await;
}

async fn use_1_a_child_needs_a_parent(way: Way) {
    let (house, folder) = (House::of(&["hana"]).await, tempfile::tempdir().unwrap());
    let site = Site::start(&house.sandbox.base, &folder.path().join("contracts.json"));
    let mut person = Person::new("mobile-child", way).await;
    person.goes_to(&site.address).await;
    presses_first(&person, "main li a").await;
    answers_as(&person, "minor").await;
    person.waits_for_some("a[href=\"/begin-parent\"]").await;
    person.looks_around("mobile child").await;
    // The child is no parent; without one there is no contract.
    presses_first(&person, "a[href=\"/begin-parent\"]").await;
    answers_as(&person, "minor").await;
    person.waits_for_some("#parent-is-holder").await;
    person.looks_around("mobile no parent").await;
    presses_first(&person, "a[href=\"/begin-parent\"]").await;
    answers_as(&person, "address-changed").await;
    person.waits_for_some(CONTRACT).await;
    assert_eq!(person.counts("dd").await, 5, "the parent is told, too");
    presses_first(&person, CONTRACT).await;
    person.waits_for_some("#number").await;
    person.looks_around("mobile child done").await;
    person.leaves().await;
    house.ends().await;
}
