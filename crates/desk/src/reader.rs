//! The counter's card reader, as others lend it.

use inrou_api::problem::Problem;
use inrou_chip::transport::Transport;

/// A reader on which residents' cards are put.
pub trait Reader: Send + Sync {
    /// The cards that can be put on it, or lie on it.
    ///
    /// # Errors
    /// What a clerk is told.
    fn cards(&self) -> Result<Vec<String>, Problem>;

    /// Connects to one.
    ///
    /// # Errors
    /// What a clerk is told.
    fn connect(&self, name: &str) -> Result<Box<dyn Transport + Send>, Problem>;
}
