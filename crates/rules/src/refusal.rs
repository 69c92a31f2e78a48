//! Why a command was refused: a stable code with its rule and parameters, never text.

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing was applied for (APPLY-2).
    NoneSelected,
}
