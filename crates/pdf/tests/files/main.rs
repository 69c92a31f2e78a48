//! Files that are read, appended to, and tampered with.
#![allow(clippy::unwrap_used)]

mod attacks;

use inrou_pdf::{
    AppendError, Changed, NewSignature, Pdf, PdfError, SecurityStore, Signature, SignatureInvalid,
    SubFilter,
};
use proptest::prelude::*;

/// Objects of a file with one page, from number 1 on.
const OBJECTS: [&str; 4] = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << >> >>",
    "<< /Length 8 >>\nstream\n0 0 m S \nendstream",
];

fn base() -> Vec<u8> {
    let numbered = OBJECTS.iter().enumerate();
    let objects: Vec<_> = numbered.map(|(at, text)| (at as u32 + 1, *text)).collect();
    append(b"%PDF-1.7\n", None, &objects, 5)
}

/// A file with one revision more, of these objects.
fn append(file: &[u8], previous: Option<usize>, objects: &[(u32, &str)], size: u32) -> Vec<u8> {
    let mut out = file.to_vec();
    let mut table = String::new();
    if previous.is_none() {
        table.push_str("0 1\n0000000000 65535 f \n");
    }
    for (number, text) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n \n", out.len()));
        out.extend_from_slice(format!("{number} 0 obj\n{text}\nendobj\n").as_bytes());
    }
    let previous = previous.map(|at| format!(" /Prev {at}")).unwrap_or_default();
    let section = out.len();
    out.extend_from_slice(
        format!(
            "xref\n{table}trailer\n<< /Size {size} /Root 1 0 R{previous} >>\nstartxref\n{section}\n%%EOF\n"
        )
        .as_bytes(),
    );
    out
}

/// Where the last section of a file begins.
fn section(file: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&file[file.len() - 40..]).into_owned();
    text.split("startxref\n").nth(1).unwrap().split('\n').next().unwrap().parse().unwrap()
}

/// One revision more on top of a file.
fn change(file: &[u8], objects: &[(u32, &str)]) -> Vec<u8> {
    append(file, Some(section(file)), objects, 20)
}

fn new_signature(field: &str) -> NewSignature<'_> {
    NewSignature { field, signing_time: "2026-11-22T00:30:00Z".parse().unwrap(), room: 200 }
}

/// A DER element in the place of a signature.
const SIGNATURE: &[u8] = b"\x30\x03\x02\x01\x07";

fn signed(file: &[u8], field: &str) -> Vec<u8> {
    let pdf = Pdf::read(file.to_vec()).unwrap();
    pdf.prepare_signature(&new_signature(field)).unwrap().finish(SIGNATURE).unwrap()
}

