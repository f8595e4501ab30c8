//! The address of a server, and the headers of every request to it.

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::vendor::Vendor;

/// The error of an address that paths can't be appended to.
pub(super) const NO_END: &str = "contains a ? or a #, but paths are appended to it";

/// A base URL: paths are appended to its path, and its query is part of every request.
#[derive(Clone, Debug)]
pub(super) struct Address {
    base: Url,
}

impl Address {
    /// Reads a base URL.
    ///
    /// # Errors
    /// What is wrong with it, without a subject and without quoting it.
    pub(super) fn read(base: &str) -> Result<Self, &'static str> {
        let url = Url::parse(base).map_err(|_| "is not a URL such as https://host/path")?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err("is not a URL that begins with https:// or http://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("contains a user or a password, but keys have variables of their own");
        }
        if url.fragment().is_some() {
            return Err(NO_END);
        }
        Ok(Self { base: url })
    }

    /// The address of a path below it.
    pub(super) fn with(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.path()));
        url
    }

    /// Its own path, without a slash at the end.
    pub(super) fn path(&self) -> &str {
        self.base.path().trim_end_matches('/')
    }

    /// Its host, with the port if it names one.
    pub(super) fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it has a query.
    pub(super) fn has_query(&self) -> bool {
        self.base.query().is_some()
    }

    /// Whether it is one of Azure's older addresses, which have a header of their own for keys.
    fn is_azures(&self) -> bool {
        self.base.query_pairs().any(|(name, _)| name == "api-version")
    }

    /// The headers of every request.
    pub(super) fn headers(&self, vendor: Vendor, key: Option<&SecretString>) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if vendor == Vendor::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        let Some(key) = key.map(ExposeSecret::expose_secret) else { return Ok(headers) };
        let value = |text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| {
                format!("{} contains a character that is invalid in a key, such as a line break", vendor.key_variable())
            })?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        };
        match vendor {
            Vendor::Anthropic => headers.insert(HeaderName::from_static("x-api-key"), value(key)?),
            Vendor::OpenAi if self.is_azures() => headers.insert(HeaderName::from_static("api-key"), value(key)?),
            Vendor::OpenAi => headers.insert(AUTHORIZATION, value(&format!("Bearer {key}"))?),
        };
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_before_the_query() {
        let of = |base: &str| Address::read(base).expect("an address").with("/chat/completions").to_string();
        assert_eq!(of("http://h/v1/"), "http://h/v1/chat/completions");
        assert_eq!(of("http://h:8/"), "http://h:8/chat/completions");
        assert_eq!(
            of("https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21"),
            "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21"
        );
    }
}
