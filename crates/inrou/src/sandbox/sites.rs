//! The example sites that the sandbox serves: relying parties, which call the provider over HTTP as any
//! other does.

use std::io;

use axum::Router;
use example_site::Ground;
use inrou_relying::Validator;
use inrou_web::Site;

/// A site, and the name under which it is reached.
pub(super) struct ExampleSite {
    pub host: &'static str,
    pub site: Site,
    pub router: Router,
}

/// The names of the sites, and what leads to each on the sandbox's home.
pub(super) const LINKS: [(&str, &str); 3] = [
    (example_pay::HOST, "home-site.pay"),
    (example_bank::HOST, "home-site.bank"),
    (example_clinic::HOST, "home-site.clinic"),
];

/// The names of the sites.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LINKS.into_iter().map(|(host, _)| host)
}

/// Opens the sites: `ground` tells what each of them stands on, by its name, and `validator` is for those that
/// judge signatures themselves.
///
/// # Errors
/// A folder cannot be read.
pub(super) fn open(
    ground: impl Fn(&str) -> Ground,
    validator: Validator,
) -> io::Result<Vec<ExampleSite>> {
    let [pay, bank, clinic] =
        [example_pay::HOST, example_bank::HOST, example_clinic::HOST].map(ground);
    Ok(vec![
        ExampleSite {
            host: example_pay::HOST,
            site: example_pay::site(&pay),
            router: example_pay::router(pay)?,
        },
        ExampleSite {
            host: example_bank::HOST,
            site: example_bank::site(&bank),
            router: example_bank::router(bank, validator)?,
        },
        ExampleSite {
            host: example_clinic::HOST,
            site: example_clinic::site(&clinic),
            router: example_clinic::router(clinic)?,
        },
    ])
}
