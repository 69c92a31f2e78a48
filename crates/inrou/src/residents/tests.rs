use inrou_rules::{japan, validity};
use jiff::ToSpan;
use jiff::civil::date;

use super::*;

/// The residents of a sandbox that begins on an ordinary day.
fn built_in() -> Vec<TestResident> {
    parse(BUILT_IN, START).unwrap()
}

const START: Date = date(2026, 11, 21);

/// Days on which calendars are odd, and the ends of what is promised.
const STARTS: [Date; 7] = [
    date(2020, 2, 29),
    date(2024, 2, 29),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2028, 2, 29),
    date(2032, 3, 31),
    date(2044, 6, 30),
];

fn named<'a>(residents: &'a [TestResident], handle: &str) -> &'a TestResident {
    residents.iter().find(|resident| resident.handle.as_str() == handle).unwrap()
}

fn age(resident: &TestResident, day: Date) -> i16 {
    let born = resident.attributes.birth_date;
    (0..150).rev().find(|&age| japan::has_reached(born, age, day)).unwrap()
}

fn last_day(resident: &TestResident) -> Date {
    let (issued, born) = (resident.card.issued, resident.attributes.birth_date);
    let card = validity::card_expires(issued, born);
    japan::day(validity::card_certificate_not_after(issued, born, card))
}

#[test]
fn there_are_enough_of_them_in_many_municipalities() {
    let residents = built_in();
    let mut municipalities: Vec<_> = residents.iter().map(|one| one.municipality).collect();
    municipalities.sort();
    municipalities.dedup();
    assert!(residents.len() >= 14);
    assert!(municipalities.len() >= 12);
}

#[test]
fn every_my_number_has_a_wrong_check_digit() {
    for resident in built_in() {
        let digits: Vec<u32> =
            resident.my_number.as_bytes().iter().map(|digit| u32::from(digit - b'0')).collect();
        // P(n) is the n-th digit from the right of the first eleven.
        let sum: u32 = (1..=11_u32)
            .map(|n| digits[11 - n as usize] * if n <= 6 { n + 1 } else { n - 5 })
            .sum();
        let right = if sum % 11 <= 1 { 0 } else { 11 - sum % 11 };
        assert_ne!(digits[11], right, "{}", resident.handle);
    }
}

#[test]
fn each_resident_is_what_the_file_says_whenever_the_sandbox_begins() {
    for start in STARTS {
        let residents = parse(BUILT_IN, start).unwrap();
        for resident in &residents {
            assert!(last_day(resident) > start, "{} on {start}", resident.handle);
        }
        let resident = |handle| named(&residents, handle);

        assert_eq!(age(resident("yui"), start), 14);
        assert_eq!(age(resident("yui"), start + 40.days()), 15);

        assert_eq!(start.until(last_day(resident("kenji"))).unwrap().get_days(), 20, "{start}");

        let aoi = resident("aoi");
        assert!((15..18).contains(&age(aoi, aoi.card.issued)));
        assert_eq!(
            last_day(aoi),
            validity::card_expires(aoi.card.issued, aoi.attributes.birth_date)
        );

        let rei = resident("rei");
        let birthday = |day: Date| japan::birthday(rei.attributes.birth_date, day.year());
        // Who is told to be born on a 29 February in a common year is born on the 28th.
        let told = if (start.month(), start.day()) == (2, 29) { start - 1.day() } else { start };
        assert_eq!(birthday(start), told);
        assert_eq!(birthday(rei.card.issued), rei.card.issued);
    }
}

#[test]
fn the_unusual_residents_are_unusual() {
    let residents = built_in();
    let resident = |handle| named(&residents, handle);
    assert_eq!(resident("sai").attributes.name_substitutes, "000000100000");
    assert!(resident("sai").attributes.address_substitutes.starts_with("00010"));
    assert_eq!(resident("nao").card.wrong_tries.signature, WrongTries::MOST.signature);
    assert_eq!(
        resident("nao").card.wrong_tries.user_authentication,
        WrongTries::MOST.user_authentication
    );
    assert_eq!(resident("ryo").card.wrong_tries.signature, WrongTries::MOST.signature - 1);
    let uses = |handle| resident(handle).card.certificates;
    assert_eq!(uses("sachiko"), Uses { signature: true, user_authentication: false });
    assert_eq!(uses("akira"), Uses { signature: false, user_authentication: true });
    assert_eq!(uses("mei"), Uses::NONE);
    assert!(resident("maria").attributes.name.starts_with('Ｇ'));
    let born = resident("kisaragi").attributes.birth_date;
    assert_eq!((born.month(), born.day()), (2, 29));
    assert_eq!(resident("taro").phones.len(), 2);
}

#[test]
fn card_3_nobody_under_15_has_a_signature_certificate() {
    for start in STARTS {
        for resident in parse(BUILT_IN, start).unwrap() {
            let old_enough = age(&resident, resident.card.issued) >= 15;
            assert!(old_enough || !resident.card.certificates.signature, "{}", resident.handle);
        }
    }
}

