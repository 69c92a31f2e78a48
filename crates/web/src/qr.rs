//! QR codes, as pictures in a page.

use std::fmt;

use askama::filters::HtmlSafe;
use inrou_api::problem::{OrInternal, Problem};
use qrcode::{Color, EcLevel, QrCode};

/// Light squares around the code (ISO/IEC 18004: four).
const QUIET: usize = 4;

/// A QR code. A template writes it as SVG, dark on light in any colour scheme.
pub struct Qr {
    code: QrCode,
    /// What it is, for the ear.
    label: String,
}

impl Qr {
    /// The code of a text; `label` says what it is.
    ///
    /// # Errors
    /// `internal-error` if the text is too long for any code.
    pub fn new(text: &str, label: String) -> Result<Self, Problem> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).or_internal()?;
        Ok(Self { code, label })
    }
}

impl fmt::Display for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.code.width();
        let side = width + 2 * QUIET;
        let label = askama::filters::escape(&self.label, askama::filters::Html);
        let label = label.map_err(|_| fmt::Error)?;
        write!(
            f,
            "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\">"
        )?;
        write!(f, "<path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"")?;
        for (at, color) in self.code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                write!(f, "M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET)?;
            }
        }
        f.write_str("\"/></svg>")
    }
}

/// Numbers, and a label that is escaped.
impl HtmlSafe for Qr {}
