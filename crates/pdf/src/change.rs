//! What may be changed after a signature: further signatures and time-stamps in fields that show nothing,
//! the security store, and which program wrote the file last. Whatever else a later revision changes is told.

use std::collections::BTreeSet;

use crate::document::View;
use crate::object::{Dictionary, Object, Reference};
use crate::permissions::Permissions;
use crate::signature::sub_filter;
use crate::store::members;
use crate::usage::Usage;
use crate::xref::Entry;
use crate::{Pdf, PdfError, Signature, SubFilter};

/// What a later revision changes that it may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Changed {
    /// It cannot be read.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// The catalog, beyond form and security store.
    #[error("the file's catalog was changed after it was signed")]
    Catalog,
    /// The form, beyond new signatures that show nothing.
    #[error("the file's form was changed after it was signed")]
    Form,
    /// A security store with something in it that has no place there.
    #[error("the file's security store has something in it that has no place there")]
    Store,
    /// An object of any other kind: a page, its content, an annotation, metadata.
    #[error("object {0} was changed after the file was signed")]
    Object(u32),
    /// An object that may be changed, or is new, but that something else in the file refers to as well.
    #[error("object {0}, which was changed after the file was signed, is used elsewhere in it")]
    Shared(u32),
    /// A further signature, which the signature forbids (DocMDP, FieldMDP).
    #[error("the file was signed again, which the signature does not permit")]
    Forbidden,
    /// Bytes that no section names: another reader may find objects in them.
    #[error("the file has bytes that belong to no object, from byte {0} on")]
    Unnamed(usize),
}

impl Pdf {
    /// Checks that what follows the revision that a signature covers changes nothing of what it covers.
    ///
    /// # Errors
    /// The first [`Changed`].
    pub fn check_changes_after(&self, signature: &Signature) -> Result<(), Changed> {
        let sections = self.revisions.iter().map(|revision| revision.section).collect();
        (signature.revision..self.last()).try_for_each(|index| {
            check(self.at(index), self.at(index + 1), &sections, &signature.permissions)
        })
    }
}

/// Compares a revision with the one before.
fn check(
    before: View<'_>,
    after: View<'_>,
    sections: &BTreeSet<usize>,
    permissions: &Permissions,
) -> Result<(), Changed> {
    check_body(before, after)?;
    let mut allowed = BTreeSet::new();
    let ((root, old), (same_root, new)) = (before.catalog()?, after.catalog()?);
    if root != same_root || !is_same_but(&old, &new, &["AcroForm", "DSS", "Extensions", "Version"])
    {
        return Err(Changed::Catalog);
    }
    let widgets = check_form(before, after, (&old, &new), permissions, &mut allowed)?;
    check_store(before, after, (&old, &new), &mut allowed)?;
    check_information(before, after, &mut allowed)?;
    // Of these nothing is changed that shows, whoever refers to them.
    let open = check_pages(before, after, &widgets, &mut allowed)?;
    // What the catalog may say anew shows nothing there, but may elsewhere.
    allowed.insert(root.number);
    let mut usage = None;
    for (number, entry) in &after.revision.changed {
        if *number == 0 || open.contains(number) {
            continue;
        }
        let reference = Reference { number: *number, generation: 0 };
        let is_new = is_new(before, reference);
        if !allowed.contains(number) && !is_container(before, after, *number)? {
            if !is_new || *entry != Entry::Free {
                return Err(Changed::Object(*number));
            }
            continue;
        }
        let usage = match &usage {
            Some(usage) => usage,
            None => usage.insert(Usage::of(before, sections)?),
        };
        // What is there already is referred to where it may be changed, what is new nowhere yet; the catalog
        // by sections alone.
        let known = usize::from(!is_new && *number != root.number);
        if usage.times(*number) > known {
            return Err(Changed::Shared(*number));
        }
    }
    Ok(())
}

/// What a revision appends are its objects and its section: nothing else, that a reader who looks for objects
/// by themselves would find.
fn check_body(before: View<'_>, after: View<'_>) -> Result<(), Changed> {
    let section = after.revision.section;
    let mut objects: Vec<_> = after
        .revision
        .changed
        .iter()
        .filter_map(|(&number, entry)| match *entry {
            Entry::At { offset, generation } if offset != section => {
                Some((offset, Reference { number, generation }))
            }
            _ => None,
        })
        .collect();
    objects.sort();
    let mut end = before.revision.end;
    let is_white = |from: usize, to: usize| {
        let between = after.bytes(from..to);
        between.is_some_and(|bytes| bytes.iter().all(|byte| b"\0\t\n\x0C\r ".contains(byte)))
    };
    for (offset, reference) in objects {
        if !is_white(end, offset) {
            return Err(Changed::Unnamed(end));
        }
        end = after.object_and_end(reference, offset)?.1;
    }
    if is_white(end, section) { Ok(()) } else { Err(Changed::Unnamed(end)) }
}