fn only(pdf: &Pdf) -> Result<Signature, SignatureInvalid> {
    let mut all = pdf.signatures().unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn what_is_signed_is_read_back() {
    let base = base();
    let pdf = Pdf::read(base.clone()).unwrap();
    assert_eq!((pdf.revision_count(), pdf.signatures()), (1, Ok(Vec::new())));
    let prepared = pdf.prepare_signature(&new_signature("Seal")).unwrap();
    let to_sign = prepared.signed_bytes().concat();
    assert!(to_sign.starts_with(&base), "the file's bytes stay as they are");
    let file = prepared.finish(SIGNATURE).unwrap();
    let pdf = Pdf::read(file.clone()).unwrap();
    let signature = only(&pdf).unwrap();
    assert_eq!((signature.field.as_str(), signature.sub_filter), ("Seal", SubFilter::Cades));
    assert_eq!((signature.contents.as_slice(), signature.revision), (SIGNATURE, 1));
    assert_eq!(signature.claimed_time, Some("2026-11-22T00:30:00Z".parse().unwrap()));
    assert_eq!(pdf.signed_bytes(&signature).concat(), to_sign);
    assert!(pdf.covers_all(&signature));
    assert_eq!(pdf.check_changes_after(&signature), Ok(()));
    assert_eq!(pdf.revision(0), Some(&base[..]));
    assert_eq!(pdf.revision(1), Some(&file[..]));
    let long = Pdf::read(base).unwrap().prepare_signature(&new_signature("Seal")).unwrap();
    assert_eq!(long.finish(&[0; 201]), Err(AppendError::Room));
}

#[test]
fn an_object_that_is_named_over_and_over_is_not_read_without_an_end() {
    let long = format!("<< /A ({}) >>", "a".repeat(4_000_000));
    let fields = |count| format!("<< /Fields [{}] >>", "6 0 R ".repeat(count));
    let file = |count| {
        let catalog = "<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>";
        change(&base(), &[(1, catalog), (5, &fields(count)), (6, &long)])
    };
    assert_eq!(Pdf::read(file(2)).unwrap().signatures(), Ok(Vec::new()));
    let refused = Pdf::read(file(1_000_000)).unwrap().signatures();
    assert!(matches!(refused, Err(SignatureInvalid::Pdf(PdfError::Unsupported(_)))));
}

#[test]
fn further_signatures_and_the_store_change_nothing_that_was_signed() {
    let store = SecurityStore {
        certificates: vec![b"one".to_vec(), b"two".to_vec()],
        crls: Vec::new(),
        ocsp_responses: vec![b"three".to_vec()],
    };
    let once = signed(&base(), "First");
    let stored = Pdf::read(once).unwrap().with_security_store(&store).unwrap();
    let more = SecurityStore { crls: vec![b"four".to_vec()], ..store.clone() };
    let stored = Pdf::read(stored).unwrap().with_security_store(&more).unwrap();
    let twice = signed(&stored, "Second");
    let pdf = Pdf::read(twice).unwrap();
    assert_eq!(pdf.revision_count(), 5);
    assert_eq!(pdf.security_store(), Ok(more));
    let signatures: Vec<_> = pdf.signatures().unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(signatures.len(), 2);
    for signature in &signatures {
        assert_eq!(pdf.check_changes_after(signature), Ok(()), "{}", signature.field);
    }
    assert!(!pdf.covers_all(&signatures[0]) && pdf.covers_all(&signatures[1]));
}

#[test]
fn whatever_else_is_changed_after_a_signature_is_told() {
    let file = signed(&base(), "Seal");
    let changed = |objects: &[(u32, &str)]| {
        let pdf = Pdf::read(change(&file, objects)).unwrap();
        pdf.check_changes_after(&only(&pdf).unwrap())
    };
    let stream = "<< /Length 8 >>\nstream\n9 9 m S \nendstream";
    assert_eq!(changed(&[]), Ok(()), "an empty revision changes nothing");
    assert_eq!(changed(&[(4, stream)]), Err(Changed::Object(4)), "the page's content");
    assert_eq!(changed(&[(4, OBJECTS[3])]), Err(Changed::Object(4)), "the same written again");
    assert_eq!(changed(&[(9, "<< >>")]), Err(Changed::Object(9)), "what nothing refers to");
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 9 0 R /Annots [6 0 R] /Resources << >> >>";
    assert_eq!(changed(&[(3, page), (9, stream)]), Err(Changed::Object(3)), "other content");
    let form = "/AcroForm << /Fields [6 0 R] /SigFlags 3 >>";
    let catalog = |more: &str| format!("<< /Type /Catalog /Pages 2 0 R {form} {more} >>");
    let action = catalog("/OpenAction << /S /JavaScript >>");
    assert_eq!(changed(&[(1, &action)]), Err(Changed::Catalog), "an action");
    let pages = catalog("").replace("/Pages 2 0 R", "/Pages 9 0 R");
    assert_eq!(changed(&[(1, &pages)]), Err(Changed::Catalog), "other pages");
    assert_eq!(changed(&[(1, &catalog("/Version /2.0"))]), Ok(()));
    let empty = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /SigFlags 3 >> >>";
    let pdf = Pdf::read(change(&file, &[(1, empty)])).unwrap();
    assert_eq!(pdf.signatures(), Ok(Vec::new()), "a form without it has no signature to trust");
    let filled =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 9 0 R] /SigFlags 3 >> >>";
    let field = "<< /FT /Tx /T (x) /V (y) >>";
    assert_eq!(changed(&[(1, filled), (9, field)]), Err(Changed::Form), "a text field");
    let shown = "<< /FT /Sig /T (x) /V 10 0 R /Rect [0 0 100 100] >>";
    let value = "<< /Type /Sig >>";
    let pdf = Pdf::read(change(&file, &[(1, filled), (9, shown), (10, value)])).unwrap();
    let first = pdf.signatures().unwrap().remove(0).unwrap();
    assert_eq!(pdf.check_changes_after(&first), Err(Changed::Form), "one that shows");
    let about = |info: &str| {
        let file = change(&file, &[(9, info)]);
        let file = String::from_utf8_lossy(&file).into_owned();
        let at = file.rfind("/Root").unwrap();
        let named = format!("{}/Info 9 0 R {}", &file[..at], &file[at..]);
        let pdf = Pdf::read(named.into_bytes()).unwrap();
        pdf.check_changes_after(&only(&pdf).unwrap())
    };
    assert_eq!(about("<< /Producer (x) /ModDate (D:20261122) >>"), Ok(()), "who wrote it last");
    assert_eq!(about("<< /Title (x) >>"), Err(Changed::Object(9)), "a title");
    assert_eq!(about("<< /Producer 4 0 R >>"), Err(Changed::Object(9)));
    let store = catalog("/DSS << /Certs [4 0 R] >>");
    assert_eq!(changed(&[(1, &store), (4, stream)]), Err(Changed::Store), "content as a store");
    let store = catalog("/DSS << /Certs [9 0 R] /Evil 4 0 R >>");
    assert_eq!(changed(&[(1, &store), (9, stream)]), Err(Changed::Store));
    let image = "<< /Length 8 /Subtype /Image >>\nstream\n9 9 m S \nendstream";
    let store = catalog("/DSS << /Certs [9 0 R] >>");
    assert_eq!(changed(&[(1, &store), (9, image)]), Err(Changed::Store));
    assert_eq!(changed(&[(1, &store), (9, stream)]), Ok(()));
}

