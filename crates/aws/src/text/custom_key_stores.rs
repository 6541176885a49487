//! Texts of custom key stores. Sources as in the parent.

/// OWN, UnsupportedOperationException: this server has none.
pub const CUSTOM_KEY_STORES_NOT_SUPPORTED: &str = "Custom key stores are not supported.";

/// OWN, CustomKeyStoreNotFoundException; `store` is the id or the name in the request.
pub fn custom_key_store_not_found(store: &str) -> String {
    format!("Custom key store '{store}' does not exist.")
}
