//! What is said of a render through Resolve.

use crate::plan::Warning;

pub(super) fn warning(message: String) -> Warning {
    Warning::new("resolve", message)
}
