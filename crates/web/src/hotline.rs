//! Whether the real service's hotline answers, as the help on every page says it (HOURS-4).

use inrou_rules::hotline::{CLOSES_EARLY, Hotline, last_known_year};
use inrou_rules::japan;
use inrou_words::Language;
use jiff::Timestamp;
use jiff::civil::date;

use crate::Said;

/// A line or two.
pub(crate) fn lines(now: Timestamp, language: Language) -> Vec<Said<'static>> {
    let say = |code| Said::of(code, language);
    match Hotline::at(now) {
        Hotline::Closed { opens } => vec![say("hours.closed").with("opens", opens)],
        Hotline::Open { closes, may_be_holiday } => {
            let open = say("hours.open").with("until", japan::civil(closes).time());
            let last = date(last_known_year(), 12, 31);
            let early = say("hours.if-holiday").with("last", last).with("until", CLOSES_EARLY);
            [Some(open), may_be_holiday.then_some(early)].into_iter().flatten().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(now: &str, language: Language) -> String {
        let lines = lines(now.parse().unwrap(), language);
        lines.iter().map(Said::kana).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn hours_4_the_page_says_until_when_the_hotline_answers_or_from_when() {
        let weekday = "2026-11-24T10:00:00+09:00";
        assert_eq!(said(weekday, Language::Ja), "ただいま受付時間内です（本日午後8時まで）。");
        assert_eq!(said(weekday, Language::En), "Open now, until 20:00 today.");
        let holiday = "2026-11-23T17:30:00+09:00";
        let opens = "ただいま受付時間外です。次の受付は2026年11月24日 午前9時30分からです。\
                     一時利用停止は、いつでも受け付けています。";
        assert_eq!(said(holiday, Language::Ja), opens);
        let easy = "いまは やすみです。つぎに でんわできるのは 2027ねん1がつよっか ごぜん9じ30ぷんからです。\
                    なくしたときは、いつでも でんわできます。";
        assert_eq!(said("2026-12-29T12:00:00+09:00", Language::JaEasy), easy);
    }

    #[test]
    fn hours_4_where_holidays_are_not_known_the_page_says_so() {
        let said = said("2041-06-05T12:00:00+09:00", Language::En);
        assert!(
            said.contains("until 17:30: holidays after 31 December 2040 are not known"),
            "{said}"
        );
    }
}
