//! Canonical forms by examples, and by lxml over generated documents.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use roxmltree::Document;

use super::*;

const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

fn form(algorithm: &str) -> Canonical {
    let named = Document::parse("<a/>").unwrap();
    Canonical::read(algorithm, named.root_element()).unwrap()
}

fn write(algorithm: &str, xml: &str) -> String {
    let document = Document::parse(xml).unwrap();
    let work = Work::for_a_file();
    String::from_utf8(form(algorithm).write(document.root(), None, &work).unwrap()).unwrap()
}

#[test]
fn what_is_the_same_is_written_the_same() {
    let xml = "<?xml version=\"1.0\"?>\r\n<!-- a --><?p  q ?>\n<r b='1\"' a = \"&#9;&lt;\"><e/>x&gt;\r\ny&#13;<![CDATA[<&]]><!-- b --></r>\n<!-- c -->";
    let without = "<?p q ?>\n<r a=\"&#x9;&lt;\" b=\"1&quot;\"><e></e>x&gt;\ny&#xD;&lt;&amp;</r>";
    assert_eq!(write(INCLUSIVE, xml), without);
    let with = "<!-- a -->\n<?p q ?>\n<r a=\"&#x9;&lt;\" b=\"1&quot;\"><e></e>x&gt;\ny&#xD;&lt;&amp;<!-- b --></r>\n<!-- c -->";
    assert_eq!(write(&format!("{INCLUSIVE}#WithComments"), xml), with);
    assert_eq!(write(&format!("{EXCLUSIVE}WithComments"), xml), with);
}

#[test]
fn namespaces_are_written_where_they_are_used_or_declared() {
    let xml = "<a xmlns='u:a' xmlns:x='u:x' xmlns:y='u:y'><x:b y:c='1'><c xmlns=''/></x:b></a>";
    let inclusive = "<a xmlns=\"u:a\" xmlns:x=\"u:x\" xmlns:y=\"u:y\"><x:b y:c=\"1\"><c xmlns=\"\"></c></x:b></a>";
    assert_eq!(write(INCLUSIVE, xml), inclusive);
    let exclusive = "<a xmlns=\"u:a\"><x:b xmlns:x=\"u:x\" xmlns:y=\"u:y\" y:c=\"1\"><c xmlns=\"\"></c></x:b></a>";
    assert_eq!(write(EXCLUSIVE, xml), exclusive);
}

#[test]
fn an_element_alone_takes_with_it_what_it_needs() {
    let xml = "<a xml:lang='ja' xmlns='u:a' xmlns:x='u:x'><b><x:c/></b></a>";
    let document = Document::parse(xml).unwrap();
    let element = document.descendants().find(|node| node.has_tag_name(("u:a", "b"))).unwrap();
    let work = Work::for_a_file();
    let write =
        |form: Canonical| String::from_utf8(form.write(element, None, &work).unwrap()).unwrap();
    let inclusive = "<b xmlns=\"u:a\" xmlns:x=\"u:x\" xml:lang=\"ja\"><x:c></x:c></b>";
    assert_eq!(write(form(INCLUSIVE)), inclusive);
    assert_eq!(write(form(EXCLUSIVE)), "<b xmlns=\"u:a\"><x:c xmlns:x=\"u:x\"></x:c></b>");
    let listed = Canonical { inclusive: ["x".to_owned()].into(), ..form(EXCLUSIVE) };
    assert_eq!(write(listed), "<b xmlns=\"u:a\" xmlns:x=\"u:x\"><x:c></x:c></b>");
}

/// What writing a document takes, in bytes.
fn cost(algorithm: &str, xml: &str) -> usize {
    let document = Document::parse(xml).unwrap();
    let work = Work::of(usize::MAX);
    form(algorithm).write(document.root(), None, &work).unwrap();
    usize::MAX - work.left()
}

#[test]
fn what_it_takes_grows_with_what_is_written_and_with_the_namespaces_that_are_looked_at() {
    let beside = |count: usize| format!("<r>{}</r>", "<a>text</a>".repeat(count));
    let (few, many) = (cost(INCLUSIVE, &beside(100)), cost(INCLUSIVE, &beside(1_000)));
    assert!(many < 11 * few, "{few} {many}");
    let declared: String = (0..100).map(|at| format!(" xmlns:n{at}='u'")).collect();
    let below = |count: usize| format!("<r{declared}>{}</r>", "<a/>".repeat(count));
    let one = cost(EXCLUSIVE, &below(101)) - cost(EXCLUSIVE, &below(100));
    assert!((100 * LOOK..200 * LOOK).contains(&one), "{one}");
}

