//! What a browser is shown: while somebody logs in to a site; of the developers' console, and of the staff's
//! desk. Every form works without a script.

mod authorize;
mod console;
mod log_out;
mod registered;
mod staff;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::{Shutdown, read_body};
use inrou_web::{Place, Site};
use url::Url;

use crate::Provider;

/// The authorization endpoint.
pub(crate) const AUTHORIZE: &str = "/api/realms/main/protocol/openid-connect/auth";

/// The end-session endpoint.
pub(crate) const LOG_OUT: &str = "/api/realms/main/protocol/openid-connect/logout";

/// The longest query that a form is made into.
const LONGEST_QUERY: usize = 16 * 1024;

/// What the screens share.
#[derive(Clone)]
struct Screens {
    provider: Arc<Provider>,
    shutdown: Shutdown,
}

/// The provider's screens. The style sheet and the script are served by [`inrou_web::assets`] on the same
/// host.
pub fn router(provider: Arc<Provider>, shutdown: Shutdown) -> Router {
    let (site, entropy) = (site(&provider), provider.entropy.clone());
    let screens = Screens { provider, shutdown };
    let router = Router::new()
        .route(AUTHORIZE, get(authorize::begin).post(as_query))
        .route(LOG_OUT, get(log_out::ask).post(as_query))
        .route("/provider/log-out", get(log_out::done).post(log_out::log_out))
        .route("/provider/log-ins/{transaction}", get(authorize::wait))
        .route("/provider/log-ins/{transaction}/news", get(authorize::news))
        .route("/provider/log-ins/{transaction}/code", get(authorize::code))
        .route(
            "/provider/log-ins/{transaction}/number",
            get(authorize::numbered).post(authorize::number),
        )
        .route("/provider/log-ins/{transaction}/return", get(authorize::returned))
        .route("/provider/log-ins/{transaction}/persona", post(authorize::choose_persona))
        .merge(console::router())
        .merge(staff::router(&screens.provider))
        .with_state(screens);
    site.wrap(router, &*entropy)
}

/// Where the provider's screens stand.
pub fn site(provider: &Provider) -> Site {
    Site::new(Place::Provider, provider.clock.clone())
}

/// A site has the browser send a form (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2): it is led to
/// the same with a query, since a browser shows its cookies to a form of another site in no other way.
async fn as_query(request: Request) -> Result<Response, Problem> {
    let path = request.uri().path().to_owned();
    let body = read_body(request, &()).await?;
    if body.len() > LONGEST_QUERY {
        return Err(Problem::new(Code::BODY_TOO_LARGE));
    }
    let pairs = url::form_urlencoded::parse(&body);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Ok(Redirect::to(&format!("{path}?{query}")).into_response())
}

/// Lets a page's form end at that site: browsers look at where a form leads in the end.
fn may_lead_to(response: &mut Response, site: &Url) -> Result<(), Problem> {
    let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
    let policy = policy.and_then(|policy| policy.to_str().ok()).unwrap_or_default();
    let own = "form-action 'self'";
    let origin = site.origin().ascii_serialization();
    let policy = policy.replace(own, &format!("{own} {origin}"));
    let policy = HeaderValue::try_from(policy).or_internal()?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(())
}
