//! The classes of attacks on signed files that are known: what is shown is changed, and the signature is to hold
//! still. Universal forgery and wrapping (2018), incremental saving (2018), shadow attacks (2021), evil
//! annotations (2021).

use inrou_pdf::{Changed, Pdf, PdfError, SignatureInvalid};

use super::{OBJECTS, SIGNATURE, append, base, change, new_signature, only, section, signed};

const PLAIN: &str = "<< /Length 8 >>\nstream\n9 9 m S \nendstream";

/// A file of these objects, from number 1 on.
fn file(objects: &[&str]) -> Vec<u8> {
    let numbered = objects.iter().enumerate();
    let numbered: Vec<_> = numbered.map(|(at, text)| (at as u32 + 1, *text)).collect();
    append(b"%PDF-1.7\n", None, &numbered, objects.len() as u32 + 1)
}

fn told(file: Vec<u8>) -> Result<(), Changed> {
    let pdf = Pdf::read(file).unwrap();
    pdf.check_changes_after(&only(&pdf).unwrap())
}

/// What the one signature in a file comes to, form and changes.
fn judged(file: &[u8]) -> Result<(), String> {
    let pdf = Pdf::read(file.to_vec()).map_err(|error| error.to_string())?;
    let all = pdf.signatures().map_err(|error| error.to_string())?;
    let signature = all.into_iter().next().ok_or("none")?.map_err(|error| error.to_string())?;
    pdf.check_changes_after(&signature).map_err(|error| error.to_string())
}

fn replaced(file: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len(), "places stay");
    let at = file.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    let mut out = file.to_vec();
    out[at..at + new.len()].copy_from_slice(new.as_bytes());
    out
}

/// The catalog of a signed file, with more in it: its form has the one field 6.
fn catalog(more: &str) -> String {
    format!("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] /SigFlags 3 >> {more} >>")
}

#[test]
fn a_signature_that_is_missing_or_odd_is_none_that_holds() {
    let file = signed(&base(), "Seal");
    let digits = "30030201070000";
    let range = "/ByteRange [0 ";
    let text = String::from_utf8_lossy(&file).into_owned();
    let at = text.find(range).unwrap();
    // With the room that is left for it.
    let whole = &text[at..at + "/ByteRange ".len() + 60];
    let padded = |new: &str| format!("{new:width$}", width = whole.len());
    let dictionary = SignatureInvalid::Dictionary;
    for (what, old, new, expected) in [
        ("no ByteRange", range, "/ByteRangX [0 ", SignatureInvalid::ByteRange),
        ("no Contents", "/Contents <", "/Contentx <", dictionary),
        ("a longer element", digits, "30830201070000", dictionary),
        ("more than an element", digits, "30030201070001", dictionary),
        ("another kind", "/ETSI.CAdES.detached", "/adbe.x509.rsa_sha1X", dictionary),
        ("an empty range", whole, &padded("/ByteRange []"), SignatureInvalid::ByteRange),
        ("a name for a range", whole, &padded("/ByteRange /null"), SignatureInvalid::ByteRange),
        ("no range at all", whole, &padded("/ByteRange null"), SignatureInvalid::ByteRange),
        ("a negative one", whole, &padded("/ByteRange [0 -1 2 3]"), SignatureInvalid::ByteRange),
        (
            "one beyond all numbers",
            whole,
            &padded("/ByteRange [0 9223372036854775807 9223372036854775807 1]"),
            SignatureInvalid::ByteRange,
        ),
        ("one elsewhere", whole, &padded("/ByteRange 4 0 R"), SignatureInvalid::ByteRange),
        ("three pieces", whole, &padded("/ByteRange [0 1 2 3 4 5]"), SignatureInvalid::ByteRange),
    ] {
        let pdf = Pdf::read(replaced(&file, old, new)).unwrap();
        let all = pdf.signatures().unwrap();
        assert_eq!(all.into_iter().next().unwrap().err(), Some(expected), "{what}");
    }
}

