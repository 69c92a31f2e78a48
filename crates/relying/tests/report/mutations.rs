//! Signed XML files and JWS, cut, doubled, swapped and mixed up thousands of times, the same each time: nothing
//! panics, and what passes still says what was signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_pki::{Entropy, SeededEntropy};
use inrou_relying::report::{JwsFile, SignatureReport, ValidationReport, XmlFile};
use inrou_relying::testing::xml::{DS, EXCLUSIVE, XmlDraft, time_stamp};
use inrou_relying::{StatusEvidence, StatusSource};
use inrou_rules::Use;
use roxmltree::Document;

use super::jws::{header, sign};
use super::world::{CONTENT, World};

/// How many of each kind.
const ROUNDS: usize = 3_000;

const ITEMS: &str = "<item Id=\"first\">紙</item><item Id=\"second\">墨</item>";

/// What is put into files beside their own parts.
const WORDS: [&str; 16] = [
    "<!-- -->",
    "<?p?>",
    "<item Id=\"first\">",
    "</item>",
    " Id=\"first\"",
    " xmlns=\"urn:other\"",
    " xml:id=\"properties\"",
    "<ds:Object>",
    "</ds:Object>",
    "<ds:Transforms>",
    "URI=\"#first\"",
    "<![CDATA[",
    "]]>",
    "&#38;",
    ".",
    "AAAA",
];

struct Mixer(SeededEntropy);

impl Mixer {
    fn number(&self, below: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % below.max(1)
    }

    /// A piece of a text, on the borders of characters.
    fn piece(&self, text: &str, longest: usize) -> std::ops::Range<usize> {
        let border = |at| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
        let begin = border(self.number(text.len()));
        begin..border((begin + self.number(longest)).min(text.len()))
    }

    /// One to three changes.
    fn mix(&self, text: &str) -> String {
        let mut mixed = text.to_owned();
        for _ in 0..=self.number(3) {
            let (from, to) = (self.piece(&mixed, 400), self.piece(&mixed, 60));
            let part = mixed[from.clone()].to_owned();
            match self.number(5) {
                0 => mixed.replace_range(from, ""),
                1 => mixed.insert_str(to.start, &part),
                2 => mixed.replace_range(to, &part),
                3 => mixed.insert_str(to.start, WORDS[self.number(WORDS.len())]),
                _ => {
                    let letter = char::from(b' ' + self.number(95) as u8);
                    mixed.insert(to.start, letter);
                }
            }
        }
        mixed
    }
}

/// What a document says but for its signatures and comments.
fn outline(xml: &str) -> Vec<String> {
    let document = Document::parse(xml).unwrap();
    let said = document.descendants().filter(|node| {
        !node.is_comment() && !node.ancestors().any(|above| above.tag_name().name() == "Signature")
    });
    let tell = |node: roxmltree::Node<'_, '_>| {
        let attributes =
            node.attributes().map(|each| (each.namespace(), each.name(), each.value()));
        let attributes: Vec<_> = attributes.collect();
        let text = node.text().filter(|_| node.is_text());
        format!("{:?} {attributes:?} {:?} {text:?}", node.tag_name(), node.pi())
    };
    said.map(tell).collect()
}

fn passed(report: ValidationReport) -> Vec<SignatureReport> {
    let signatures = report.validation_conclusion.signatures.into_iter();
    signatures.filter(|signature| signature.indication == "TOTAL-PASSED").collect()
}

#[tokio::test]
async fn what_passes_of_mixed_up_files_still_says_what_was_signed() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let (validator, now) = (world.offline(), world.now());
    let der = world.ocsp(&holder).await;
    let status = [StatusEvidence::new(StatusSource::Ocsp, der, now)];
    let mixer = Mixer(SeededEntropy::new(11));
    let mut draft = XmlDraft::new(&holder.certificate, &*holder.key, ITEMS, now);
    draft.unsigned = time_stamp(Some(EXCLUSIVE), b"\x30\x00");
    let xml = draft.document();
    let jws = sign(&holder, &header(&holder, "ES256"), CONTENT);
    let (mut xmls, mut jwss) = (0, 0);
    for round in 0..ROUNDS {
        let mixed = if round == 0 { xml.clone() } else { mixer.mix(&xml) };
        let bytes = mixed.as_bytes();
        let file = XmlFile { xml: bytes, status: &status, filename: None, detailed: true };
        for signature in passed(validator.report_xml(&file, now).await) {
            xmls += 1;
            assert_eq!(signature.claimed_signing_time, Some(now), "{mixed}");
            assert_eq!(signature.signature_scopes[0].scope, "FULL", "{mixed}");
            assert_eq!(outline(&mixed), outline(&xml), "{mixed}");
            assert!(mixed.contains(DS));
        }
        let mixed = if round == 0 { jws.clone() } else { mixer.mix(&jws) };
        let file =
            JwsFile { jws: &mixed, content: None, status: &status, filename: None, detailed: true };
        for _ in passed(validator.report_jws(&file, now).await) {
            jwss += 1;
            let payload = mixed.split('.').nth(1).unwrap();
            assert_eq!(URL_SAFE_NO_PAD.decode(payload).unwrap(), CONTENT, "{mixed}");
        }
    }
    assert!(xmls > 1 && jwss > 0, "some changes change nothing: {xmls} {jwss}");
}
