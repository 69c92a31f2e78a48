//! Texts as the other crates use them.

use inrou_rules::{Refusal, Use};
use inrou_words::{Form, Language, Term, Value, error, errors, notice, notices, text, texts};
use jiff::Timestamp;

fn wrong_pin(language: Language, left: u64) -> String {
    let what = error("wrong-pin").expect("a text").what();
    let said = what.in_language(language).with("pin", Value::Name("card-signature"));
    said.with("left", left).render(Form::Plain)
}

#[test]
fn pin_1_tries_left_are_said_in_every_language() {
    assert_eq!(
        wrong_pin(Language::Ja, 4),
        "マイナンバーカード用署名用電子証明書のパスワードが違います。入力できるのは、あと4回です。"
    );
    assert!(wrong_pin(Language::JaEasy, 4).ends_with("あと 4回 入れることができます。"));
    assert!(wrong_pin(Language::En, 4).ends_with("You have 4 tries left."));
    assert!(wrong_pin(Language::En, 1).ends_with("You have 1 try left."));
}

#[test]
fn readings_are_dropped_set_as_ruby_or_stand_alone() {
    let easy = text("button.register").in_language(Language::JaEasy);
    assert_eq!(easy.render(Form::Plain), "登録する");
    assert_eq!(easy.render(Form::Kana), "とうろくする");
    assert_eq!(
        easy.render(Form::Html),
        "<ruby>登録<rt aria-hidden=\"true\">とうろく</rt></ruby>する"
    );
}

#[test]
fn every_text_of_easy_japanese_can_be_said_without_kanji() {
    let texts = errors()
        .flat_map(|error| {
            [error.title(), error.what(), error.now()].into_iter().chain(error.help())
        })
        .chain(notices().flat_map(|notice| [notice.title(), notice.body()]));
    for text in texts {
        let kana = text.in_language(Language::JaEasy).render(Form::Kana);
        let kanji = kana.chars().find(|c| ('\u{4E00}'..='\u{9FFF}').contains(c));
        assert_eq!(kanji, None, "{}: {kana}", text.code());
    }
}

#[test]
fn the_parameters_of_a_refusal_are_read_as_they_travel() {
    let refusal = Refusal::CardExpired { expires: jiff::civil::date(2026, 11, 20) };
    let params = refusal.params();
    let said = error(refusal.code()).unwrap().what().in_language(Language::En);
    let said = said.with_all(params.iter().map(|(name, raw)| (*name, raw.as_str())));
    assert_eq!(said.render(Form::Plain), "This My Number card was valid until 20 November 2026.");
}

#[test]
fn valid_1_the_end_of_a_certificate_is_said_as_its_day_in_japan() {
    let not_after: Timestamp = "2030-02-17T14:59:59Z".parse().unwrap();
    let what = error("card-signature-expired").unwrap().what();
    for said in [
        what.in_language(Language::Ja).with("not_after", not_after),
        what.in_language(Language::Ja).with_all([("not_after", "2030-02-17T14:59:59Z")]),
    ] {
        assert!(said.render(Form::Plain).ends_with("有効期限は2030年2月17日でした。"));
    }
}

#[test]
fn a_name_chooses_among_families() {
    let missing = error("pin-missing").unwrap();
    let said = |text: inrou_words::Text<'static>| {
        text.in_language(Language::Ja).with("usage", Use::UserAuthentication).render(Form::Plain)
    };
    assert_eq!(
        said(missing.what()),
        "スマホ用利用者証明用電子証明書の新しいパスワードが入力されていません。"
    );
    assert_eq!(said(missing.now()), "数字4ケタで入力し、「次へ」を押してください。");
}

#[test]
fn no_text_says_in_another_word_what_the_guides_call_by_one() {
    for said in texts().map(|text| text.in_language(Language::Ja).render(Form::Plain)) {
        for other in ["二次元コード", "２次元コード", "まちが", "手続きを取りやめ"]
        {
            assert!(!said.contains(other), "{other}: {said}");
        }
    }
}

#[test]
fn valid_5_the_end_of_a_use_is_not_told_as_a_loss() {
    let reason = text("revocation-reason.cessationOfOperation").in_language(Language::Ja);
    assert_eq!(reason.render(Form::Plain), "利用をやめる手続きをしたため");
}

#[test]
fn what_a_phone_asks_for_is_called_by_one_word_wherever_it_is_told_of() {
    for code in ["login.what", "scenarios.pins", "demo-step.new-pins", "demo-step.wrong-pin"] {
        for language in [Language::Ja, Language::JaEasy] {
            let said = text(code).in_language(language).with_all([("password", ""), ("pin", "")]);
            let said = said.render(Form::Plain);
            assert!(said.contains("パスワード") && !said.contains("番号"), "{said}");
        }
    }
    let said = |code, language| text(code).in_language(language).render(Form::Plain);
    for code in ["prepare.card-face-pin", "new-pin-form.user-authentication", "step.pin-form"] {
        assert!(said(code, Language::Ja).contains("数字4ケタ"), "{code}");
        assert!(said(code, Language::JaEasy).contains("数字 4つ"), "{code}");
    }
    for (first, again) in [
        ("field-of.new-password", "field-of.password-again"),
        ("field-of.new-pin", "field-of.pin-again"),
    ] {
        for language in Language::ALL {
            let (first, again) = (said(first, language), said(again, language));
            assert!(again.starts_with(&first), "{first}, {again}");
        }
    }
}

