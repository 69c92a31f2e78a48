//! Canonical XML 1.0 and 1.1, and Exclusive XML Canonicalization 1.0, with or without comments: of a whole
//! document or of one element, in both cases without one element if that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Attribute, Node, NodeType};

use super::limits::Work;

/// The namespace that `xml:` stands for everywhere.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Most prefixes in a list of those that the exclusive form treats as the inclusive one does.
const MAX_PREFIXES: usize = 64;

/// What looking at one namespace counts for, in bytes that are written.
const LOOK: usize = 8;

/// A way to write XML so that what is the same is the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Canonical {
    is_exclusive: bool,
    has_comments: bool,
    /// Of version 1.1: what an element inherits does not include `xml:id`.
    is_1_1: bool,
    /// Prefixes that the exclusive form treats as the inclusive one does; the empty one is the default.
    inclusive: BTreeSet<String>,
}

impl Canonical {
    /// What is taken where no way is named (XMLDSig §4.4.3.2).
    pub(super) fn default_for_references() -> Self {
        Self { is_exclusive: false, has_comments: false, is_1_1: false, inclusive: BTreeSet::new() }
    }

    /// By its identifier, with the element that names it, which may list prefixes.
    pub(super) fn read(algorithm: &str, named_by: Node<'_, '_>) -> Option<Self> {
        let (is_exclusive, is_1_1, has_comments) = match algorithm {
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => (false, false, false),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" => (false, false, true),
            "http://www.w3.org/2006/12/xml-c14n11" => (false, true, false),
            "http://www.w3.org/2006/12/xml-c14n11#WithComments" => (false, true, true),
            "http://www.w3.org/2001/10/xml-exc-c14n#" => (true, false, false),
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => (true, false, true),
            _ => return None,
        };
        let lists =
            named_by.children().filter(|child| child.tag_name().name() == "InclusiveNamespaces");
        let prefixes = lists.filter_map(|list| list.attribute("PrefixList"));
        let prefixes = prefixes.flat_map(str::split_ascii_whitespace);
        let inclusive = prefixes.map(|prefix| match prefix {
            "#default" => String::new(),
            prefix => prefix.to_owned(),
        });
        let inclusive: BTreeSet<_> = inclusive.take(MAX_PREFIXES + 1).collect();
        let fits = inclusive.len() <= MAX_PREFIXES;
        fits.then_some(Self { is_exclusive, has_comments, is_1_1, inclusive })
    }

    /// The same without comments: references to a document or to an element by its name leave them out.
    pub(super) fn without_comments(self) -> Self {
        Self { has_comments: false, ..self }
    }

    /// Writes a document or an element, without another one in it.
    ///
    /// # Errors
    /// It takes more work than is left.
    pub(super) fn write(
        &self,
        apex: Node<'_, '_>,
        without: Option<Node<'_, '_>>,
        work: &Work,
    ) -> Result<Vec<u8>, &'static str> {
        let mut writer = Writer { form: self, without, work, out: Vec::new() };
        if apex.is_root() {
            writer.document(apex);
        } else {
            writer.node(apex, &Namespaces::new(), true);
        }
        if work.is_over() {
            return Err("the canonical forms of what is signed take too much work");
        }
        Ok(writer.out)
    }
}

/// Prefixes and what they stand for.
type Namespaces<'n> = BTreeMap<&'n str, &'n str>;

struct Writer<'a, 'input> {
    form: &'a Canonical,
    without: Option<Node<'a, 'input>>,
    work: &'a Work,
    out: Vec<u8>,
}

impl Writer<'_, '_> {
    /// What stands outside of the root element stands on lines of its own.
    fn document(&mut self, root: Node<'_, '_>) {
        let mut is_behind = false;
        for child in root.children() {
            if child.is_element() {
                self.node(child, &Namespaces::new(), true);
                is_behind = true;
            } else if child.is_pi() || (child.is_comment() && self.form.has_comments) {
                if is_behind {
                    self.out.push(b'\n');
                }
                self.node(child, &Namespaces::new(), false);
                if !is_behind {
                    self.out.push(b'\n');
                }
            }
        }
    }

