//! QR codes, as pictures in a page.

use std::fmt;

use askama::filters::HtmlSafe;
use fast_qr::{ECL, Mode, QRBuilder, QRCode};
use inrou_api::problem::{OrInternal, Problem};

/// Light squares around the code (ISO/IEC 18004: four).
const QUIET: usize = 4;

/// A QR code. A template writes it as SVG, dark on light in any colour scheme.
pub struct Qr {
    code: QRCode,
    /// What it is, for the ear.
    label: String,
}

impl Qr {
    /// The code of a text; `label` says what it is.
    ///
    /// # Errors
    /// `internal-error` if the text is too long for any code.
    pub fn new(text: &str, label: String) -> Result<Self, Problem> {
        let code = QRBuilder::new(text).mode(Mode::Byte).ecl(ECL::M).build().or_internal()?;
        Ok(Self { code, label })
    }
}

impl fmt::Display for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.code.size;
        let side = width + 2 * QUIET;
        let label = askama::filters::escape(&self.label, askama::filters::Html);
        let label = label.map_err(|_| fmt::Error)?;
        write!(
            f,
            "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\">"
        )?;
        write!(f, "<path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"")?;
        for y in 0..width {
            let mut x = 0;
            for run in self.code[y][..width].chunk_by(|a, b| a.value() == b.value()) {
                if run[0].value() {
                    let length = run.len();
                    write!(f, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET)?;
                }
                x += run.len();
            }
        }
        f.write_str("\"/></svg>")
    }
}

/// Numbers, and a label that is escaped.
impl HtmlSafe for Qr {}
