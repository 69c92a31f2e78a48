//! Benchmarks, each beside its limit in the same run: `cargo run --release -p inrou-bench -- NAME`.
//!
//! Other work on the machine slows down what is measured and its limit alike, but not at the same
//! moment: both are measured in turn, in short rounds, and the median of the rounds' ratios is told.
#![allow(clippy::print_stdout, clippy::print_stderr)]
// A benchmark that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod applicants;
mod browser;
mod cpu;
mod crl;
mod group_file;
mod issuance;
mod load;
mod logins;
mod ocsp_cached;
mod ocsp_signed;
mod office;
mod report;
mod rounds;
mod screens;
mod validations;

use std::process::ExitCode;

use report::Row;

const USAGE: &str = "usage: inrou-bench NAME

  ocsp-signed   OCSP answers signed on demand, beside bare signing with the same key
  ocsp-cached   OCSP answers that are kept, over HTTP, beside a static answer of the same size
  issuance      certificates from application to store, beside verifying, signing, two commits
  crl           a CRL of a million entries, beside hashing and writing as many bytes
  screens       every screen of a resident with a history, beside a static page of the same size
  logins        log-ins to a site, server side, beside signing, verifying, five commits
  validations   signatures judged whose certificates' statuses are kept, beside bare verifying
  all           all of them";

/// A benchmark by its name.
type Benchmark = (&'static str, fn() -> Vec<Row>);

/// In the order in which `all` runs them.
const BENCHMARKS: [Benchmark; 7] = [
    ("ocsp-signed", ocsp_signed::run),
    ("ocsp-cached", ocsp_cached::run),
    ("issuance", issuance::run),
    ("crl", crl::run),
    ("screens", screens::run),
    ("logins", logins::run),
    ("validations", validations::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let name = match arguments[..] {
        [name] => name,
        ["crl", "write", folder, algorithm] => {
            crl::write(folder, algorithm);
            return ExitCode::SUCCESS;
        }
        _ => "",
    };
    let chosen = BENCHMARKS.iter().filter(|(known, _)| name == *known || name == "all");
    let rows: Vec<Row> = chosen.flat_map(|(_, run)| run()).collect();
    if rows.is_empty() {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    }
    report::print_table(&rows);
    ExitCode::SUCCESS
}