#[test]
fn the_signature_itself_is_that_of_its_own_revision() {
    let file = signed(&base(), "Seal");
    let text = String::from_utf8_lossy(&file).into_owned();
    let at = text.find("5 0 obj\n").unwrap() + 8;
    let own = &text[at..at + text[at..].find("\nendobj").unwrap()];
    // The same signature, said again by a later revision, or another in its place.
    for said in [own.to_owned(), own.replace("30030201", "30030202")] {
        let pdf = Pdf::read(change(&file, &[(5, &said)])).unwrap();
        let judged = only(&pdf);
        let told = judged.and_then(|signature| {
            pdf.check_changes_after(&signature).map_err(|_| SignatureInvalid::ByteRange)
        });
        assert_eq!(told.map(|_| ()), Err(SignatureInvalid::ByteRange));
    }
}

/// The file with another byte range of the same length.
fn with_range(file: &[u8], make: impl Fn(usize, usize, usize) -> String) -> Vec<u8> {
    let text = String::from_utf8_lossy(file).into_owned();
    let at = text.find("/ByteRange [").unwrap() + 12;
    let end = at + text[at..].find(']').unwrap();
    let numbers: Vec<usize> = text[at..end].split(' ').map(|part| part.parse().unwrap()).collect();
    let made = make(numbers[1], numbers[2], numbers[3]);
    let mut out = file.to_vec();
    let room = out[at..at + 55].iter_mut();
    let padded = made.bytes().chain([b']']).chain(std::iter::repeat(b' '));
    room.zip(padded).for_each(|(old, new)| *old = new);
    out
}

