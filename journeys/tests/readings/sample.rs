//! A piece of easy Japanese with its readings, and how it compares with what a dictionary says.

use std::ops::Range;

/// Words, and the readings of some of them.
pub struct Sample {
    /// Where they stand.
    pub place: String,
    /// The words without readings, by character.
    words: Vec<char>,
    /// Readings, with the words that they are of.
    readings: Vec<(Range<usize>, String)>,
}

/// A word as the dictionary cuts it: from where to where, and how it is read, in katakana.
pub type Word = (Range<usize>, String);

/// Words that are read otherwise here than in the dictionary; both readings in katakana, and without
/// the number before them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    pub words: String,
    pub ours: String,
    pub dictionary: String,
}

impl Sample {
    /// Takes it out of HTML, as texts are rendered.
    pub fn of(place: &str, html: &str) -> Self {
        let mut sample = Self { place: place.to_owned(), words: Vec::new(), readings: Vec::new() };
        for part in html.split("<ruby>") {
            let (ruby, after) = part.split_once("</ruby>").unwrap_or(("", part));
            if let Some((base, rest)) = ruby.split_once("<rt") {
                let reading = rest.split("</rt>").next().unwrap_or_default();
                sample.read(base, &without_tags(&format!("<rt{reading}")));
            }
            sample.words.extend(without_tags(after).chars());
        }
        sample
    }

    /// Words that are read as a whole.
    pub fn read_as(place: &str, words: &str, reading: &str) -> Self {
        let mut sample = Self { place: place.to_owned(), words: Vec::new(), readings: Vec::new() };
        sample.read(words, reading);
        sample
    }

    fn read(&mut self, words: &str, reading: &str) {
        let start = self.words.len();
        self.words.extend(words.chars());
        self.readings.push((start..self.words.len(), reading.to_owned()));
    }

    /// The words, in one line.
    pub fn text(&self) -> String {
        self.words.iter().collect()
    }

    /// Where the dictionary reads otherwise: the shortest stretches that both sides cut alike.
    pub fn against(&self, dictionary: &[Word]) -> Vec<Disagreement> {
        let ours = self.readings.iter().map(|(cut, _)| cut);
        let cut: Vec<_> = ours.chain(dictionary.iter().map(|(cut, _)| cut)).collect();
        let is_cut = |&at: &usize| !cut.iter().any(|cut| cut.start < at && at < cut.end);
        let cuts: Vec<usize> = (0..=self.words.len()).filter(is_cut).collect();
        let stretches = cuts.windows(2).map(|pair| pair[0]..pair[1]);
        stretches.filter_map(|stretch| self.compare(stretch, dictionary)).collect()
    }

    fn compare(&self, stretch: Range<usize>, dictionary: &[Word]) -> Option<Disagreement> {
        let inside = |cut: &Range<usize>| stretch.start <= cut.start && cut.end <= stretch.end;
        let mut ours = String::new();
        let mut at = stretch.start;
        for (cut, reading) in self.readings.iter().filter(|(cut, _)| inside(cut)) {
            ours.extend(&self.words[at..cut.start]);
            ours.push_str(reading);
            at = cut.end;
        }
        if at == stretch.start {
            // Nothing in it has a reading.
            return None;
        }
        ours.extend(&self.words[at..stretch.end]);
        let theirs = dictionary.iter().filter(|(cut, _)| inside(cut));
        let theirs: String = theirs.map(|(_, reading)| reading.as_str()).collect();
        let ours = katakana(&ours);
        // A number before it belongs to it: 30分 and 35分 are read differently.
        let is_digit = |c: &&char| c.is_ascii_digit();
        let digits = self.words[..stretch.start].iter().rev().take_while(is_digit).count();
        let words = self.words[stretch.start - digits..stretch.end].iter().collect();
        (ours != theirs).then_some(Disagreement { words, ours, dictionary: theirs })
    }
}

fn without_tags(html: &str) -> String {
    let parts = html.split('<').enumerate();
    let text: String = parts
        .map(|(index, part)| match index {
            0 => part,
            _ => part.split_once('>').map_or("", |(_, text)| text),
        })
        .collect();
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (escaped, plain)| text.replace(escaped, plain))
}

/// Hiragana as katakana; what is no hiragana stays.
fn katakana(kana: &str) -> String {
    let shifted = |c: char| match c {
        'ぁ'..='ゖ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        c => c,
    };
    kana.chars().map(shifted).collect()
}
