//! How a page hands something over to a phone: by a link on the same device, by a QR code from another.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use inrou_api::problem::Problem;
use serde::Deserialize;

use crate::{Field, Kind, Qr, Visit};

/// The part of a page that hands something over.
#[derive(Template)]
#[template(path = "hand-over.html")]
pub struct HandOver<'a> {
    /// Who looks.
    pub v: &'a Visit,
    /// The page of the app that opens a link on this device, if there is one; the link is added as `?link=`.
    pub app: Option<&'a str>,
    /// The link that the app opens on this device.
    pub link: String,
    /// What another device scans now.
    pub code: Code,
    /// Where the code of the present second is.
    pub renews: String,
}

/// A QR code with its link in text: it is replaced each second.
#[derive(Template)]
#[template(path = "code.html")]
pub struct Code {
    qr: Qr,
    link: String,
}

impl Code {
    /// The code of a link.
    ///
    /// # Errors
    /// `internal-error` if the link is too long for any code.
    pub fn new(v: &Visit, link: String) -> Result<Self, Problem> {
        Ok(Self { qr: Qr::new(&link, v.attr("hand-over.qr"))?, link })
    }
}

/// A form that asks for the number that the phone shows after its answer.
#[derive(Template)]
#[template(path = "number.html")]
pub struct NumberForm<'a> {
    v: &'a Visit,
    action: &'a str,
    /// How many tries are left, if one was wrong.
    left: Option<u8>,
}

/// What it sends.
#[derive(Deserialize)]
pub struct NumberTyped {
    /// As typed.
    #[serde(default)]
    pub number: String,
}

impl<'a> NumberForm<'a> {
    /// The form; it is sent to `action`. `left` is how many tries are left, if one was wrong.
    pub fn new(v: &'a Visit, action: &'a str, left: Option<u8>) -> Self {
        Self { v, action, left }
    }

    fn field(&self) -> Field<'_> {
        let fault = self
            .left
            .map(|left| self.v.say("hand-over.number-wrong").with("left", u64::from(left)));
        Field::new(self.v, "number", Kind::Number, self.v.say("hand-over.number"))
            .support(self.v.say("hand-over.number-is"))
            .fault(fault)
    }
}

impl fmt::Debug for HandOver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandOver")
    }
}

/// Templates escape what is in them.
impl HtmlSafe for HandOver<'_> {}
impl HtmlSafe for Code {}
impl HtmlSafe for NumberForm<'_> {}