#[test]
fn what_is_wrapped_between_the_pieces_is_seen() {
    // The second piece is moved behind what the attacker shows; the range follows it.
    let file = signed(&base(), "Seal");
    let text = String::from_utf8_lossy(&file).into_owned();
    let hole = text.find("/Contents <").unwrap() + "/Contents ".len();
    let behind = hole + text[hole..].find('>').unwrap() + 1;
    let evil = format!(" /X ({})", "evil".repeat(20));
    let wrapped = format!("{}{evil}{}", &text[..behind], &text[behind..]);
    let range = format!("/ByteRange [0 {hole} {behind} {}]", file.len() - behind);
    assert!(text.contains(&range));
    let moved = format!("/ByteRange [0 {hole} {} {}]", behind + evil.len(), file.len() - behind);
    let wrapped = wrapped.replace(&range, &moved);
    assert!(judged(wrapped.as_bytes()).is_err());
    // And with a section that is right about where it stands now.
    let at = section(&file);
    let wrapped = wrapped
        .replace(&format!("startxref\n{at}\n"), &format!("startxref\n{}\n", at + evil.len()));
    assert!(judged(wrapped.as_bytes()).is_err());
}

#[test]
fn a_revision_without_a_section_of_its_own_is_not_passed_over() {
    let file = signed(&base(), "Seal");
    let at = section(&file);
    let evil = format!("4 0 obj\n{PLAIN}\nendobj\n");
    for (what, tail) in [
        ("no section", evil.clone()),
        ("an end alone", format!("{evil}%%EOF\n")),
        ("the old section", format!("{evil}startxref\n{at}\n%%EOF\n")),
        (
            "a trailer without a section",
            format!(
                "{evil}trailer\n<< /Size 7 /Root 1 0 R /Prev {at} >>\nstartxref\n{at}\n%%EOF\n"
            ),
        ),
        (
            "a section elsewhere",
            format!(
                "{evil}xref\n4 1\n{:010} 00000 n \ntrailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n0\n%%EOF\n",
                file.len()
            ),
        ),
    ] {
        let longer = [&file[..], tail.as_bytes()].concat();
        assert!(judged(&longer).is_err(), "{what}");
    }
    // A whole revision, and in it an object that its section does not name.
    let hidden = [&file[..], evil.as_bytes()].concat();
    let hidden = append(&hidden, Some(at), &[(9, "<< >>")], 20);
    assert_eq!(told(hidden), Err(Changed::Unnamed(file.len() - 1)));
    let comment = [&file[..], b"% 4 0 obj\n"].concat();
    assert!(matches!(told(append(&comment, Some(at), &[], 20)), Err(Changed::Unnamed(_))));
}

