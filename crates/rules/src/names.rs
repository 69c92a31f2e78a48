//! Names as people say them: what is written in several ways is found in each of them.

/// Characters of names that stand for one another in records and in what people write.
const VARIANTS: &[(char, &str)] = &[
    ('辺', "邊邉"),
    ('斎', "齋斉齊"),
    ('高', "髙"),
    ('崎', "﨑嵜碕"),
    ('浜', "濱濵"),
    ('沢', "澤"),
    ('広', "廣"),
    ('国', "國"),
    ('真', "眞"),
    ('徳', "德"),
    ('桜', "櫻"),
    ('島', "嶋嶌"),
    ('吉', "𠮷"),
    ('恵', "惠"),
    ('竜', "龍"),
    ('滝', "瀧"),
    ('栄', "榮"),
    ('静', "靜"),
];

/// Half-width katakana from U+FF66 on, as hiragana.
const HALF_WIDTH: &str = "をぁぃぅぇぉゃゅょっーあいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん";

/// Hiragana with a mark, each after the same one without.
const VOICED: &str =
    "かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔ";
const HALF_VOICED: &str = "はぱひぴふぷへぺほぽ";

/// A name in its plainest form, to be compared alone: without spaces and selectors of variations, kana as
/// hiragana of full width, letters and digits as small ones of half width, variants as the usual character.
pub fn folded(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            _ if c.is_whitespace() || is_selector(c) => {}
            'ﾞ' | '\u{3099}' | '゛' => mark(&mut plain, VOICED),
            'ﾟ' | '\u{309A}' | '゜' => mark(&mut plain, HALF_VOICED),
            'ァ'..='ヶ' => plain.extend(shifted(c, -0x60)),
            '\u{FF66}'..='\u{FF9D}' => plain.extend(half_width(c)),
            '！'..='～' => plain.extend(shifted(c, -0xFEE0).map(|c| c.to_ascii_lowercase())),
            _ if c.is_ascii() => plain.push(c.to_ascii_lowercase()),
            _ => plain.push(usual(c)),
        }
    }
    plain
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

fn shifted(c: char, by: i32) -> Option<char> {
    char::from_u32(u32::from(c).checked_add_signed(by)?)
}

fn half_width(c: char) -> Option<char> {
    HALF_WIDTH.chars().nth((u32::from(c) - 0xFF66) as usize)
}

/// Gives the last character its mark, if it takes that one.
fn mark(plain: &mut String, pairs: &str) {
    let Some(last) = plain.chars().next_back() else { return };
    let all: Vec<char> = pairs.chars().collect();
    let marked = all.chunks_exact(2).find(|pair| pair[0] == last).map(|pair| pair[1]);
    if let Some(marked) = marked {
        plain.pop();
        plain.push(marked);
    }
}

fn usual(c: char) -> char {
    let found = VARIANTS.iter().find(|(_, others)| others.contains(c));
    found.map_or(c, |(usual, _)| *usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("水野\u{3000}花", "水野花"),
            ("みずの\u{3000}はな", "ミズノ ハナ"),
            ("みずの\u{3000}はな", "ﾐｽﾞﾉ ﾊﾅ"),
            ("ぱぴぷ", "ﾊﾟﾋﾟﾌﾟ"),
            ("がぎ", "か\u{3099}き\u{3099}"),
            ("ＳＭＩＴＨ\u{3000}Ｊｏｈｎ", "smith john"),
            ("渡邉\u{3000}髙志", "渡辺高志"),
            ("葛\u{E0100}城", "葛城"),
            ("１－２", "1-2"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("水野花"), folded("水野華"));
        assert_ne!(folded("はな"), folded("ばな"));
        assert_eq!(folded("゛"), "");
    }
}