/// Whether a phone is supported its model says (READY-2).
#[test]
fn a_file_of_before_the_phones_knew_what_is_supported_is_read() {
    let model = r#""model": "Sandbox Phone 8" }"#;
    assert!(BUILT_IN.contains(model));
    let older = model.replace(" }", r#", "supported": true }"#);
    assert!(parse(&BUILT_IN.replace(model, &older), START).is_ok());
}

#[test]
fn a_file_is_told_of_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    assert_eq!(Source::read(&file), Ok(None));
    assert_eq!(Source::built_in().residents(START), Ok(built_in()));
    let load = || Source::read(&file).map(Option::unwrap)?.residents(START);

    fs::write(&file, only("hana")).unwrap();
    let residents = load().unwrap();
    assert_eq!(residents.len(), 1);
    assert_eq!(residents[0], *named(&built_in(), "hana"));

    fs::write(&file, "{}").unwrap();
    let error = load().unwrap_err();
    assert!(error.to_string().contains("residents.json, line 1: missing field `residents`"));

    fs::write(&file, [0xFF]).unwrap();
    let error = load().unwrap_err();
    assert!(matches!(error.fault, Fault::Unreadable(_)), "{error}");
}

#[test]
fn a_fault_is_told_with_line_resident_and_what_to_do() {
    use Fault::*;
    let cases = [
        ("\"hana\"", "\"taro\"", NameTwice, "handle"),
        ("hana-phone", "taro-new", NameTwice, "phones"),
        ("\"13221\"", "\"13999\"", MunicipalityUnknown, "municipality"),
        ("\"13221\"", "\"13222\"", AddressElsewhere("東京都東久留米市".into()), "address"),
        ("水野　花", "水野花", NameForm, "name"),
        ("水野　花", "水野　", NameForm, "name"),
        ("水野　花", "水野　a", HalfWidth, "name"),
        ("１－２－３", "1－２－３", HalfWidth, "address"),
        ("みずの　はな", "みずのはな", Reading, "name_reading"),
        ("みずの　はな", "ミズノ　ハナ", Reading, "name_reading"),
        ("いちのにのさん", "１の２の３", Reading, "address_reading"),
        ("102938475612", "10293847561", MyNumberForm, "my_number"),
        ("102938475612", "102938475617", MyNumberReal, "my_number"),
        ("\"years_ago\": 1", "\"years_ago\": 0", IssuedTooLate, "issued"),
        ("\"years_ago\": 1", "\"years_ago\": 12", CardExpired, "issued"),
        ("\"years_ago\": 1", "\"years_ago\": 90", IssuedBeforeBirth, "issued"),
        (
            "\"1988-06-12\"",
            "{ \"age\": 10, \"birthday_in_days\": 9 }",
            SignatureUnder15,
            "certificates",
        ),
        ("\"MIZUNO12\"", "\"mizuno12\"", PinForm("signature password"), "pins"),
        ("\"1206\"", "\"12O6\"", PinForm("user-authentication PIN"), "pins"),
        ("\"8806\"", "\"88066\"", PinForm("card-face input PIN"), "card_face"),
        (
            "\"signature\": true",
            "\"signature\": false",
            PinAndCertificate("signature password"),
            "pins",
        ),
        (
            "\"user_authentication\": \"1206\", ",
            "",
            PinAndCertificate("user-authentication PIN"),
            "pins",
        ),
        ("\"phones\"", "\"x\"", Form(String::new()), ""),
    ];
    let text = only("hana").replace(", \"months_ago\": 3", "");
    let text = text.replacen("\n  ]", &format!(",\n{}\n  ]", entry("taro")), 1);
    let text = &text;
    assert_eq!(parse(text, START).map(|residents| residents.len()), Ok(2));
    for (from, to, fault, member) in cases {
        // A name that stands twice is told where it stands for the second time: taro comes first.
        let text = if fault == NameTwice { &taro_first(text) } else { text };
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let error = parse(&text, START).unwrap_err();
        if matches!(fault, Form(_)) {
            assert!(matches!(&error.fault, Form(what) if what.contains("unknown field `x`")));
            assert!(text.lines().nth(error.line.unwrap() - 1).unwrap().contains("\"x\""));
        } else {
            assert_eq!(error.fault, fault, "{from}");
            let line = text.lines().nth(error.line.unwrap() - 1).unwrap();
            assert!(line.contains(&format!("\"{member}\"")), "{error}: {line}");
        }
        let handle = if to == "\"taro\"" { "taro" } else { "hana" };
        assert_eq!(error.resident.as_deref(), Some(handle), "{error}");
        assert!(!error.remedy().is_empty() && !error.remedy().contains('\n'));
        assert!(!error.to_string().contains('\n'));
    }
}

#[test]
fn too_many_wrong_tries_and_tries_of_no_pin_are_refused() {
    for tries in ["\"signature\": 6", "\"user_authentication\": 4", "\"card_face\": 4"] {
        let text = only("hana").replacen(
            "\"pins\"",
            &format!("\"wrong_tries\": {{ {tries} }}, \"pins\""),
            1,
        );
        assert_eq!(parse(&text, START).unwrap_err().fault, Fault::TooManyTries, "{tries}");
    }
    let text =
        only("mei").replacen("\"pins\"", "\"wrong_tries\": { \"signature\": 1 }, \"pins\"", 1);
    let fault = parse(&text, START).unwrap_err().fault;
    assert_eq!(fault, Fault::PinAndCertificate("signature password"));
}

