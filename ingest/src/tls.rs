//! HTTPS: certificate and key from PEM files.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error as RustlsError, ServerConfig};

use crate::config::{RawTls, TlsFiles};

/// HTTPS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing, unreadable or no PEM.
    #[error("read {what} from {path}")]
    File {
        /// What should have been in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: PemError,
    },
    /// The file holds no certificate.
    #[error("read certificates from {0}: it holds none")]
    NoCertificate(PathBuf),
    /// Certificate and key do not fit together.
    #[error("use certificate and key for tls")]
    Mismatch(#[source] RustlsError),
}

impl TlsError {
    /// Its name in logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::NoCertificate(_) => "no_certificate",
            Self::Mismatch(_) => "mismatch",
        }
    }
}

/// Reads the files as the server does at start, to check them.
///
/// # Errors
/// [`TlsError`] when they do not make a server.
pub fn check_tls(raw: &RawTls) -> Result<(), TlsError> {
    acceptor(&TlsFiles { certificates: raw.cert_file.clone(), key: raw.key_file.clone() }).map(drop)
}

/// Reads the files.
///
/// # Errors
/// [`TlsError`] when they do not make a server.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(&files.certificates).and_then(Iterator::collect).map_err(|source| {
            TlsError::File { what: "certificates", path: files.certificates.clone(), source }
        })?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(files.certificates.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|source| TlsError::File {
        what: "private key",
        path: files.key.clone(),
        source,
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
