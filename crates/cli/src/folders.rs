//! The user's own folders: `~/.cache/wsac` for reproducible files, `~/.local/share/wsac` for others.

use std::path::PathBuf;

/// `$XDG_CACHE_HOME/wsac`, else `~/.cache/wsac`.
pub fn cache() -> Option<PathBuf> {
    folder("XDG_CACHE_HOME", ".cache")
}

/// `$XDG_DATA_HOME/wsac`, else `~/.local/share/wsac`.
pub fn data() -> Option<PathBuf> {
    folder("XDG_DATA_HOME", ".local/share")
}

fn folder(variable: &str, of_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(of_home));
    Some(
        named
            .filter(|f| f.is_absolute())
            .or_else(home)?
            .join("wsac"),
    )
}
