//! Who looks at a screen: in which language, where, at what time.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use inrou_api::clock::Clock;
use inrou_api::problem::{Code, OrInternal, Problem, asked_language};
use inrou_pki::Entropy;
use inrou_rules::{CertificateStatus, Use};
use inrou_words::{Language, language_of};
use jiff::Timestamp;

use crate::assets::{Asset, MARK, SCRIPT, STYLE};
use crate::hotline;
use crate::once::{Once, Sent, once};
use crate::{Lang, Said};

/// A place with screens of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The sandbox's home.
    Sandbox,
    /// A phone.
    Phone,
    /// The portal.
    Portal,
    /// The office that receives applications.
    Office,
    /// The hotline.
    Hotline,
    /// A municipality's counter.
    Desk,
    /// The provider of log-ins to sites.
    Provider,
    /// A site where one pays by phone.
    Pay,
    /// A bank's site.
    Bank,
    /// A clinic's reception.
    Clinic,
    /// A convenience store's kiosk.
    Kiosk,
}

impl Place {
    /// The code of its name.
    pub const fn name(self) -> &'static str {
        match self {
            Place::Sandbox => "place.sandbox",
            Place::Phone => "place.phone",
            Place::Portal => "place.portal",
            Place::Office => "place.office",
            Place::Hotline => "place.hotline",
            Place::Desk => "place.desk",
            Place::Provider => "place.provider",
            Place::Pay => "place.pay",
            Place::Bank => "place.bank",
            Place::Clinic => "place.clinic",
            Place::Kiosk => "place.kiosk",
        }
    }

    /// The class of its pages in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Place::Sandbox => "sandbox",
            Place::Phone => "phone",
            Place::Portal => "portal",
            Place::Office => "office",
            Place::Hotline => "hotline",
            Place::Desk => "counter",
            Place::Provider => "provider",
            Place::Pay => "pay",
            Place::Bank => "bank",
            Place::Clinic => "clinic",
            Place::Kiosk => "kiosk",
        }
    }
}

/// Screens of one place, told the time by one clock.
#[derive(Clone)]
pub struct Site {
    /// The place.
    pub place: Place,
    /// What time it is there.
    pub clock: Arc<dyn Clock>,
    /// The home of the sandbox that it belongs to, where the clock is turned.
    pub home: Option<Arc<str>>,
}

impl Site {
    /// A place that belongs to no sandbox with a home.
    pub fn new(place: Place, clock: Arc<dyn Clock>) -> Self {
        Self { place, clock, home: None }
    }

    /// The same in a sandbox whose home is at that address.
    #[must_use]
    pub fn at_home(self, home: Arc<str>) -> Self {
        Self { home: Some(home), ..self }
    }

    /// Lays around a router of screens what each of them needs: a [`Visit`]; the language switch,
    /// which is any address with `?lang=` added; and that a form with [`Visit::once`] in it acts once, a
    /// second press being led where the first is. What is remembered of a form is under a key made of
    /// `entropy`.
    pub fn wrap(self, router: Router, entropy: &dyn Entropy) -> Router {
        let router = router.layer(from_fn_with_state(Arc::new(Sent::new(entropy)), once));
        self.visit(router)
    }

    /// Has screens that are wrapped already be visited as here.
    pub fn visit(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, visited))
    }
}

async fn visited(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    if let Some((language, path)) = switched(request.uri()) {
        return (kept(language), Redirect::to(&path)).into_response();
    }
    if request.extensions().get::<Visit>().is_none() {
        let visit = Visit::of(&site, request.headers(), request.uri());
        request.extensions_mut().insert(visit);
    }
    next.run(request).await
}

/// How long a visitor stays logged in.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    /// Until when.
    pub until: Timestamp,
    /// Whether that can be put off.
    pub can_be_extended: bool,
}

/// A look at a screen.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The language that was chosen, or is asked for.
    pub language: Language,
    /// The time.
    pub now: Timestamp,
    /// Where.
    pub place: Place,
    /// How long the visitor stays logged in, if somebody is.
    pub stay: Option<Stay>,
    /// The home of the sandbox, if it is one.
    pub home: Option<Arc<str>>,
    /// Path and query: where a switched language leads back to.
    address: String,
}

impl Visit {
    pub(crate) fn of(site: &Site, headers: &HeaderMap, uri: &Uri) -> Self {
        Self {
            language: asked_language(headers),
            now: site.clock.now(),
            place: site.place,
            stay: None,
            home: site.home.clone(),
            address: address(uri.path(), uri.query().unwrap_or_default()),
        }
    }

    /// A hidden field by which a form that is sent twice is told from two that are alike: in each form
    /// whose repetition would harm. See [`Site::wrap`].
    pub fn once(&self) -> Once {
        Once::new(self.now)
    }

