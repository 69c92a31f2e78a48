//! Birth dates as people say and clerks type them.

use inrou_rules::names::folded;
use jiff::civil::Date;

/// The eras, by their names and letters, each with the year before its first.
const ERAS: [([&str; 2], i16); 5] = [
    (["明治", "m"], 1867),
    (["大正", "t"], 1911),
    (["昭和", "s"], 1925),
    (["平成", "h"], 1988),
    (["令和", "r"], 2018),
];

/// A day as `1988-06-12`, `1988年6月12日`, `19880612`, `昭和63年6月12日` or `S63.6.12`, in digits of any width.
pub(crate) fn read(typed: &str) -> Option<Date> {
    let words: Vec<String> = typed.split_whitespace().map(folded).collect();
    let plain = words.join("-").replace("元年", "1年");
    let era = ERAS.iter().find_map(|(names, before)| {
        let rest = names.iter().find_map(|name| plain.strip_prefix(name))?;
        Some((*before, rest))
    });
    let (before, rest) = era.unwrap_or((0, &plain));
    let numbers = rest.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let numbers: Vec<&str> = numbers.collect();
    let [year, month, day] = match numbers.as_slice() {
        [year, month, day] => [*year, *month, *day],
        [one] if era.is_none() && one.len() == 8 => [one.get(..4)?, one.get(4..6)?, one.get(6..)?],
        _ => return None,
    };
    let year: i16 = year.parse().ok()?;
    let is_whole = if era.is_some() { (1..100).contains(&year) } else { year >= 1000 };
    if !is_whole {
        return None;
    }
    Date::new(before.checked_add(year)?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_date_is_read_as_people_say_it() {
        for typed in [
            "1988-06-12",
            "1988/6/12",
            "1988年6月12日",
            "１９８８年６月１２日",
            "19880612",
            "昭和63年6月12日",
            "S63.6.12",
            " s63 6 12 ",
        ] {
            assert_eq!(read(typed).unwrap().to_string(), "1988-06-12", "{typed}");
        }
        assert_eq!(read("平成元年1月8日").unwrap().to_string(), "1989-01-08");
        for wrong in ["", "12 June", "88-6-12", "1988-13-1", "昭和63", "昭和19880612", "123456789"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
