//! Tiles: 256 hashes wide, eight levels of the tree high (C2SP tlog-tiles).

use std::fmt;

/// How many hashes a full tile has.
pub const WIDTH: u64 = 256;

/// How many levels of the tree a tile spans.
pub const HEIGHT: u32 = 8;

/// The name of a tile: which hashes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Its level: at 0 are hashes of leaves, above it those of full tiles of the level below.
    pub level: u8,
    /// Its place in the level, from 0.
    pub index: u64,
    /// How many hashes it has: 256, or fewer if it is partial.
    pub width: u16,
}

impl Tile {
    /// The tile at a place, as wide as it is in a tree of this size; `None` if it is not in it.
    pub fn in_tree(size: u64, level: u8, index: u64) -> Option<Self> {
        let hashes = size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0);
        let first = index.checked_mul(WIDTH)?;
        let width = hashes.checked_sub(first)?.min(WIDTH);
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(Self { level, index, width })
    }

    /// Whether it has all its hashes.
    pub fn is_full(self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// The same with all its hashes.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: 256, ..self }
    }

    /// The bundle of entries beside a tile of leaves: `tile/entries/…`.
    pub fn entries_path(self) -> String {
        format!("tile/entries/{}", Place(self))
    }

    /// Reads `tile/<L>/<N>[.p/<W>]`, in no other spelling than the one it is written in.
    pub fn from_path(path: &str) -> Option<Self> {
        let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = decimal(level)?.try_into().ok().filter(|level| *level < 64)?;
        Self::read(level, place)
    }

    /// Reads `tile/entries/<N>[.p/<W>]`: the tile of leaves beside that bundle.
    pub fn from_entries_path(path: &str) -> Option<Self> {
        Self::read(0, path.strip_prefix("tile/entries/")?)
    }

    fn read(level: u8, place: &str) -> Option<Self> {
        let (index, width) = match place.split_once(".p/") {
            None => (place, WIDTH),
            Some((index, width)) => {
                (index, decimal(width).filter(|width| (1..WIDTH).contains(width))?)
            }
        };
        let mut number = 0_u64;
        for part in index.split('/') {
            let digits = part.strip_prefix('x').unwrap_or(part);
            number = number.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { level, index: number, width: width.try_into().ok()? };
        (Place(tile).to_string() == place).then_some(tile)
    }
}

impl fmt::Display for Tile {
    /// Its path: `tile/<L>/<N>[.p/<W>]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}", self.level, Place(*self))
    }
}

/// `<N>[.p/<W>]`.
struct Place(Tile);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tile { index, width, .. } = self.0;
        for power in (1..7).rev() {
            let rest = index / 1000_u64.pow(power);
            if rest > 0 {
                write!(f, "x{:03}/", rest % 1000)?;
            }
        }
        write!(f, "{:03}", index % 1000)?;
        if self.0.is_full() { Ok(()) } else { write!(f, ".p/{width}") }
    }
}

fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |level, index, width| Tile { level, index, width };
        for (tile, path) in [
            (tile(0, 0, 256), "tile/0/000"),
            (tile(1, 1_234_067, 256), "tile/1/x001/x234/067"),
            (tile(0, 273, 112), "tile/0/273.p/112"),
            (tile(63, 1000, 1), "tile/63/x001/000.p/1"),
            (tile(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
        ] {
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::from_path(path), Some(tile));
        }
        assert_eq!(tile(0, 273, 112).entries_path(), "tile/entries/273.p/112");
        assert_eq!(Tile::from_entries_path("tile/entries/273.p/112"), Some(tile(0, 273, 112)));
    }

    #[test]
    fn other_spellings_name_nothing() {
        for path in [
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/x001",
            "tile/0/001/002",
            "tile/0/+01",
            "tile/00/001",
            "tile/64/001",
            "tile/-1/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/1/",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/entries/000",
            "/tile/0/000",
            "tile/0/",
            "",
        ] {
            assert_eq!(Tile::from_path(path), None, "{path}");
        }
    }

    /// The specification's examples.
    #[test]
    fn a_tree_has_the_tiles_that_its_size_asks_for() {
        let width = |size, level, index| Tile::in_tree(size, level, index).map(|tile| tile.width);
        assert_eq!(width(70_000, 0, 272), Some(256));
        assert_eq!(width(70_000, 0, 273), Some(112));
        assert_eq!(width(70_000, 0, 274), None);
        assert_eq!(width(70_000, 1, 0), Some(256));
        assert_eq!(width(70_000, 1, 1), Some(17));
        assert_eq!(width(70_000, 2, 0), Some(1));
        assert_eq!(width(70_000, 3, 0), None);
        assert_eq!(width(256, 1, 0), Some(1));
        assert_eq!(width(u64::MAX, 63, 0), None);
    }
}
