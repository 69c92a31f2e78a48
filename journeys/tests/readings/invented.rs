//! What is invented: the test residents, where they live, and their own information.

use inrou_words::{Authored, Form};
use serde_json::Value;

use crate::sample::Sample;

const RESIDENTS: &str = include_str!("../../../crates/inrou/data/residents.json");
const OWN_INFORMATION: &str = include_str!("../../../crates/inrou/data/own-information.json");

/// The town in which all residents live, wherever it is.
const TOWN: (&str, &str) = ("見本町", "みほんちょう");

/// All of it.
pub fn samples() -> impl Iterator<Item = Sample> {
    residents().into_iter().chain(about_residents()).chain(own_information())
}

/// What is said about each of them.
fn about_residents() -> Vec<Sample> {
    let file: Value = serde_json::from_str(RESIDENTS).unwrap();
    let about = file["residents"].as_array().unwrap().iter();
    about
        .map(|one| {
            let text: Authored = one["about"]["ja-easy"].as_str().unwrap().parse().unwrap();
            Sample::of("residents.json", &text.render(Form::Html))
        })
        .collect()
}

fn residents() -> Vec<Sample> {
    let file: Value = serde_json::from_str(RESIDENTS).unwrap();
    let attributes = file["residents"].as_array().unwrap().iter().map(|one| &one["attributes"]);
    attributes
        .flat_map(|attributes| {
            let of = |name: &str| attributes[name].as_str().unwrap().to_owned();
            let (address, reading) = (of("address"), of("address_reading"));
            let (place, number) = house_number(&address);
            let read = number_reading(number);
            let place_reading = reading
                .strip_suffix(&read)
                .unwrap_or_else(|| panic!("{address}: {reading} does not end in {read}"));
            // The name of the invented town is one of several that the characters could have.
            let (before, after) = place.split_once(TOWN.0).unwrap();
            let (before_reading, after_reading) = place_reading.split_once(TOWN.1).unwrap();
            let name = (of("name"), of("name_reading"));
            let names = name.0.split('　').zip(name.1.split('　'));
            let parts = [(before, before_reading), TOWN, (after, after_reading)];
            let all = names.chain(parts).map(|(words, read)| (words.to_owned(), read.to_owned()));
            all.collect::<Vec<_>>()
        })
        .filter(|(words, _)| words.contains(inrou_words::is_kanji))
        .map(|(words, reading)| Sample::read_as("residents.json", &words, &reading))
        .collect()
}

fn own_information() -> Vec<Sample> {
    fn gather(value: &Value, samples: &mut Vec<Sample>) {
        match value {
            Value::Object(fields) => match (fields.get("ja"), fields.get("reading")) {
                (Some(words), Some(reading)) => {
                    let (words, reading) = (words.as_str().unwrap(), reading.as_str().unwrap());
                    for (words, reading) in words.split('　').zip(reading.split('　')) {
                        samples.push(Sample::read_as("own-information.json", words, reading));
                    }
                }
                _ => fields.values().for_each(|field| gather(field, samples)),
            },
            Value::Array(items) => items.iter().for_each(|item| gather(item, samples)),
            _ => {}
        }
    }
    let mut samples = Vec::new();
    gather(&serde_json::from_str(OWN_INFORMATION).unwrap(), &mut samples);
    samples
}

/// An address without its house number, and that: `１－２－３`.
fn house_number(address: &str) -> (&str, &str) {
    let place = address.trim_end_matches(|c: char| ('０'..='９').contains(&c) || c == '－');
    address.split_at(place.len())
}

/// How a house number is read aloud: いちのにのさん.
fn number_reading(number: &str) -> String {
    const ONES: [&str; 10] =
        ["", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"];
    let part = |digits: &str| {
        let number = digits.chars().fold(0, |sum, c| sum * 10 + (c as usize - '０' as usize));
        let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
        let times = |count: usize, unit: &str| match count {
            0 => String::new(),
            1 => unit.to_owned(),
            count => format!("{}{unit}", ONES[count]),
        };
        format!("{}{}{}", times(hundreds, "ひゃく"), times(tens, "じゅう"), ONES[ones])
    };
    number.split('－').map(part).collect::<Vec<_>>().join("の")
}
