//! The variables that everything around Hugging Face obeys -> [`Hub`]. Reads no environment itself: a closure looks up.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::place::Hub;

/// The hub itself.
const ENDPOINT: &str = "https://huggingface.co";

/// Whether a variable's value means yes, as `huggingface_hub` has it.
pub fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].contains(&value.to_lowercase().as_str())
}

impl Hub {
    /// The hub that the variables describe, each of which `look` gives by name: `HF_HOME`, `HF_HUB_CACHE` (in old days
    /// `HUGGINGFACE_HUB_CACHE`), `XDG_CACHE_HOME`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`, and
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` in either case. An empty one is as good as none.
    /// Reads the file of the token where there is one.
    pub fn from_variables(look: impl Fn(&str) -> Option<OsString>) -> Self {
        let some = |name: &str| look(name).filter(|value| !value.is_empty());
        let text = |name: &str| some(name).and_then(|value| value.into_string().ok());
        let user = some("HOME")
            .or_else(|| some("USERPROFILE"))
            .map(PathBuf::from);
        let path = |name: &str| some(name).map(|value| expand(value.into(), user.as_deref()));

        let caches = path("XDG_CACHE_HOME")
            .unwrap_or_else(|| user.clone().unwrap_or_default().join(".cache"));
        let home = path("HF_HOME").unwrap_or_else(|| caches.join("huggingface"));
        let cache = path("HF_HUB_CACHE")
            .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
            .unwrap_or_else(|| home.join("hub"));
        let token = text("HF_TOKEN").or_else(|| {
            let file = path("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
            fs::read_to_string(file).ok()
        });
        let token = token.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.into());
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let offline = text("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value));

        let either = |name: &str| text(name).or_else(|| text(&name.to_lowercase()));
        let scheme = if endpoint.starts_with("http://") {
            "HTTP_PROXY"
        } else {
            "HTTPS_PROXY"
        };
        let without = either("NO_PROXY").unwrap_or_default();
        let proxy = either(scheme)
            .or_else(|| either("ALL_PROXY"))
            .filter(|_| !goes_direct(host(&endpoint), &without));
        Self {
            cache,
            endpoint,
            token,
            offline,
            proxy,
        }
    }
}

/// `~` and `~/...` are the user's home, as Python has it.
fn expand(path: PathBuf, user: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), user) {
        (Ok(rest), Some(user)) => user.join(rest),
        _ => path,
    }
}

/// The host of `endpoint`, without scheme, port and path.
fn host(endpoint: &str) -> &str {
    let rest = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    if let Some((inside, _)) = authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        return inside;
    }
    authority.split(':').next().unwrap_or(authority)
}

/// Whether `host` is this computer, or one that the list `without` (as in `NO_PROXY`) keeps from the proxy.
fn goes_direct(host: &str, without: &str) -> bool {
    let is_self = host == "localhost" || host.starts_with("127.") || host == "::1";
    is_self
        || without.split(',').map(str::trim).any(|rule| {
            let rule = rule.trim_start_matches('*').trim_start_matches('.');
            let below = || {
                host.strip_suffix(rule)
                    .is_some_and(|rest| rest.ends_with('.'))
            };
            host == rule || !rule.is_empty() && below()
        })
        || without.split(',').any(|rule| rule.trim() == "*")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hub(variables: &[(&str, &str)]) -> Hub {
        Hub::from_variables(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_cache_is_where_python_has_it() {
        for (variables, cache) in [
            (&[("HOME", "/u")][..], "/u/.cache/huggingface/hub"),
            (
                &[("HOME", "/u"), ("XDG_CACHE_HOME", "/x")],
                "/x/huggingface/hub",
            ),
            (&[("HOME", "/u"), ("HF_HOME", "~/hf")], "/u/hf/hub"),
            (
                &[("HOME", "/u"), ("HF_HOME", "")],
                "/u/.cache/huggingface/hub",
            ),
            (
                &[("HF_HOME", "/hf"), ("HUGGINGFACE_HUB_CACHE", "/old")],
                "/old",
            ),
            (
                &[("HUGGINGFACE_HUB_CACHE", "/old"), ("HF_HUB_CACHE", "/new")],
                "/new",
            ),
        ] {
            assert_eq!(hub(variables).cache, Path::new(cache), "{variables:?}");
        }
    }

    #[test]
    fn tokens_come_from_a_variable_or_a_file() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("token"), "from home\n").unwrap();
        fs::write(home.path().join("mine"), " mine \n").unwrap();
        let at = home.path().to_str().unwrap();
        let mine = home.path().join("mine");
        let mine = ("HF_TOKEN_PATH", mine.to_str().unwrap());
        assert_eq!(hub(&[("HF_HOME", at)]).token.unwrap(), "from home");
        assert_eq!(hub(&[("HF_HOME", at), mine]).token.unwrap(), "mine");
        let hub = hub(&[("HF_HOME", at), mine, ("HF_TOKEN", "hf_x\n")]);
        assert_eq!(hub.token.as_deref(), Some("hf_x"));
        assert!(!format!("{hub:?}").contains("hf_x"));
    }

    #[test]
    fn mirrors_and_offline() {
        let plain = hub(&[]);
        assert_eq!((plain.endpoint.as_str(), plain.offline), (ENDPOINT, false));
        let hub = hub(&[
            ("HF_ENDPOINT", "https://mirror/hf/"),
            ("HF_HUB_OFFLINE", "Yes"),
        ]);
        assert_eq!(
            (hub.endpoint.as_str(), hub.offline),
            ("https://mirror/hf", true)
        );
    }

    #[test]
    fn proxies_are_for_others_than_this_computer() {
        let proxy = ("https_proxy", "http://proxy:3128");
        assert_eq!(hub(&[proxy]).proxy.unwrap(), proxy.1);
        assert_eq!(hub(&[("ALL_PROXY", proxy.1)]).proxy.unwrap(), proxy.1);
        assert_eq!(hub(&[("http_proxy", proxy.1)]).proxy, None);
        for endpoint in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:1/x",
        ] {
            let hub = hub(&[("HTTP_PROXY", proxy.1), ("HF_ENDPOINT", endpoint)]);
            assert_eq!(hub.proxy, None, "{endpoint}");
        }
        for (without, direct) in [
            ("*", true),
            ("huggingface.co", true),
            (".co", true),
            ("a.b, *.co", true),
            ("face.co", false),
            ("", false),
            ("x.huggingface.co", false),
        ] {
            let hub = hub(&[proxy, ("NO_PROXY", without)]);
            assert_eq!(hub.proxy.is_none(), direct, "{without}");
        }
    }
}
