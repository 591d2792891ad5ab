//! What holds at the moment; changes when a bundle is applied.

use std::sync::Arc;

use catalogue::{Bundle, Engines};

/// What the step reads at the start of every call.
#[derive(Clone)]
pub struct Rules {
    /// Models, regions and prices.
    pub bundle: Arc<Bundle>,
    /// The engines that review answers: the same ones that judge messages.
    pub engines: Arc<Engines>,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("dictionary", &self.engines.shared().dictionary())
            .finish_non_exhaustive()
    }
}
