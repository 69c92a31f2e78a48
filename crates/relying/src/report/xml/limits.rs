//! How much a file may cost: what its tags alone tell before it is parsed, and what its canonical forms may
//! take. A small file can be made whose reading, or whose canonical form, has no end in sight.

use std::cell::Cell;

/// Longest file that is read, in bytes.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// Most nodes in a file.
pub(super) const MAX_NODES: u32 = 1 << 20;

/// How deep elements may lie in each other.
const MAX_DEPTH: usize = 200;

/// Most attributes of one element, namespaces included: the parser compares each with each.
const MAX_ATTRIBUTES: usize = 128;

/// Most namespaces that are declared at one element and above it.
const MAX_NAMESPACES: usize = 128;

/// How often the parser may compare namespaces with each other: at each element that declares any, all that
/// stand there.
const MAX_LOOKUPS: usize = 64 * 1024 * 1024;

/// How many bytes may be written in canonical forms, over all signatures of a file.
const MAX_WORK: usize = 64 * 1024 * 1024;

/// Checks what a file's tags tell, if it is XML.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_LENGTH {
        return Err("the file is too long");
    }
    Shape::of(text).map(|_| ())
}

/// What may still be written in canonical forms.
pub(super) struct Work(Cell<usize>);

impl Work {
    /// For one file.
    pub(super) fn for_a_file() -> Self {
        Self(Cell::new(MAX_WORK))
    }

    /// For a test: so many bytes.
    #[cfg(test)]
    pub(super) fn of(bytes: usize) -> Self {
        Self(Cell::new(bytes))
    }

    /// How many bytes are left.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.get()
    }

    /// Takes so many bytes; none are left afterwards if there were not as many.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let rest = self.0.get().checked_sub(bytes);
        self.0.set(rest.unwrap_or(0));
        rest.is_some()
    }

    /// Whether there is nothing left.
    pub(super) fn is_over(&self) -> bool {
        self.0.get() == 0
    }
}

/// What costs in a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    depth: usize,
    attributes: usize,
    namespaces: usize,
    lookups: usize,
}

impl Shape {
    /// By the tags alone, up to the first that is too much.
    fn of(text: &str) -> Result<Self, &'static str> {
        const SKIPPED: [(&str, &str); 3] = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
        let mut shape = Self::default();
        // How many namespaces are declared at each element that is open, and at all of them.
        let (mut open, mut in_scope) = (Vec::new(), 0_usize);
        let mut rest = text;
        while let Some((_, tag)) = rest.split_once('<') {
            // The end stands behind the whole of the beginning: `<!-->` has none yet.
            let skipped =
                SKIPPED.iter().find_map(|(begin, end)| Some((tag.strip_prefix(begin)?, end)));
            if let Some((inside, end)) = skipped {
                rest = inside.split_once(end).map_or("", |(_, behind)| behind);
                continue;
            }
            let tag = Tag::read(tag);
            rest = tag.behind;
            if tag.inside.starts_with('/') {
                in_scope -= open.pop().unwrap_or(0);
                continue;
            }
            shape.depth = shape.depth.max(open.len() + 1);
            shape.attributes = shape.attributes.max(tag.attributes);
            let there = in_scope + tag.namespaces;
            shape.namespaces = shape.namespaces.max(there);
            if tag.namespaces > 0 {
                shape.lookups += there * there;
            }
            if !tag.inside.ends_with('/') {
                open.push(tag.namespaces);
                in_scope = there;
            }
            shape.check()?;
        }
        Ok(shape)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.depth > MAX_DEPTH {
            Err("the file's elements lie too deep")
        } else if self.attributes > MAX_ATTRIBUTES {
            Err("an element of the file has too many attributes")
        } else if self.namespaces > MAX_NAMESPACES || self.lookups > MAX_LOOKUPS {
            Err("the file has too many namespaces")
        } else {
            Ok(())
        }
    }
}