#[test]
fn a_shadow_that_is_hidden_replaced_or_brought_out_is_told() {
    // Hide: what covers the content is taken away. Replace: a font that is drawn otherwise, a field's looks.
    // Hide and replace: the catalog of a second document that was there from the start.
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Annots [7 0 R] /Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>",
        OBJECTS[3],
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 8 >>\nstream\n0 0 m S \nendstream",
        "<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] /Contents (pay) >>",
        "<< /Type /Catalog /Pages 9 0 R >>",
        "<< /Type /Pages /Kids [] /Count 0 >>",
    ];
    let file = signed(&file(&objects), "Seal");
    let xref = section(&file);
    let signature = only(&Pdf::read(file.clone()).unwrap()).unwrap();
    assert_eq!((signature.revision, signature.contents.as_slice()), (1, SIGNATURE));
    for (number, text) in [
        (4, PLAIN),
        (5, "<< /Type /Font /Subtype /Type3 /BaseFont /Evil >>"),
        (6, "<< /Type /XObject /Subtype /Form /BBox [0 0 0 0] /Length 0 >>\nstream\n\nendstream"),
        (7, "<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] /Contents (do not pay) >>"),
        (2, "<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>"),
    ] {
        assert_eq!(told(change(&file, &[(number, text)])), Err(Changed::Object(number)));
    }
    let freed = format!(
        "xref\n6 1\n0000000000 00001 f \ntrailer\n<< /Size 20 /Root 1 0 R /Prev {xref} >>\nstartxref\n{}\n%%EOF\n",
        file.len()
    );
    assert_eq!(told([&file[..], freed.as_bytes()].concat()), Err(Changed::Object(6)), "freed");
    let other = format!(
        "xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 20 /Root 8 0 R /Prev {xref} >>\nstartxref\n{}\n%%EOF\n",
        file.len()
    );
    let other = [&file[..], other.as_bytes()].concat();
    assert!(judged(&other).is_err(), "another catalog");
    let generation = format!("6 1 obj\n{PLAIN}\nendobj\n");
    let at = file.len() + generation.len();
    let generation = format!(
        "{generation}xref\n6 1\n{:010} 00001 n \ntrailer\n<< /Size 20 /Root 1 0 R /Prev {xref} >>\nstartxref\n{at}\n%%EOF\n",
        file.len()
    );
    assert_eq!(told([&file[..], generation.as_bytes()].concat()), Err(Changed::Object(6)));
}

#[test]
fn annotations_and_looks_of_fields_are_told() {
    let file = signed(&base(), "Seal");
    let page = |annotations: &str| {
        OBJECTS[2].replace("/Resources", &format!("/Annots [{annotations}] /Resources"))
    };
    let text = "<< /Type /Annot /Subtype /FreeText /Rect [0 0 90 90] /Contents (evil) >>";
    assert_eq!(
        told(change(&file, &[(3, &page("6 0 R 9 0 R")), (9, text)])),
        Err(Changed::Object(3))
    );
    let fields = "/AcroForm << /Fields [6 0 R 9 0 R] /SigFlags 3 >>";
    let signed_again = format!("<< /Type /Catalog /Pages 2 0 R {fields} >>");
    let field = |more: &str| {
        format!(
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /V 10 0 R /Rect [0 0 0 0] /P 3 0 R {more} >>"
        )
    };
    let again = |more: &str| {
        let objects = [
            (1, signed_again.as_str()),
            (3, &page("6 0 R 9 0 R")),
            (9, &field(more)),
            (10, "<< /Type /Sig >>"),
        ];
        let pdf = Pdf::read(change(&file, &objects)).unwrap();
        let first = pdf.signatures().unwrap().remove(0).unwrap();
        pdf.check_changes_after(&first)
    };
    assert_eq!(again(""), Ok(()), "a further signature that shows nothing");
    assert_eq!(again("/AP << /N 4 0 R >>"), Err(Changed::Form), "looks");
    assert_eq!(again("/A << /S /JavaScript >>"), Err(Changed::Form), "an action");
    assert_eq!(again("/Kids [4 0 R]"), Err(Changed::Form), "fields below it");
    let looks = catalog("").replace("/SigFlags 3", "/SigFlags 3 /NeedAppearances true");
    assert_eq!(told(change(&file, &[(1, &looks)])), Err(Changed::Form));
    let own = "<< /FT /Sig /T (Seal) /V 5 0 R /Rect [0 0 100 100] /AP << /N 4 0 R >> >>";
    assert_eq!(told(change(&file, &[(6, own)])), Err(Changed::Object(6)), "its own field");
}

