//! The sections of the steps, checked against the names of a bundle and against one another; nothing is connected to.

use std::net::SocketAddr;
use std::path::Path;

use catalogue::Bundle;
use common::Problem;
use ingest::{RawIngest, TlsError};

use super::deployment::problem;
use super::files;

/// The sections that are there.
pub(super) struct Steps<'a> {
    pub(super) admin: Option<SocketAddr>,
    pub(super) ingest: Option<&'a RawIngest>,
    pub(super) call: Option<&'a call::RawCall>,
    pub(super) deliver: Option<&'a deliver::RawDeliver>,
    pub(super) account: Option<&'a account::RawAccount>,
    pub(super) shadow: Option<&'a replay::mirror::RawShadow>,
    pub(super) replay: Option<&'a replay::config::RawReplay>,
    /// The folder that the file stands in.
    pub(super) folder: &'a Path,
}

impl Steps<'_> {
    /// Everything that is wrong with them.
    pub(super) fn problems(&self, bundle: &Bundle) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(raw) = self.ingest {
            problems.extend(ingest::validate(raw, bundle).err().unwrap_or_default());
            problems.extend(self.admin.and_then(|admin| listeners(raw.listen, admin)));
            problems.extend(tls(raw));
        }
        if let Some(raw) = self.call {
            problems.extend(call::validate(raw, bundle).err().unwrap_or_default());
        }
        if let Some(raw) = self.deliver {
            problems.extend(deliver::validate(raw, bundle).err().unwrap_or_default());
        }
        if let Some(raw) = self.account {
            problems.extend(account::validate(raw).err().unwrap_or_default());
        }
        if let Some(raw) = self.shadow {
            problems.extend(replay::mirror::validate(raw).err().unwrap_or_default());
        }
        if let Some(raw) = self.replay {
            let read = |name: &str| files::beside(self.folder, name);
            problems.extend(replay::config::validate(raw, bundle, read).err().unwrap_or_default());
        }
        problems
    }
}

/// Two servers of one process cannot listen at one place.
pub(super) fn listeners(ingest: SocketAddr, admin: SocketAddr) -> Option<Problem> {
    let everywhere = ingest.ip().is_unspecified() || admin.ip().is_unspecified();
    let meet =
        ingest.port() == admin.port() && ingest.port() != 0 && (everywhere || ingest.ip() == admin.ip());
    meet.then(|| {
        problem(
            "ingest",
            format!("listen {ingest} is where [admin] listens, too: each needs a port of its own"),
        )
    })
}

/// Certificate and key are read as a start would.
fn tls(raw: &RawIngest) -> Option<Problem> {
    let raw = raw.tls.as_ref()?;
    let error = ingest::check_tls(raw).err()?;
    let key = match &error {
        TlsError::File { path, .. } | TlsError::NoCertificate(path) if *path == raw.cert_file => "cert_file",
        TlsError::File { .. } | TlsError::NoCertificate(_) | TlsError::Mismatch(_) => "key_file",
    };
    Some(problem("ingest.tls", format!("{key}: {:#}", anyhow::Error::from(error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_at_one_place_are_told() {
        let at =
            |ingest: &str, admin: &str| listeners(ingest.parse().unwrap(), admin.parse().unwrap()).is_some();
        for (ingest, admin) in [
            ("0.0.0.0:9600", "127.0.0.1:9600"),
            ("127.0.0.1:9600", "127.0.0.1:9600"),
            ("[::]:9600", "127.0.0.1:9600"),
            ("10.0.0.1:80", "0.0.0.0:80"),
        ] {
            assert!(at(ingest, admin), "{ingest} {admin}");
        }
        for (ingest, admin) in [
            ("0.0.0.0:8700", "0.0.0.0:9600"),
            ("10.0.0.1:9600", "127.0.0.1:9600"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert!(!at(ingest, admin), "{ingest} {admin}");
        }
    }
}