    /// Writes a node; `rendered`: the namespaces that the elements above have written.
    fn node<'n>(&mut self, node: Node<'n, '_>, rendered: &Namespaces<'n>, is_apex: bool) {
        if self.without.is_some_and(|without| without == node) || self.work.is_over() {
            return;
        }
        match node.node_type() {
            NodeType::Element => self.element(node, rendered, is_apex),
            NodeType::Text => self.text(node.text().unwrap_or_default()),
            NodeType::PI => {
                if let Some(instruction) = node.pi() {
                    self.put("<?");
                    self.put(instruction.target);
                    if let Some(value) = instruction.value {
                        self.put(" ");
                        self.put(value);
                    }
                    self.put("?>");
                }
            }
            NodeType::Comment if self.form.has_comments => {
                self.put("<!--");
                self.put(node.text().unwrap_or_default());
                self.put("-->");
            }
            NodeType::Comment | NodeType::Root => {}
        }
    }

    fn element<'n>(&mut self, element: Node<'n, '_>, above: &Namespaces<'n>, is_apex: bool) {
        let name = qualified_name(element);
        self.put("<");
        self.put(name);
        let own = self.to_render(element, name, above);
        for (prefix, uri) in &own {
            match *prefix {
                "" => self.put(" xmlns=\""),
                prefix => {
                    self.put(" xmlns:");
                    self.put(prefix);
                    self.put("=\"");
                }
            }
            self.value(uri);
            self.put("\"");
        }
        let with_own: Namespaces<'n>;
        let rendered = if own.is_empty() {
            above
        } else {
            with_own = above.iter().chain(&own).map(|(prefix, uri)| (*prefix, *uri)).collect();
            &with_own
        };
        let mut attributes: Vec<_> = element.attributes().map(|each| (each, element)).collect();
        if is_apex && !self.form.is_exclusive {
            attributes.extend(self.inherited(element));
        }
        attributes.sort_by_key(|(each, _)| (each.namespace().unwrap_or_default(), each.name()));
        for (attribute, _) in attributes {
            self.put(" ");
            self.put(attribute_name(element, &attribute));
            self.put("=\"");
            self.value(attribute.value());
            self.put("\"");
        }
        self.put(">");
        for child in element.children() {
            self.node(child, rendered, false);
        }
        self.put("</");
        self.put(name);
        self.put(">");
    }

    /// The namespaces that an element writes: those that differ from what stands above it, in the exclusive
    /// form of the prefixes alone that it uses.
    fn to_render<'n>(
        &self,
        element: Node<'n, '_>,
        name: &str,
        above: &Namespaces<'n>,
    ) -> Namespaces<'n> {
        self.work.take(element.namespaces().len() * LOOK);
        let attributes = element.attributes().filter(|each| each.namespace().is_some());
        let mut used: BTreeSet<&str> =
            attributes.map(|each| prefix_of(attribute_name(element, &each))).collect();
        used.insert(prefix_of(name));
        let is_written = |prefix: &str| {
            !self.form.is_exclusive || used.contains(prefix) || self.form.inclusive.contains(prefix)
        };
        let in_scope =
            element.namespaces().map(|each| (each.name().unwrap_or_default(), each.uri()));
        let in_scope: Namespaces<'n> = in_scope.filter(|(prefix, _)| *prefix != "xml").collect();
        // No default namespace is what there is without a word.
        let bare = (!in_scope.contains_key("")).then_some(("", ""));
        let all = in_scope.into_iter().chain(bare);
        let to_render = all.filter(|(prefix, uri)| {
            let before = above.get(prefix).copied().unwrap_or_default();
            let differs = before != *uri || (!prefix.is_empty() && !above.contains_key(prefix));
            differs && is_written(prefix)
        });
        to_render.collect()
    }

    /// The `xml:` attributes that the inclusive forms take from the elements above the apex, the nearest
    /// first.
    fn inherited<'n, 'input>(
        &self,
        apex: Node<'n, 'input>,
    ) -> Vec<(Attribute<'n, 'input>, Node<'n, 'input>)> {
        let mut found = BTreeMap::new();
        for above in apex.ancestors().skip(1) {
            for attribute in above.attributes().filter(|each| each.namespace() == Some(XML)) {
                let is_own = apex.has_attribute((XML, attribute.name()));
                let stays = self.form.is_1_1 && attribute.name() == "id";
                if !is_own && !stays {
                    found.entry(attribute.name()).or_insert((attribute, above));
                }
            }
        }
        found.into_values().collect()
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.put("&amp;"),
                '<' => self.put("&lt;"),
                '>' => self.put("&gt;"),
                '\r' => self.put("&#xD;"),
                other => self.put(other.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn value(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '&' => self.put("&amp;"),
                '<' => self.put("&lt;"),
                '"' => self.put("&quot;"),
                '\t' => self.put("&#x9;"),
                '\n' => self.put("&#xA;"),
                '\r' => self.put("&#xD;"),
                other => self.put(other.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn put(&mut self, text: &str) {
        if self.work.take(text.len()) {
            self.out.extend_from_slice(text.as_bytes());
        }
    }
}

/// An element's name as it is written, with its prefix.
fn qualified_name<'input>(element: Node<'_, 'input>) -> &'input str {
    let source = element.document().input_text();
    let text = source.get(element.range()).unwrap_or_default();
    let name = text.strip_prefix('<').unwrap_or_default();
    let end = name.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>');
    name.get(..end.unwrap_or(name.len())).unwrap_or_default()
}

fn attribute_name<'input>(element: Node<'_, 'input>, attribute: &Attribute<'_, '_>) -> &'input str {
    let source = element.document().input_text();
    source.get(attribute.range_qname()).unwrap_or_default()
}

fn prefix_of(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

#[cfg(test)]
mod tests;
