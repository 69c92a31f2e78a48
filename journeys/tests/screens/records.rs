//! S0 1-B 1 and 1-D: one's own information, and the use history.

use inrou_journeys::browser::{Person, Way};

use inrou_rules::{Medium, Use};
use inrou_words::{Form, text};

use crate::house::House;
use crate::portal::logs_in;

in_every_way!(s0_1_b_own_information, s0_1_d_use_history, move_3_hana_sees_what_her_phones_hold,);

async fn s0_1_b_own_information(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("own-information", way).await;
    logs_in(&hana, &house).await;
    hana.presses("own.title").await;
    hana.sees("S0 1-B 1 own information", "own.title").await;
    hana.presses("own.medicines").await;
    hana.sees("S0 1-B 1 medicine", "own.medicines").await;
    goes_back(&hana).await;
    hana.presses("own.checkups").await;
    hana.sees("S0 1-B 1 check-ups", "own.checkups").await;
    goes_back(&hana).await;
    hana.presses("own.mother-and-child").await;
    hana.sees("S0 1-B 1 handbook", "own.mother-and-child").await;
    goes_back(&hana).await;
    hana.leaves().await;
    house.ends().await;
}

async fn goes_back(hana: &Person) {
    hana.presses("own.title").await;
    hana.waits_for("own.title").await;
}

async fn move_3_hana_sees_what_her_phones_hold(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("phones", way).await;
    logs_in(&hana, &house).await;
    hana.presses("holdings.title").await;
    hana.sees("MOVE-3", "holdings.title").await;
    assert_eq!(hana.counts(".state.good").await, 2, "both can be used");
    hana.leaves().await;
    house.ends().await;
}

async fn s0_1_d_use_history(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("history", way).await;
    logs_in(&hana, &house).await;
    hana.presses("portal-menu.history").await;
    hana.sees("S0 1-D 3", "history-page.title").await;
    for usage in Use::ALL {
        let issued = text("history.certificate-issued").in_language(way.language);
        let issued = issued.with("medium", Medium::Phone).with("usage", usage);
        let issued = issued.render(Form::Plain);
        assert!(hana.page_says(&issued).await, "which certificate it was: {issued}");
    }
    let all = hana.counts("tbody tr").await;
    hana.chooses("history-page.kind", "history-kind.logged-in").await;
    hana.presses("history-page.show").await;
    hana.waits_for_words(&hana.words("history-page.clear")).await;
    let some = hana.counts("tbody tr").await;
    assert!(0 < some && some < all, "{some} of {all} are log-ins");
    // The day after the last: there is nothing.
    hana.types_day("history-page.from", ["2026", "11", "25"]).await;
    hana.presses("history-page.show").await;
    hana.waits_for_words(&hana.words("history-page.none")).await;
    hana.looks_around("S0 1-D 3").await;
    // A last day before the first.
    hana.types_day("history-page.to", ["2026", "11", "24"]).await;
    hana.presses("history-page.show").await;
    hana.waits_for_some("#to-fault").await;
    hana.looks_around("S0 1-D 3").await;
    hana.presses("history-page.clear").await;
    hana.waits_for_words(&hana.words("history-page.export")).await;
    let csv = hana.attribute("a[href*='history.csv']", "href").await;
    assert!(hana.fetches(&csv).await.lines().count() > all, "each entry has a line");
    hana.leaves().await;
    house.ends().await;
}
