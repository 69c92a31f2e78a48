//! The data of cross-reference and object streams: FlateDecode, with or without a PNG predictor.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::PdfError;
use crate::object::{Dictionary, Object};

/// Longest data that is unpacked, in bytes.
const MAX_UNPACKED: usize = 4 * 1024 * 1024;

/// Unpacks the data of a stream.
pub(crate) fn unpack(dictionary: &Dictionary, data: &[u8]) -> Result<Vec<u8>, PdfError> {
    let unpacked = match dictionary.get(&b"Filter"[..]) {
        None => data.to_vec(),
        Some(filter) if filter.is_name("FlateDecode") => {
            decompress_to_vec_zlib_with_limit(data, MAX_UNPACKED)
                .map_err(|_| PdfError::Unsupported("a stream that cannot be unpacked"))?
        }
        Some(_) => return Err(PdfError::Unsupported("a filter other than FlateDecode")),
    };
    let Some(parameters) = dictionary.get(&b"DecodeParms"[..]).and_then(Object::dictionary) else {
        return Ok(unpacked);
    };
    let number =
        |key: &str, default| parameters.get(key.as_bytes()).map_or(Some(default), Object::index);
    match (number("Predictor", 1), number("Columns", 1), number("Colors", 1)) {
        (Some(1), ..) => Ok(unpacked),
        (Some(10..=15), Some(columns @ 1..=1024), Some(1)) => unpredict(&unpacked, columns),
        _ => Err(PdfError::Unsupported("a predictor other than PNG's")),
    }
}

/// Undoes PNG's prediction (RFC 2083 §6): each row stands behind the number of its own predictor.
fn unpredict(data: &[u8], columns: usize) -> Result<Vec<u8>, PdfError> {
    let mut above = vec![0; columns];
    let mut all = Vec::with_capacity(data.len());
    for row in data.chunks_exact(columns + 1) {
        let (predictor, row) = row.split_first().ok_or(PdfError::Unsupported("an empty row"))?;
        let (mut left, mut above_left) = (0_u8, 0_u8);
        for (byte, up) in row.iter().zip(&mut above) {
            let predicted = match predictor {
                0 => 0,
                1 => left,
                2 => *up,
                3 => ((u16::from(left) + u16::from(*up)) / 2) as u8,
                4 => paeth(left, *up, above_left),
                _ => return Err(PdfError::Unsupported("a predictor other than PNG's")),
            };
            above_left = *up;
            left = byte.wrapping_add(predicted);
            *up = left;
        }
        all.extend_from_slice(&above);
    }
    Ok(all)
}

fn paeth(left: u8, up: u8, above_left: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(above_left);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(above_left) {
        left
    } else if distance(up) <= distance(above_left) {
        up
    } else {
        above_left
    }
}
