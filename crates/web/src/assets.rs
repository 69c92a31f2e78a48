//! Style sheet, script and mark: fixed files, kept by browsers for good, for the address holds the
//! content's digest.

use std::fmt;
use std::sync::LazyLock;

use askama::filters::HtmlSafe;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use inrou_pki::digest::HashAlgorithm;

/// A fixed file. A template writes it as its address.
#[derive(Debug)]
pub struct Asset {
    content: &'static [u8],
    media_type: HeaderValue,
    path: String,
}

/// The style sheet of every screen, made of one file a subject; what a look changes comes last.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let style = concat!(
        include_str!("../assets/style/tokens.css"),
        include_str!("../assets/style/page.css"),
        include_str!("../assets/style/forms.css"),
        include_str!("../assets/style/parts.css"),
        include_str!("../assets/style/places.css"),
        include_str!("../assets/style/looks.css"),
    );
    Asset::new("style.css", "text/css; charset=utf-8", style.as_bytes())
});

/// What a page does by itself where scripts run. Every page works without.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let live = include_bytes!("../assets/live.js");
    Asset::new("live.js", "text/javascript; charset=utf-8", live)
});

/// The mark, as it stands on a tab.
pub(crate) static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark.svg", "image/svg+xml", include_bytes!("../assets/mark.svg")));

/// Serves them.
pub fn router() -> Router {
    const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
    [&STYLE, &SCRIPT, &MARK].into_iter().fold(Router::new(), |router, asset| {
        let asset = LazyLock::force(asset);
        let headers =
            [(header::CONTENT_TYPE, asset.media_type.clone()), (header::CACHE_CONTROL, FOR_GOOD)];
        router.route(&asset.path, get(async move || (headers, asset.content)))
    })
}

impl Asset {
    fn new(name: &str, media_type: &'static str, content: &'static [u8]) -> Self {
        let digest = HashAlgorithm::Sha256.digest(content);
        let short: String =
            digest.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let media_type = HeaderValue::from_static(media_type);
        Self { content, media_type, path: format!("/assets/{short}/{name}") }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// An address of hexadecimal digits and a fixed name.
impl HtmlSafe for Asset {}
