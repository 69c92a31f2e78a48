//! Problems as pages, for whoever looks with a browser.

use askama::Template;
use axum::http::HeaderMap;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::ShowProblem;
use inrou_api::trace::TraceId;

use crate::{Site, Trouble, Visit, page};

/// Shows the problems of a place as its pages.
#[derive(Clone)]
pub struct ProblemPages(pub Site);

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    v: &'a Visit,
    trouble: Trouble<'a>,
}

impl ShowProblem for ProblemPages {
    fn show(&self, problem: &Problem, headers: &HeaderMap, uri: &Uri, trace: TraceId) -> Response {
        let visit = Visit::of(&self.0, headers, uri);
        let params: Vec<_> = problem.params().collect();
        let trouble = Trouble::of(&visit, problem.code(), params.iter().copied())
            .traced(trace.to_string())
            .without_title();
        match page(&visit, &ProblemPage { v: &visit, trouble }) {
            Ok(page) => (problem.status(), page).into_response(),
            Err(_) => problem.status().into_response(),
        }
    }
}
