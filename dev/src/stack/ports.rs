//! Whether a port of the loopback interface is free.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};

/// Checks that `port` can be listened on; `hint` tells how to choose another.
///
/// # Errors
/// One line with the port and the hint when something else has it.
pub(crate) fn ensure_free(port: u16, hint: &str) -> Result<()> {
    if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
        bail!("port {port} is taken by a process that is not of this stack; {hint}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_refused_while_someone_listens_on_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let refusal = ensure_free(port, "choose another").unwrap_err().to_string();
        assert!(refusal.contains(&port.to_string()) && refusal.ends_with("choose another"), "{refusal}");
        drop(listener);
        ensure_free(port, "").unwrap();
    }
}