    /// A text in the visitor's language.
    pub fn say<'a>(&self, code: &'a str) -> Said<'a> {
        Said::of(code, self.language)
    }

    /// A text that takes no values, where markup cannot go.
    pub fn attr(&self, code: &str) -> String {
        self.say(code).kana()
    }

    /// The attribute that says in which language somebody's own words are, if it needs to be said:
    /// `<p{{ v.lang(reason) }}>`.
    pub fn lang(&self, words: &str) -> Lang {
        Lang(language_of(words, self.language))
    }

    /// What the certificates of a use are called, as a heading.
    pub fn name_of(&self, usage: &Use) -> Said<'static> {
        let code = match usage {
            Use::Signature => "certificate.signature",
            Use::UserAuthentication => "certificate.user-authentication",
        };
        Said::of(code, self.language)
    }

    /// How a certificate stands: a class of the style sheet, and the words.
    pub fn standing(
        &self,
        status: CertificateStatus,
        not_after: Timestamp,
    ) -> (&'static str, Said<'static>) {
        match status {
            CertificateStatus::Active { .. } if self.now > not_after => {
                ("bad", self.say("standing-of.expired"))
            }
            CertificateStatus::Active { .. } => {
                ("good", self.say("standing-of.active").with("until", not_after))
            }
            CertificateStatus::Issued => ("waits", self.say("standing-of.ready")),
            CertificateStatus::Held { since, .. } => {
                ("bad", self.say("standing-of.held").with("since", since))
            }
            CertificateStatus::Revoked { at, reason } => {
                ("bad", self.say("standing-of.revoked").with("at", at).with("reason", reason))
            }
        }
    }

    /// The path that is looked at.
    pub fn path(&self) -> &str {
        self.address.split('?').next().unwrap_or_default()
    }

    /// Path and query that are looked at.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// In how many seconds that time comes; 0 if it has.
    pub fn seconds_to(&self, time: &Timestamp) -> u64 {
        time.duration_since(self.now).as_secs().try_into().unwrap_or(0)
    }

    /// What time it is here.
    pub fn clock(&self) -> Said<'static> {
        Said::of("page.clock", self.language).with("now", self.now)
    }

    /// Whether the real service's hotline answers now, and how long that lasts (HOURS-4).
    pub fn hotline(&self) -> Vec<Said<'static>> {
        hotline::lines(self.now, self.language)
    }

    /// Where the sandbox's own hotline is, if it is a sandbox: it stands first (HELP-1).
    pub fn simulated_hotline(&self) -> Option<String> {
        Some(self.home.as_ref()?.replacen("localhost", "hotline.localhost", 1))
    }

    /// The first page of the place.
    pub const fn start(&self) -> &'static str {
        match self.place {
            Place::Portal => "/portal",
            Place::Sandbox
            | Place::Phone
            | Place::Office
            | Place::Hotline
            | Place::Desk
            | Place::Provider
            | Place::Pay
            | Place::Bank
            | Place::Clinic
            | Place::Kiosk => "/",
        }
    }

    /// The languages to switch to, and the address that does it.
    pub fn languages(&self) -> impl Iterator<Item = (Language, String)> {
        let mark = if self.address.contains('?') { '&' } else { '?' };
        Language::ALL.into_iter().map(move |language| {
            (language, format!("{}{mark}lang={}", self.address, language.code()))
        })
    }

    /// The style sheet.
    pub fn style(&self) -> &'static Asset {
        &STYLE
    }

    /// The script.
    pub fn script(&self) -> &'static Asset {
        &SCRIPT
    }

    /// The mark.
    pub fn mark(&self) -> &'static Asset {
        &MARK
    }
}

/// Put there by [`Site::wrap`].
impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::new(Code::INTERNAL_ERROR))
    }
}

/// The page that a template makes.
///
/// # Errors
/// `internal-error` if the template fails.
pub fn page(visit: &Visit, template: &impl Template) -> Result<Response, Problem> {
    const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    const POWERS: HeaderValue =
        HeaderValue::from_static("camera=(), display-capture=(), geolocation=(), microphone=()");
    const VARY: HeaderValue = HeaderValue::from_static("accept-language, cookie");
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (HeaderName::from_static("permissions-policy"), POWERS),
        // Forms name their origin only to where a referrer may be told: without that, browsers that have
        // no `Sec-Fetch-Site` could not be believed. Nobody else learns an address.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::VARY, VARY),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(visit.language.bcp47())),
    ];
    Ok((headers, titled(visit, template.render().or_internal()?)).into_response())
}

/// A page that tells a trouble, or a fault of a field, says so in its title, before all else: the title is
/// what is read out first, and what a tab shows. What a visitor typed is escaped: no page takes it for one.
fn titled(visit: &Visit, html: String) -> String {
    if !["<div class=\"trouble\"", " aria-invalid=\"true\""].iter().any(|mark| html.contains(mark))
    {
        return html;
    }
    html.replacen("<title>", &format!("<title>{} ", visit.attr("page.trouble")), 1)
}

/// From an address that takes a form alone to the page above it: whoever switches the language of what a
/// form was answered with, or comes back to it, goes there.
pub async fn back(uri: Uri) -> Redirect {
    let above = uri.path().rsplit_once('/').map_or("", |(above, _)| above);
    // As it was sent, since a segment that is decoded may be no header's value; on this host.
    Redirect::to(&address(above, ""))
}

/// The language that an address chooses, and the address without that.
fn switched(uri: &Uri) -> Option<(Language, String)> {
    let mut chosen = None;
    let query = uri.query()?.split('&').filter(|pair| match pair.strip_prefix("lang=") {
        Some(code) => {
            chosen = code.parse().ok().or(chosen);
            false
        }
        None => true,
    });
    let rest = query.collect::<Vec<_>>().join("&");
    Some((chosen?, address(uri.path(), &rest)))
}

/// Path and query of this host: a path that began with two slashes, of either kind, would be another host.
fn address(path: &str, query: &str) -> String {
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/{}{mark}{query}", path.trim_start_matches(['/', '\\']))
}

/// The cookie that keeps a language for a year.
fn kept(language: Language) -> [(HeaderName, String); 1] {
    let cookie =
        format!("lang={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", language.code());
    [(header::SET_COOKIE, cookie)]
}
