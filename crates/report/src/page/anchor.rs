//! The link beside a heading.

/// A link to an address, to be copied.
pub(super) fn anchor(id: &str) -> String {
    format!("<a class=\"anchor\" href=\"#{id}\" aria-label=\"Address of this section\">#</a>")
}