#[test]
fn what_is_to_be_the_security_store_is_not_seen_from_a_page() {
    // A page refers to what is not there yet: a store's stream may be new, and becomes the page's content.
    let dangling = OBJECTS[2].replace("/Contents 4 0 R", "/Contents [4 0 R 15 0 R]");
    let objects = [OBJECTS[0], OBJECTS[1], &dangling, OBJECTS[3]];
    let sealed = signed(&file(&objects), "Seal");
    let store = catalog("/DSS << /Certs [15 0 R] >>");
    assert_eq!(told(change(&sealed, &[(1, &store), (15, PLAIN)])), Err(Changed::Shared(15)));
    let elsewhere = catalog("/DSS << /Certs [16 0 R] >>");
    assert_eq!(told(change(&sealed, &[(1, &elsewhere), (16, PLAIN)])), Ok(()));
    // An object stream, whose text a page would take for its content.
    let container = "<< /Type /ObjStm /N 0 /First 0 /Length 8 >>\nstream\n9 9 m S \nendstream";
    assert_eq!(told(change(&sealed, &[(15, container)])), Err(Changed::Shared(15)));

    // The store's array is the page's as well, from the start.
    let array = OBJECTS[2].replace("/Contents 4 0 R", "/Contents 5 0 R");
    let stored = "<< /Type /Catalog /Pages 2 0 R /DSS << /Certs 5 0 R >> >>";
    let sealed = |catalog: &str, page: &str| {
        let objects = [catalog, OBJECTS[1], page, OBJECTS[3], "[4 0 R]"];
        signed(&file(&objects), "Seal")
    };
    let change = |file: &[u8]| change(file, &[(5, "[16 0 R]"), (16, PLAIN)]);
    assert_eq!(told(change(&sealed(stored, &array))), Err(Changed::Shared(5)));
    assert_eq!(told(change(&sealed(stored, OBJECTS[2]))), Ok(()), "a store's own");

    // What hides who refers to it: a dictionary that calls itself a section.
    let masked = OBJECTS[2].replace(
        "/Resources << >>",
        "/Resources << /Type /XRef /Info 9 0 R /XObject << /X 15 0 R >> >>",
    );
    let objects = [OBJECTS[0], OBJECTS[1], &masked, OBJECTS[3]];
    let sealed = signed(&file(&objects), "Seal");
    assert_eq!(told(super::change(&sealed, &[(1, &store), (15, PLAIN)])), Err(Changed::Shared(15)));

    // An object that calls itself a section, and hides that a page shows what it names.
    let masked = OBJECTS[2].replace("/Resources << >>", "/Resources << /XObject 4 0 R >>");
    let objects = [OBJECTS[0], OBJECTS[1], &masked, "<< /Type /XRef /Info 15 0 R >>"];
    let sealed = signed(&file(&objects), "Seal");
    assert_eq!(told(super::change(&sealed, &[(1, &store), (15, PLAIN)])), Err(Changed::Shared(15)));
    let shown =
        "<< /Type /ObjStm /Subtype /Form /N 0 /First 0 /Length 8 >>\nstream\n9 9 m S \nendstream";
    assert_ne!(told(super::change(&sealed, &[(15, shown)])), Ok(()));
}

#[test]
fn the_catalog_is_not_seen_from_a_page() {
    // What the catalog may say anew is what the page shows by its name.
    let shows = OBJECTS[2].replace("/Resources << >>", "/Resources << /XObject 1 0 R >>");
    let sealed = |page: &str| signed(&file(&[OBJECTS[0], OBJECTS[1], page, OBJECTS[3]]), "Seal");
    let extended = catalog("/Extensions 4 0 R");
    assert_eq!(told(change(&sealed(&shows), &[(1, &extended)])), Err(Changed::Shared(1)));
    assert_eq!(told(change(&sealed(OBJECTS[2]), &[(1, &extended)])), Ok(()));
}

