//! Why a pickle cannot be read: the reasons that errors give.

/// Why a pickle cannot be read.
pub(in super::super) type Fault = String;
pub(super) type Result<T> = std::result::Result<T, Fault>;

pub(super) fn damaged() -> Fault {
    "holds a pickle that is damaged".into()
}

pub(super) fn short() -> Fault {
    "is cut short: it ends within its pickle; download it again".into()
}