#[test]
fn an_error_is_named_by_its_title_in_another_text() {
    let body = notice("application-rejected").unwrap().body().in_language(Language::Ja);
    let said = body.with_all([("reason", "under-fifteen")]).render(Form::Plain);
    assert!(said.contains("（理由：15歳未満の方には発行されません）"), "{said}");
}

#[test]
fn a_term_brings_its_reading_from_wherever_it_comes() {
    let said = text("value.term").in_language(Language::JaEasy);
    let ahead = [("value_reading", "しょるいぶそく"), ("value", "書類不足")];
    let behind = [("value", "書類不足"), ("value_reading", "しょるいぶそく")];
    let [reading, value] = ahead;
    for said in [
        said.with("value", Term { text: "書類不足", reading: "しょるいぶそく" }),
        said.with_all(ahead),
        said.with_all(behind),
        said.with_all([reading]).with_all([value]),
    ] {
        assert_eq!(said.render(Form::Kana), "しょるいぶそく");
    }
}

#[test]
fn a_terms_english_words_stand_in_english_alone() {
    let english = ("value_en", "missing papers");
    let [value, reading] = [("value", "書類不足"), ("value_reading", "しょるいぶそく")];
    for params in [[english, value, reading], [value, reading, english]] {
        let said = |language| text("value.term").in_language(language).with_all(params);
        assert_eq!(said(Language::En).render(Form::Html), "missing papers");
        assert_eq!(said(Language::Ja).render(Form::Plain), "書類不足");
        assert_eq!(said(Language::JaEasy).render(Form::Kana), "しょるいぶそく");
    }
}

#[test]
fn another_persons_own_words_stand_as_they_are_in_a_sentence_with_readings() {
    let body = notice("application-returned").unwrap().body().in_language(Language::JaEasy);
    for said in [
        body.with_all([("reason", "書類不足"), ("procedure", "moving-out")]),
        body.with_all([("reason", "書類不足")]).with("procedure", Value::Name("moving-out")),
    ] {
        assert_eq!(
            said.render(Form::Kana),
            "てんしゅつとどけ（ひっこしの とどけで）が もどってきました。\
             りゆうは「書類不足」です。なおして もういちど しんせいしてください。"
        );
    }
}

#[test]
fn html_from_outside_is_escaped() {
    let body = notice("application-returned").unwrap().body().in_language(Language::Ja);
    let said = body.with_all([("reason", "<script>"), ("procedure", "<b>")]).render(Form::Html);
    assert!(said.contains("&lt;script&gt;") && said.contains("&lt;b&gt;"), "{said}");
    assert!(!said.contains('<'), "{said}");
}

#[test]
fn what_is_missing_shows_and_never_panics() {
    for form in [Form::Plain, Form::Html, Form::Kana] {
        for language in Language::ALL {
            for code in ["no-such-code", "", "error.no-such-code.title", "button"] {
                assert_eq!(text(code).in_language(language).render(form), code);
            }
        }
    }
    assert!(error("no-such-code").is_none() && notice("no-such-code").is_none());
    let what = error("wrong-pin").unwrap().what().in_language(Language::En);
    assert!(what.render(Form::Plain).contains("You have {left} tries left."));
    let odd = what.with_all([("left", "many"), ("pin", "nil"), ("other", "x"), ("_reading", "x")]);
    assert_eq!(odd.render(Form::Plain), "This is not the nil. You have {left} tries left.");
}

#[test]
fn help_1_the_real_numbers_are_marked_as_the_real_services() {
    let helped: Vec<_> = errors().filter(|error| error.help().next().is_some()).collect();
    assert!(helped.iter().any(|error| error.code() == "pin-blocked"));
    let marks = ["本物のサービス", "本物の サービス", "real service"];
    for (language, mark) in Language::ALL.into_iter().zip(marks) {
        for code in ["help.hotline", "help.hotline-loss", "help.other-ways"] {
            let said = text(code).in_language(language).render(Form::Plain);
            let (marked, real) = (said.find(mark).unwrap(), said.find("0120-").unwrap());
            assert!(marked < real, "{said}");
        }
    }
}

#[test]
fn use_7_every_event_of_the_rules_has_its_line_in_the_history() {
    // The names of the events are listed by the error about one that does not exist.
    let error = toml::from_str::<inrou_rules::Event>("type = \"-\"").unwrap_err().to_string();
    let (_, listed) = error.split_once("expected one of ").unwrap();
    let events: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
    assert!(events.contains(&"resident-admitted") && events.len() > 10, "{events:?}");
    for event in events {
        assert!(text(&format!("history.{event}")).exists(), "{event}");
    }
}