#[test]
fn the_forms_and_the_pages_lists_are_not_seen_from_elsewhere() {
    // The list of fields, which may grow, is the list of pages as well.
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields 5 0 R /SigFlags 3 >> >>",
        "<< /Type /Pages /Kids 5 0 R /Count 1 >>",
        OBJECTS[2],
        OBJECTS[3],
        "[3 0 R]",
    ];
    let file = file(&objects);
    let pdf = Pdf::read(file).unwrap();
    let first = pdf.prepare_signature(&new_signature("Seal")).unwrap().finish(SIGNATURE).unwrap();
    let pdf = Pdf::read(first).unwrap();
    let second =
        pdf.prepare_signature(&new_signature("Second")).unwrap().finish(SIGNATURE).unwrap();
    let pdf = Pdf::read(second).unwrap();
    let signature = pdf.signatures().unwrap().remove(0).unwrap();
    // Our own writer leaves the list alone and writes another.
    assert_eq!(pdf.check_changes_after(&signature), Ok(()));
    let named = "<< /Fields [3 0 R] /Type /X >>";
    let shared = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>",
        OBJECTS[1],
        &OBJECTS[2].replace("/Resources << >>", "/Resources 5 0 R"),
        OBJECTS[3],
        named,
    ];
    let sealed = signed(&self::file(&shared), "Seal");
    // Signing wrote the form into the catalog; what was the form is the page's alone, and stays.
    let changed = change(&sealed, &[(5, "<< /Fields [3 0 R 9 0 R] /Type /X >>"), (9, "<< >>")]);
    assert_eq!(told(changed), Err(Changed::Object(5)));
}

#[test]
fn a_signature_can_forbid_further_ones() {
    let file = |reference: &str| {
        let sealed = signed(&base(), "Seal");
        let pad = "/Filter /Adobe.PPKLite /SubFilter";
        // The reference stands in the place of what may be left out.
        let text = String::from_utf8_lossy(&sealed).into_owned();
        assert!(text.contains(pad));
        let longer = text.replace(pad, &format!("/Reference {reference:40} /SubFilter"));
        relay(&longer, text.len())
    };
    let again = |first: &[u8], name: &str| {
        let pdf = Pdf::read(signed(first, name)).unwrap();
        let signature = pdf.signatures().unwrap().remove(0).unwrap();
        pdf.check_changes_after(&signature)
    };
    let certified = |p: &str| {
        file(&format!("[<< /TransformMethod /DocMDP /TransformParams << /V /1.2 {p} >> >>]"))
    };
    let locks = |how: &str| {
        file(&format!("[<< /TransformMethod /FieldMDP /TransformParams << /V /1.2 {how} >> >>]"))
    };
    for (what, first, name, expected) in [
        ("no change at all", certified("/P 1"), "x", Err(Changed::Forbidden)),
        ("forms", certified("/P 2"), "x", Ok(())),
        ("by itself forms", certified(""), "x", Ok(())),
        ("all fields", locks("/Action /All"), "x", Err(Changed::Forbidden)),
        ("this field", locks("/Action /Include /Fields [(x)]"), "x", Err(Changed::Forbidden)),
        ("one above it", locks("/Action /Include /Fields [(x)]"), "x.y", Err(Changed::Forbidden)),
        ("another", locks("/Action /Include /Fields [(x)]"), "xy", Ok(())),
        ("all but this", locks("/Action /Exclude /Fields [(x)]"), "x", Ok(())),
        ("all but another", locks("/Action /Exclude /Fields [(x)]"), "y", Err(Changed::Forbidden)),
    ] {
        assert_eq!(again(&first, name), expected, "{what}");
    }
    for odd in [certified("/P 4"), locks(""), locks("/Action /Some"), file("[7]")] {
        let pdf = Pdf::read(odd).unwrap();
        assert_eq!(only(&pdf).err(), Some(SignatureInvalid::Dictionary));
    }
    // Security store and time-stamps stay allowed.
    let store =
        inrou_pdf::SecurityStore { certificates: vec![b"one".to_vec()], ..Default::default() };
    let stored = Pdf::read(certified("/P 1")).unwrap().with_security_store(&store).unwrap();
    assert_eq!(told(stored), Ok(()));
}

