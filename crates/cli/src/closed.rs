//! Whether standard output was closed when the program started (`wsac .. >&-`). Rust opens /dev/null in its place before
//! `main`, and all results would be lost with exit code 0; so this checks before Rust does.

/// Whether it was closed.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn stdout_was() -> bool {
    before_main::CLOSED.load(std::sync::atomic::Ordering::Relaxed)
}

/// Whether it was closed: unknown on this system.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn stdout_was() -> bool {
    false
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod before_main {
    use std::sync::atomic::{AtomicBool, Ordering};

    pub static CLOSED: AtomicBool = AtomicBool::new(false);

    // SAFETY: the section lists functions without arguments that are called before `main`.
    #[used]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: only queries flags; the descriptor need not be open for that.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        CLOSED.store(flags == -1, Ordering::Relaxed);
    }
}
