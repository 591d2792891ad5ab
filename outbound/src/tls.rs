//! The TLS implementation of the process.

use rustls::crypto::{CryptoProvider, ring};

/// Makes ring the process's TLS provider unless one is installed. [`crate::Client::new`] does it too, since an
/// HTTP client cannot be built without one, even for plain HTTP; call it at start so that everything that uses
/// TLS shares the choice.
pub fn install_tls_provider() {
    if CryptoProvider::get_default().is_none() {
        // Losing this race means that somebody else installed one, which serves as well.
        drop(ring::default_provider().install_default());
    }
}
