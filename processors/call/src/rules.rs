//! What holds at the moment; changes when a bundle is applied.

use std::sync::Arc;

use catalogue::Bundle;
use safety::{BadRule, Engine};

/// What the step reads at the start of every call.
#[derive(Clone)]
pub struct Rules {
    /// Models, regions and prices.
    pub bundle: Arc<Bundle>,
    /// The engine that reviews answers: the same one that judges messages.
    pub filter: Arc<dyn Engine>,
}

impl Rules {
    /// Builds the engine of a bundle.
    ///
    /// # Errors
    /// [`BadRule`] when its words cannot be looked for.
    pub fn new(bundle: Arc<Bundle>) -> Result<Self, BadRule> {
        let filter = bundle.filter.engine()?;
        Ok(Self { bundle, filter })
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("dictionary", &self.filter.dictionary()).finish_non_exhaustive()
    }
}