#[test]
fn a_byte_range_covers_a_whole_revision_but_the_signature() {
    let file = signed(&base(), "Seal");
    let judged = |file: Vec<u8>| only(&Pdf::read(file).unwrap()).map(|_| ());
    assert_eq!(judged(with_range(&file, |a, b, c| format!("0 {a} {b} {c}"))), Ok(()));
    for (what, file) in [
        ("a wider hole", with_range(&file, |a, b, c| format!("0 {} {b} {c}", a - 5))),
        (
            "a hole further on",
            with_range(&file, |a, b, c| format!("0 {} {} {}", a + 2, b + 2, c - 2)),
        ),
        ("an earlier end", with_range(&file, |a, b, c| format!("0 {a} {b} {}", c - 20))),
        ("an end beyond the file", with_range(&file, |a, b, c| format!("0 {a} {b} {}", c + 1))),
        ("another beginning", with_range(&file, |a, b, c| format!("1 {a} {b} {c}"))),
        ("three numbers", with_range(&file, |a, b, _| format!("0 {a} {b}"))),
        ("no hole", with_range(&file, |_, b, c| format!("0 {b} {b} {c}"))),
    ] {
        assert_eq!(judged(file), Err(SignatureInvalid::ByteRange), "{what}");
    }
    let mut longer = file.clone();
    longer.extend_from_slice(b"what is not signed");
    assert_eq!(judged(longer), Err(SignatureInvalid::Tail));
}

#[test]
fn what_readers_could_take_in_two_ways_is_refused() {
    let file = base();
    let at = section(&file);
    let replaced =
        |old: &str, new: &str| String::from_utf8_lossy(&file).replacen(old, new, 1).into_bytes();
    let read = |file: Vec<u8>| Pdf::read(file).err();
    assert!(read(b"%PDF-1.7\n".to_vec()).is_some());
    assert!(read(b"no file".to_vec()).is_some());
    assert!(read(replaced("%%EOF", "%%EOX")).is_some());
    let forward = append(&file, Some(file.len() + 1000), &[], 5);
    assert!(matches!(read(forward), Some(PdfError::Unsupported(_))));
    let looped = append(&file, Some(file.len()), &[], 5);
    assert!(matches!(read(looped), Some(PdfError::Unsupported(_))));
    let hybrid = append(&file, Some(at), &[], 5);
    let hybrid =
        String::from_utf8_lossy(&hybrid[file.len()..]).replace("/Root", "/XRefStm 9 /Root");
    let hybrid = [&file[..], hybrid.as_bytes()].concat();
    assert_eq!(read(hybrid), Some(PdfError::Unsupported("a hybrid cross-reference")));
    let locked = append(&file, Some(at), &[], 5);
    let locked =
        String::from_utf8_lossy(&locked[file.len()..]).replace("/Root", "/Encrypt 9 0 R /Root");
    let locked = [&file[..], locked.as_bytes()].concat();
    assert_eq!(read(locked), Some(PdfError::Unsupported("encryption")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_changed_byte_is_refused_or_leaves_what_was_signed(at: usize, bits in 1..=255u8) {
        let file = signed(&base(), "Seal");
        let original = Pdf::read(file.clone()).unwrap();
        let signature = only(&original).unwrap();
        let covered = original.signed_bytes(&signature).concat();
        let mut changed = file.clone();
        let at = at % changed.len();
        changed[at] ^= bits;
        let Ok(pdf) = Pdf::read(changed) else { return Ok(()) };
        let Ok(signatures) = pdf.signatures() else { return Ok(()) };
        for signature in signatures.into_iter().flatten() {
            // A byte that is covered shows in what is hashed; one in the hole shows in the signature.
            let same = pdf.signed_bytes(&signature).concat() == covered;
            prop_assert!(!same || signature.contents != SIGNATURE || pdf.as_bytes() == file);
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, cut: usize) {
        let _ = Pdf::read([&b"%PDF-1.7\n"[..], &bytes].concat());
        let mut file = signed(&base(), "Seal");
        file.truncate(cut % file.len());
        if let Ok(pdf) = Pdf::read(file) {
            let _ = pdf.signatures();
        }
    }
}