#[test]
fn substitutes_must_fit_their_text() {
    let text = only("sai").replacen("000000100000", "00000010000", 1);
    assert!(matches!(parse(&text, START).unwrap_err().fault, Fault::Attributes(_)));
}

#[test]
fn a_file_without_residents_or_with_broken_json_is_refused() {
    assert_eq!(parse("{\"residents\": []}", START).unwrap_err().fault, Fault::Nobody);
    let error = parse("{\n\"residents\": [\n", START).unwrap_err();
    assert_eq!(error.line, Some(3));
    assert!(parse("", START).is_err());
    let error =
        parse(&only("hana").replacen("\"about\": {", "\"about\": [", 2), START).unwrap_err();
    assert!(matches!(error.fault, Fault::Form(_)));
}

#[test]
fn a_town_may_name_its_district_in_the_address() {
    let text = only("hana").replace("\"13221\"", "\"13303\"");
    let district = text.replace("東京都清瀬市", "東京都西多摩郡瑞穂町");
    assert!(parse(&district, START).is_ok());
    assert!(parse(&text.replace("東京都清瀬市", "東京都瑞穂町"), START).is_ok());
    assert!(parse(&text.replace("東京都清瀬市", "西多摩郡瑞穂町"), START).is_err());
}

#[test]
fn a_byte_order_mark_at_the_beginning_is_no_mistake() {
    let text = format!("\u{FEFF}{}", only("hana"));
    assert_eq!(parse(&text, START), parse(&only("hana"), START));
}

#[test]
fn a_phone_is_not_called_like_a_card_and_a_my_number_is_one_persons() {
    let both = only("hana").replacen("\n  ]", &format!(",\n{}\n  ]", entry("taro")), 1);
    assert!(parse(&both, START).is_ok());
    // Taro comes after hana, whose phone is called like his card.
    let error = parse(&both.replacen("\"hana-phone\"", "\"taro\"", 1), START).unwrap_err();
    assert_eq!((error.fault.clone(), error.resident.as_deref()), (Fault::NameOfCard, Some("hana")));
    let number = |handle| {
        let entry = entry(handle);
        let at = entry.find("\"my_number\": \"").unwrap() + "\"my_number\": \"".len();
        entry[at..at + 12].to_owned()
    };
    let error = parse(&both.replace(&number("taro"), &number("hana")), START).unwrap_err();
    assert_eq!(
        (error.fault.clone(), error.resident.as_deref()),
        (Fault::MyNumberTwice, Some("taro"))
    );
    let line = both.lines().nth(error.line.unwrap() - 1).unwrap();
    assert!(line.contains("my_number") && !error.to_string().contains(&number("hana")));
}

#[test]
fn a_sandbox_may_begin_as_early_and_as_late_as_its_clock_allows() {
    for start in [date(2020, 1, 1), date(2099, 12, 31), date(9899, 12, 31)] {
        assert!(parse(BUILT_IN, start).is_ok(), "{start}");
    }
}

#[test]
fn a_handle_can_be_typed_and_can_name_a_folder() {
    for good in ["a", "hana-phone", "p8", &"a".repeat(32)] {
        assert!(good.parse::<Handle>().is_ok(), "{good}");
    }
    for bad in ["", "Hana", "8p", "-a", "a b", "a/b", "..", "花", &"a".repeat(33)] {
        assert_eq!(bad.parse::<Handle>(), Err(InvalidHandle), "{bad}");
    }
}

#[test]
fn no_pin_and_no_number_is_shown() {
    for resident in built_in() {
        let shown = format!("{resident:?}");
        let digits = String::from_utf8(resident.my_number.as_bytes().to_vec()).unwrap();
        let password = resident.card.pins.signature.as_ref().map(|pin| pin.as_bytes().to_vec());
        assert!(!shown.contains(&digits) && !shown.contains(&resident.attributes.name));
        assert!(password.is_none_or(|pin| !shown.contains(&String::from_utf8(pin).unwrap())));
    }
}

/// The built-in file with this resident alone.
fn only(handle: &str) -> String {
    format!("{{\n  \"residents\": [\n{}\n  ]\n}}\n", entry(handle))
}

/// A resident's lines in the built-in file.
fn entry(handle: &str) -> String {
    let start = BUILT_IN.find(&format!("    {{\n      \"handle\": \"{handle}\"")).unwrap();
    let end = BUILT_IN[start..].find("\n    }").unwrap();
    BUILT_IN[start..start + end + "\n    }".len()].to_owned()
}

/// The same file with its two residents in the other order.
fn taro_first(text: &str) -> String {
    let (taro, hana) = (entry("taro"), text.find("    {\n      \"handle\": \"hana\"").unwrap());
    let without = text.replacen(&format!(",\n{taro}"), "", 1);
    format!("{}{taro},\n{}", &without[..hana], &without[hana..])
}
