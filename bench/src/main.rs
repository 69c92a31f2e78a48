//! Benchmarks, each beside its limit in the same run: `cargo run --release -p inrou-bench -- NAME`.
//!
//! Other work on the machine slows down what is measured and its limit alike, but not at the same
//! moment: both are measured in turn, in short rounds, and the median of the rounds' ratios is told.
#![allow(clippy::print_stdout, clippy::print_stderr)]
// A benchmark that cannot go on ends.
#![allow(clippy::unwrap_used)]

mod crl;
mod load;
mod ocsp_cached;
mod ocsp_signed;
mod office;
mod rounds;

use std::process::ExitCode;

const USAGE: &str = "usage: inrou-bench NAME

  ocsp-signed   OCSP answers signed on demand, beside bare signing with the same key
  ocsp-cached   OCSP answers that are kept, over HTTP, beside a static answer of the same size
  crl           a CRL of a million entries, beside hashing and writing as many bytes";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["ocsp-signed"] => ocsp_signed::run(),
        ["ocsp-cached"] => ocsp_cached::run(),
        ["crl"] => crl::run(),
        ["crl", "write", folder, algorithm] => crl::write(folder, algorithm),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