#[test]
fn a_form_that_would_have_no_end_is_given_up() {
    let long = format!("<r xmlns:p='{}'>{}</r>", "u".repeat(1_000), "<p:a/>".repeat(1_000));
    let document = Document::parse(&long).unwrap();
    let work = Work::of(100_000);
    assert!(form(EXCLUSIVE).write(document.root(), None, &work).is_err());
    assert!(work.is_over(), "and nothing else is written with it");
    let short = Document::parse("<a/>").unwrap();
    assert!(form(EXCLUSIVE).write(short.root(), None, &work).is_err());
    // So is a list of prefixes without an end.
    let listed = |count: usize| {
        let prefixes: String = (0..count).map(|at| format!(" p{at}")).collect();
        let xml = format!("<t><InclusiveNamespaces PrefixList='{prefixes}'/></t>");
        let named = Document::parse(&xml).unwrap();
        Canonical::read(EXCLUSIVE, named.root_element()).is_some()
    };
    assert!(listed(MAX_PREFIXES) && !listed(MAX_PREFIXES + 1));
}

/// An element with attributes, text and children.
fn element() -> impl Strategy<Value = String> {
    let name = prop_oneof!["a", "b", "x:c", "y:d"];
    let text = "[ a-z&\"'\r\n\t日]{0,6}"
        .prop_map(|text| text.replace('&', "&amp;").replace('\r', "&#13;"));
    let value = "[ a-z\t日&]{0,5}".prop_map(|text| text.replace('&', "&amp;"));
    let attributes = prop_oneof![
        Just(String::new()),
        value.clone().prop_map(|value| format!(" p=\"{value}\"")),
        value.prop_map(|value| format!(" y:q=\"{value}\" b='1'")),
        Just(" xmlns=\"u:other\"".to_owned()),
        Just(" xmlns=\"\"".to_owned()),
        Just(" xmlns:x=\"u:again\" xml:lang=\"ja\"".to_owned()),
    ];
    let leaf = (name.clone(), attributes.clone(), text.clone())
        .prop_map(|(name, attributes, text)| format!("<{name}{attributes}>{text}</{name}>"));
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let children = proptest::collection::vec(inner, 0..3);
        (name.clone(), attributes.clone(), text.clone(), children).prop_map(
            |(name, attributes, text, children)| {
                let children = children.join("<!-- c -->");
                format!("<{name}{attributes}>{text}{children}</{name}>")
            },
        )
    })
}

/// Reads documents, one a line in hexadecimal digits, and writes for each the four canonical forms.
const LXML: &str = r"
import sys
from lxml import etree
for line in sys.stdin:
    root = etree.ElementTree(etree.fromstring(bytes.fromhex(line)))
    for exclusive in (False, True):
        for comments in (False, True):
            print(etree.tostring(root, method='c14n', exclusive=exclusive, with_comments=comments).hex())
";

#[test]
fn lxml_writes_the_same() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::io::Write;
    let mut runner = TestRunner::deterministic();
    let documents: Vec<String> = (0..300)
        .map(|_| element().new_tree(&mut runner).unwrap().current())
        .map(|inner| format!("<r xmlns=\"u:r\" xmlns:x=\"u:x\" xmlns:y=\"u:y\">{inner}</r>"))
        .collect();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let python = std::env::var_os("INROU_PYTHON").map_or(python, PathBuf::from);
    let mut child = Command::new(python)
        .args(["-c", LXML])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let lines: Vec<_> = documents.iter().map(|xml| hex(xml.as_bytes()) + "\n").collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.concat().as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let mut theirs = theirs.lines();
    for xml in &documents {
        for algorithm in [INCLUSIVE, EXCLUSIVE] {
            let comments = if algorithm == INCLUSIVE { "#WithComments" } else { "WithComments" };
            for ending in ["", comments] {
                let ours = write(&format!("{algorithm}{ending}"), xml);
                assert_eq!(Some(hex(ours.as_bytes()).as_str()), theirs.next(), "{xml}\n{ours}");
            }
        }
    }
    assert_eq!(theirs.next(), None);
}
