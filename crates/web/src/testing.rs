//! What the tests of every crate with screens share.

use inrou_words::is_kanji;

/// Attributes that are read out or shown.
const READ_OUT: [&str; 10] = [
    "alt",
    "aria-label",
    "data-busy",
    "data-failed",
    "data-met",
    "data-show",
    "data-unsupported",
    "label",
    "placeholder",
    "title",
];

/// The kanji in a page of easy Japanese that have no reading, each with the words around it. What
/// bears its own `lang` is in that language on purpose: another language's name, a document that is
/// signed as it is.
pub fn bare_kanji(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tagged) = rest.split_at(at);
        report(text, &mut found);
        let end = tag_end(tagged);
        let (tag, after) = tagged.split_at(end);
        let name = name_of(tag);
        rest = match name {
            "ruby" => {
                let (ruby, after) = until_end(after, name);
                let reading = ruby.split_once("<rt").and_then(|(_, rest)| rest.split_once('>'));
                if reading.is_none_or(|(_, reading)| reading.starts_with('<')) {
                    report(ruby, &mut found);
                }
                after
            }
            "script" | "style" => until_end(after, name).1,
            "html" => after,
            _ if !name.is_empty() && attribute(tag, "lang").is_some() => until_end(after, name).1,
            _ => {
                let values = READ_OUT.iter().filter_map(|name| attribute(tag, name));
                values.for_each(|value| report(value, &mut found));
                after
            }
        };
    }
    report(rest, &mut found);
    found
}

fn report(text: &str, found: &mut Vec<String>) {
    if text.contains(is_kanji) {
        found.push(text.trim().to_owned());
    }
}

/// Where a tag ends that begins at the start; a `>` inside quotes does not end it.
fn tag_end(tagged: &str) -> usize {
    let mut quote = None;
    for (at, c) in tagged.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    tagged.len()
}

/// The name of an opening tag; empty for any other.
fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches('<');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

/// The value of an attribute, as templates write it: in double quotes.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

/// What stands before the end of an element, elements of its name inside it included, and what after.
fn until_end<'a>(after: &'a str, name: &str) -> (&'a str, &'a str) {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let (mut at, mut depth) = (0, 1);
    while let Some(left) = after.get(at..) {
        let Some(next_close) = left.find(&close) else { break };
        match left.find(&open) {
            Some(next_open) if next_open < next_close => {
                (at, depth) = (at + next_open + open.len(), depth + 1);
            }
            _ if depth == 1 => {
                let end = at + next_close;
                return (&after[..end], &after[end + close.len()..]);
            }
            _ => (at, depth) = (at + next_close + close.len(), depth - 1),
        }
    }
    (after, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kanji_with_readings_and_other_languages_are_let_pass() {
        let page = "<html lang=\"ja\"><script>漢字</script><p title=\"かな\">\
                    <ruby>本人<rt>ほんにん</rt></ruby>が <a lang=\"ja\" href=\"?a=>\">日本語</a> \
                    <div lang=\"ja\"><div>内</div>外</div> かな</p></html>";
        assert_eq!(bare_kanji(page), [""; 0]);
    }

    #[test]
    fn bare_kanji_are_found_wherever_they_are_read() {
        for page in [
            "<p>本人</p>",
            "本人",
            "<p>かな</p>本人",
            "<ruby>本人</ruby>",
            "<ruby>本人<rt></rt></ruby>",
            "<p aria-label=\"本人\">かな</p>",
            "<title>本人</title>",
            "<option>3ヶ月</option>",
            "<div lang=\"en\"><div>x</div></div>本人",
        ] {
            assert_eq!(bare_kanji(page).len(), 1, "{page}");
        }
    }
}
