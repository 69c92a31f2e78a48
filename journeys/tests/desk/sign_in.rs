//! A member of the staff is played.

use crate::house::House;
use crate::http::{Page, Visitor};

/// The member of that family name plays, at that host.
pub async fn signs_in(house: &House, host: &str, family: &str) -> Visitor {
    let mut visitor = Visitor::at(house.at_host(host));
    let page = visitor.get("/sign-in").await;
    let id = member_of(&page, family);
    let start = visitor.submit("/sign-in", &[("member", &id)]).await;
    assert_eq!(start.status, 200, "{}", start.body);
    visitor
}

/// The identifier behind the button with that name.
pub fn member_of(page: &Page, family: &str) -> String {
    let (before, _) = page.body.split_once(family).unwrap_or_else(|| panic!("{family}"));
    let (_, value) = before.rsplit_once("value=\"").unwrap();
    value.split('"').next().unwrap().to_owned()
}
