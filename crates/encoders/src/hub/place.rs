//! Where models are kept, and whom to ask for those that are not there.

use std::fmt;
use std::path::PathBuf;

/// Where models are kept, and whom to ask for those that are not there. [`Hub::from_variables`] makes one of `HF_HOME`
/// and its related classes.
#[derive(Clone)]
pub struct Hub {
    /// The folder of all models, `~/.cache/huggingface/hub` by custom.
    pub cache: PathBuf,
    /// The hub or a mirror of it, without a slash at the end: `https://huggingface.co`.
    pub endpoint: String,
    /// Who is asking; models that are private or gated want to know. It is sent to the endpoint alone.
    pub token: Option<String>,
    /// Whether the network must not be used at all.
    pub offline: bool,
    /// The proxy to go through, as a URL.
    pub proxy: Option<String>,
}

/// The token and the proxy (which may hold a password) are nobody's business.
impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("cache", &self.cache)
            .field("endpoint", &self.endpoint)
            .field("token", &self.token.as_ref().map(|_| "..."))
            .field("offline", &self.offline)
            .field("proxy", &self.proxy.as_ref().map(|_| "..."))
            .finish()
    }
}
