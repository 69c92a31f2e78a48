//! What a signature permits after it: DocMDP and FieldMDP (ISO 32000-2 §12.8.2). Nothing that shows is permitted
//! here in any case; by these a signature can forbid further signatures as well.

use crate::PdfError;
use crate::document::View;
use crate::object::{Dictionary, Object};

/// Which further signatures a signature permits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permissions {
    /// DocMDP with P 1: no change at all but the security store and time-stamps.
    forbids_all: bool,
    /// By FieldMDP.
    locked: Vec<Locked>,
}

/// The fields that one FieldMDP locks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Locked {
    All,
    These(Vec<Vec<u8>>),
    AllBut(Vec<Vec<u8>>),
}

impl Permissions {
    /// Those of a signature's dictionary; `None` if it says something that is not understood.
    pub(crate) fn read(view: View<'_>, signature: &Dictionary) -> Result<Option<Self>, PdfError> {
        let mut permissions = Self::default();
        let references = view.value(signature, "Reference")?;
        for reference in references.array().unwrap_or_default() {
            let reference = view.resolve(reference)?;
            let Some(reference) = reference.dictionary() else { return Ok(None) };
            let parameters = view.value(reference, "TransformParams")?;
            let nothing = Dictionary::new();
            let parameters = parameters.dictionary().unwrap_or(&nothing);
            let method = view.value(reference, "TransformMethod")?;
            if method.is_name("DocMDP") {
                match view.value(parameters, "P")? {
                    Object::Integer(1) => permissions.forbids_all = true,
                    Object::Null | Object::Integer(2 | 3) => {}
                    _ => return Ok(None),
                }
            } else if method.is_name("FieldMDP") {
                let Some(locked) = Locked::read(view, parameters)? else { return Ok(None) };
                permissions.locked.push(locked);
            }
        }
        Ok(Some(permissions))
    }

    /// Whether a further signature may stand in a field of that name.
    pub(crate) fn permits(&self, field: &[u8]) -> bool {
        !self.forbids_all && !self.locked.iter().any(|locked| locked.has(field))
    }
}

impl Locked {
    fn read(view: View<'_>, parameters: &Dictionary) -> Result<Option<Self>, PdfError> {
        let fields = view.value(parameters, "Fields")?;
        let fields = fields.array().unwrap_or_default().iter();
        let names: Option<Vec<_>> = fields.map(|each| Some(each.string()?.to_vec())).collect();
        let action = view.value(parameters, "Action")?;
        let kinds = [
            ("All", Some(Self::All)),
            ("Include", names.clone().map(Self::These)),
            ("Exclude", names.map(Self::AllBut)),
        ];
        let found = kinds.into_iter().find(|(name, _)| action.is_name(name));
        Ok(found.and_then(|(_, locked)| locked))
    }

    /// A name stands for the field and for those within it.
    fn has(&self, field: &[u8]) -> bool {
        let is_named = |names: &[Vec<u8>]| {
            names.iter().any(|name| match field.strip_prefix(name.as_slice()) {
                Some(rest) => rest.is_empty() || rest.starts_with(b"."),
                None => false,
            })
        };
        match self {
            Self::All => true,
            Self::These(names) => is_named(names),
            Self::AllBut(names) => !is_named(names),
        }
    }
}