/// Whether two dictionaries are the same but for some keys.
fn is_same_but(old: &Dictionary, new: &Dictionary, keys: &[&str]) -> bool {
    let fixed = |dictionary: &Dictionary| -> Dictionary {
        let kept =
            dictionary.iter().filter(|(key, _)| !keys.iter().any(|but| but.as_bytes() == *key));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    fixed(old) == fixed(new)
}

/// The form may have gained fields of signatures. Gives the new ones.
fn check_form(
    before: View<'_>,
    after: View<'_>,
    (old, new): (&Dictionary, &Dictionary),
    permissions: &Permissions,
    allowed: &mut BTreeSet<u32>,
) -> Result<Vec<Reference>, Changed> {
    let (old_form, new_form) = (before.value(old, "AcroForm")?, after.value(new, "AcroForm")?);
    if [&old_form, &new_form].iter().any(|form| matches!(form, Object::Stream(..))) {
        return Err(Changed::Form);
    }
    let nothing = Dictionary::new();
    let old_form = old_form.dictionary().unwrap_or(&nothing);
    let new_form = new_form.dictionary().unwrap_or(&nothing);
    if !is_same_but(old_form, new_form, &["Fields", "SigFlags"]) {
        return Err(Changed::Form);
    }
    let (old_fields, new_fields) =
        (before.value(old_form, "Fields")?, after.value(new_form, "Fields")?);
    let added = added(&old_fields, &new_fields).ok_or(Changed::Form)?;
    allow(before, old.get(&b"AcroForm"[..]), new.get(&b"AcroForm"[..]), allowed)?;
    allow(before, old_form.get(&b"Fields"[..]), new_form.get(&b"Fields"[..]), allowed)?;
    for field in &added {
        let new = invisible_signature(after, *field)?.ok_or(Changed::Form)?;
        if !new.is_time_stamp && !permissions.permits(&new.name) {
            return Err(Changed::Forbidden);
        }
        for reference in [*field, new.value] {
            if !is_new(before, reference) {
                return Err(Changed::Form);
            }
            allowed.insert(reference.number);
        }
    }
    Ok(added)
}

/// What an array has behind all that it had before; `None` if that is not all that changed.
fn added(old: &Object, new: &Object) -> Option<Vec<Reference>> {
    let (old, new) = (old.array().unwrap_or_default(), new.array().unwrap_or_default());
    let behind = new.strip_prefix(old)?;
    behind.iter().map(Object::reference).collect()
}

/// Allows that an object is changed that was and is the value of a key, or is a new one.
fn allow(
    before: View<'_>,
    old: Option<&Object>,
    new: Option<&Object>,
    allowed: &mut BTreeSet<u32>,
) -> Result<(), Changed> {
    let Some(reference) = new.and_then(Object::reference) else { return Ok(()) };
    let was_it = old.and_then(Object::reference) == Some(reference);
    if !was_it && !is_new(before, reference) {
        return Err(Changed::Form);
    }
    allowed.insert(reference.number);
    Ok(())
}

fn is_new(before: View<'_>, reference: Reference) -> bool {
    matches!(before.revision.table.get(&reference.number), None | Some(Entry::Free))
}

/// A further signature, by its field.
struct Further {
    name: Vec<u8>,
    value: Reference,
    is_time_stamp: bool,
}

/// What stands in a field that is a signature's and shows nothing: no rectangle, no appearance, no action.
fn invisible_signature(view: View<'_>, field: Reference) -> Result<Option<Further>, PdfError> {
    const KEYS: [&[u8]; 9] = [b"F", b"FT", b"Ff", b"P", b"Rect", b"Subtype", b"T", b"Type", b"V"];
    const VALUES: [&str; 2] = ["Sig", "DocTimeStamp"];
    let object = view.object(field)?;
    let Object::Dictionary(field) = object else { return Ok(None) };
    let is_empty = match view.value(&field, "Rect")? {
        Object::Null => true,
        rectangle => rectangle.array().is_some_and(|corners| {
            let zero = Object::Integer(0);
            corners.len() == 4 && corners.iter().all(|corner| *corner == zero)
        }),
    };
    let known = field.keys().all(|key| KEYS.contains(&key.as_slice()));
    let is_signature = field.get(&b"FT"[..]).is_some_and(|kind| kind.is_name("Sig"));
    let Some(value) = field.get(&b"V"[..]).and_then(Object::reference) else { return Ok(None) };
    let signature = view.object(value)?;
    let dictionary = signature.dictionary();
    let kind = dictionary.and_then(|signature| signature.get(&b"Type"[..]));
    let of_kind = kind.is_none_or(|kind| VALUES.iter().any(|known| kind.is_name(known)));
    // By what it is judged as: a signature may call itself anything.
    let is_time_stamp = dictionary.and_then(sub_filter) == Some(SubFilter::TimeStamp);
    let name = view.value(&field, "T")?;
    let name = name.string().unwrap_or_default().to_vec();
    let fits = is_empty && known && is_signature && of_kind;
    Ok(fits.then_some(Further { name, value, is_time_stamp }))
}

/// The store may be new, or have gained members.
fn check_store(
    before: View<'_>,
    after: View<'_>,
    (old, new): (&Dictionary, &Dictionary),
    allowed: &mut BTreeSet<u32>,
) -> Result<(), Changed> {
    let Some(store) = new.get(&b"DSS"[..]) else {
        return if old.contains_key(&b"DSS"[..]) { Err(Changed::Store) } else { Ok(()) };
    };
    let had = match old.get(&b"DSS"[..]) {
        Some(store) => members(before, store)?.ok_or(Changed::Store)?,
        None => BTreeSet::new(),
    };
    for member in members(after, store)?.ok_or(Changed::Store)? {
        if !is_new(before, member) && !had.contains(&member) {
            return Err(Changed::Store);
        }
        // A stream that was there stays as it was.
        let is_stream =
            |view: View<'_>| Ok::<_, PdfError>(matches!(view.object(member)?, Object::Stream(..)));
        if is_new(before, member) || (!is_stream(before)? && !is_stream(after)?) {
            allowed.insert(member.number);
        }
    }
    Ok(())
}

/// A page may have gained the widgets of new fields. Gives the pages that did.
fn check_pages(
    before: View<'_>,
    after: View<'_>,
    widgets: &[Reference],
    allowed: &mut BTreeSet<u32>,
) -> Result<BTreeSet<u32>, Changed> {
    let mut pages = BTreeSet::new();
    for widget in widgets {
        let field = after.object(*widget)?;
        let page = field.dictionary().and_then(|field| field.get(&b"P"[..]));
        let Some(page) = page.and_then(Object::reference) else { continue };
        let (old, new) = (before.object(page)?, after.object(page)?);
        let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else {
            return Err(Changed::Object(page.number));
        };
        let is_page = new.get(&b"Type"[..]).is_some_and(|kind| kind.is_name("Page"));
        let annotations = (before.value(old, "Annots")?, after.value(new, "Annots")?);
        let gained = added(&annotations.0, &annotations.1);
        let only_widgets =
            gained.is_some_and(|gained| gained.iter().all(|each| widgets.contains(each)));
        if !is_page || !is_same_but(old, new, &["Annots"]) || !only_widgets {
            return Err(Changed::Object(page.number));
        }
        allow(before, old.get(&b"Annots"[..]), new.get(&b"Annots"[..]), allowed)?;
        pages.insert(page.number);
    }
    Ok(pages)
}

/// The information dictionary may say anew by which program the file was written last, and when.
fn check_information(
    before: View<'_>,
    after: View<'_>,
    allowed: &mut BTreeSet<u32>,
) -> Result<(), Changed> {
    const WRITER: [&str; 2] = ["ModDate", "Producer"];
    let (old, new) = (&before.revision.trailer, &after.revision.trailer);
    let reference = match new.get(&b"Info"[..]) {
        None => return Ok(()),
        same if same == old.get(&b"Info"[..]) && same.and_then(Object::reference).is_none() => {
            return Ok(());
        }
        Some(Object::Reference(reference)) => *reference,
        Some(_) => return Err(Changed::Catalog),
    };
    let (old_value, new_value) = (before.value(old, "Info")?, after.object(reference)?);
    let nothing = Dictionary::new();
    let said = new_value.dictionary().ok_or(Changed::Object(reference.number))?;
    let is_text = |key: &str| said.get(key.as_bytes()).is_none_or(|it| it.string().is_some());
    if is_same_but(old_value.dictionary().unwrap_or(&nothing), said, &WRITER)
        && WRITER.iter().all(|key| is_text(key))
    {
        allow(before, old.get(&b"Info"[..]), new.get(&b"Info"[..]), allowed)
    } else {
        Err(Changed::Object(reference.number))
    }
}

/// A new stream that holds objects or the section itself.
fn is_container(before: View<'_>, after: View<'_>, number: u32) -> Result<bool, PdfError> {
    let reference = Reference { number, generation: 0 };
    if !is_new(before, reference) {
        return Ok(false);
    }
    let Object::Stream(dictionary, _) = after.object(reference)? else { return Ok(false) };
    let kind = dictionary.get(&b"Type"[..]);
    let is_kind = kind.is_some_and(|kind| kind.is_name("ObjStm") || kind.is_name("XRef"));
    // One that is a form or an image as well can be shown.
    Ok(is_kind && !dictionary.contains_key(&b"Subtype"[..]))
}