/// A tag.
struct Tag<'a> {
    /// What stands before its `>`.
    inside: &'a str,
    /// How many attributes it has, namespaces included.
    attributes: usize,
    /// How many of them declare a namespace.
    namespaces: usize,
    /// What follows it.
    behind: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag whose `<` stands before the text. A `>` may stand in a value before its own.
    fn read(text: &'a str) -> Self {
        let (mut attributes, mut namespaces) = (0, 0);
        // Where the last word begins, and whether the next letter begins another.
        let (mut quote, mut word, mut is_between) = (None, 0, true);
        for (at, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (None, b'>') => {
                    let (inside, behind) = (&text[..at], &text[at + 1..]);
                    return Self { inside, attributes, namespaces, behind };
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => (quote, is_between) = (None, true),
                (Some(_), _) => {}
                (None, b'=') => {
                    attributes += 1;
                    let name = text.as_bytes().get(word..).unwrap_or_default();
                    namespaces += usize::from(name.starts_with(b"xmlns"));
                }
                (None, b' ' | b'\t' | b'\r' | b'\n') => is_between = true,
                (None, _) if is_between => (word, is_between) = (at, false),
                (None, _) => {}
            }
        }
        Self { inside: text, attributes, namespaces, behind: "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_told_by_tags_alone() {
        for (text, depth, attributes, namespaces) in [
            ("", 0, 0, 0),
            ("<a/>", 1, 0, 0),
            ("<a><b/><b></b></a>", 2, 0, 0),
            ("<a><!--</a></a>--><b><![CDATA[</b></b>]]><c><?p </c> ?><d/></c></b></a>", 4, 0, 0),
            ("<a b='/>'><c d=\"'/>\"/></a>", 2, 1, 0),
            ("<a><a><a", 3, 0, 0),
            ("<a b='=' c = \"=\" xmlns:d\n=\n'x' xmlns='y'/>", 1, 4, 2),
            ("<a xmlns='x'><b xmlns:c='y'><d xmlns:c='z'/></b><d xmlns:c='z'/></a>", 3, 1, 3),
        ] {
            let shape = Shape::of(text).unwrap();
            let told = (shape.depth, shape.attributes, shape.namespaces);
            assert_eq!(told, (depth, attributes, namespaces), "{text}");
        }
        let lookups = Shape::of("<a xmlns='x'><b xmlns:c='y'/><b xmlns:c='y'/><b/></a>").unwrap();
        assert_eq!(lookups.lookups, 1 + 4 + 4);
    }

    #[test]
    fn what_would_cost_too_much_is_refused_before_it_is_parsed() {
        let many =
            |count: usize, each: fn(usize) -> String| (0..count).map(each).collect::<String>();
        let declared = |at| format!(" xmlns:n{at}='u'");
        let nested = |count: usize| {
            let open = many(count, |at| format!("<a xmlns:n{at}='u'>"));
            open + &"</a>".repeat(count)
        };
        let beside = |declared: &str, count: usize| {
            format!("<a{declared}>{}</a>", "<b xmlns:n='u'/>".repeat(count))
        };
        let namespaces = Err("the file has too many namespaces");
        for (what, text, told) in [
            ("deep", "<a>".repeat(201), Err("the file's elements lie too deep")),
            (
                "deep behind comments that seem to end",
                "<a><!--></a>-->".repeat(201),
                Err("the file's elements lie too deep"),
            ),
            ("as deep as may be", "<a>".repeat(200), Ok(())),
            (
                "attributes",
                format!("<a{}/>", many(129, |at| format!(" a{at}=''"))),
                Err("an element of the file has too many attributes"),
            ),
            ("namespaces above each other", nested(129), namespaces),
            ("as many as may be", nested(128), Ok(())),
            ("many below many", beside(&many(127, declared), 5_000), namespaces),
            ("many below few", beside(&many(10, declared), 5_000), Ok(())),
            ("long", " ".repeat(MAX_LENGTH + 1), Err("the file is too long")),
        ] {
            assert_eq!(check(&text), told, "{what}");
        }
    }

    #[test]
    fn work_ends() {
        let work = Work::of(3);
        assert!(work.take(3) && work.is_over() && !work.take(1));
        let work = Work::of(3);
        assert!(!work.take(4) && work.is_over(), "what does not fit leaves nothing");
    }
}