/// A file whose signature's dictionary has become longer: section and byte range follow.
fn relay(text: &str, before: usize) -> Vec<u8> {
    let more = text.len() - before;
    let old = section(text.as_bytes());
    let mut text =
        text.replace(&format!("startxref\n{old}\n"), &format!("startxref\n{}\n", old + more));
    // The objects behind the signature's, of number 5, have moved as well.
    let value = text.find("5 0 obj\n").unwrap();
    let table = text.rfind("xref\n").map(|_| old + more).unwrap();
    let entries = text[table..].to_owned();
    let mut moved = String::new();
    for line in entries.split_inclusive('\n') {
        match line.split_once(' ') {
            Some((offset, rest))
                if offset.len() == 10 && offset.parse::<usize>().unwrap() > value =>
            {
                moved.push_str(&format!("{:010} {rest}", offset.parse::<usize>().unwrap() + more));
            }
            _ => moved.push_str(line),
        }
    }
    text.replace_range(table.., &moved);
    let from = text.find("/Contents <").unwrap() + "/Contents ".len();
    let to = from + text[from..].find('>').unwrap() + 1;
    let at = text.find("/ByteRange [").unwrap();
    let end = at + text[at..].find(']').unwrap() + 1;
    let range = format!("/ByteRange [0 {from} {to} {}]", text.len() - to);
    let range = format!("{range:width$}", width = end - at);
    assert_eq!(range.len(), end - at, "the numbers have as many digits as before");
    text.replace_range(at..end, &range);
    text.into_bytes()
}

#[test]
fn sections_and_streams_of_objects_do_not_bend_what_was_signed() {
    let file = signed(&base(), "Seal");
    let xref = section(&file);
    // Object 4, said anew within an object stream by a section that is a stream.
    let packed = "4 0 << >>";
    let container = format!(
        "<< /Type /ObjStm /N 1 /First 4 /Length {} >>\nstream\n{packed}\nendstream",
        packed.len()
    );
    let mut out = file.clone();
    let at = out.len();
    out.extend_from_slice(format!("9 0 obj\n{container}\nendobj\n").as_bytes());
    let here = out.len();
    let rows: Vec<u8> = [[2_u32, 9, 0], [1, at as u32, 0], [1, here as u32, 0]]
        .iter()
        .flat_map(|[kind, place, index]| {
            [&[*kind as u8][..], &place.to_be_bytes(), &[*index as u8]].concat()
        })
        .collect();
    out.extend_from_slice(
        format!("10 0 obj\n<< /Type /XRef /Size 20 /Root 1 0 R /Prev {xref} /W [1 4 1] /Index [4 1 9 2] /Length {} >>\nstream\n", rows.len())
            .as_bytes(),
    );
    out.extend_from_slice(&rows);
    out.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{here}\n%%EOF\n").as_bytes());
    assert_eq!(told(out), Err(Changed::Object(4)));
    // Object 0, which no file has.
    let zero = append(&file, Some(xref), &[(0, PLAIN)], 20);
    assert!(matches!(Pdf::read(zero), Err(PdfError::Unsupported("an object of the number 0"))));
    // Information in the trailer itself.
    let info = append(&file, Some(xref), &[], 20);
    let tail = String::from_utf8_lossy(&info[file.len()..])
        .replace("/Root", "/Info << /Title (x) >> /Root");
    assert_eq!(told([&file[..], tail.as_bytes()].concat()), Err(Changed::Catalog));
}

#[test]
fn fields_that_name_each_other_over_and_over_are_not_followed_without_an_end() {
    let kids = "<< /T (a) /Kids [7 0 R 7 0 R 7 0 R 7 0 R 7 0 R 7 0 R 7 0 R 7 0 R 7 0 R 7 0 R] >>";
    let catalog = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] >> >>";
    let pdf = Pdf::read(change(&base(), &[(1, catalog), (7, kids)])).unwrap();
    assert!(matches!(pdf.signatures(), Err(SignatureInvalid::Pdf(PdfError::Unsupported(_)))));
}
