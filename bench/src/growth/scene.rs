//! What every measurement needs.

use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::Borrowed;
use std::rc::Rc;

/// The HTTP client, the wait that Ctrl-C ends, and the stack.
pub(super) struct Scene {
    pub(super) net: Rc<Net>,
    pub(super) patience: Patience,
    pub(super) stack: Borrowed,
}
