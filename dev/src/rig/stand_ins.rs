//! The stand-ins of Easemob and of the provider, in one process.

use super::easemob::Easemob;
use super::home::Home;
use super::model::Model;
use super::net::Net;
use super::patience::Patience;
use super::process::{Process, program};
use anyhow::Result;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

/// Both stand-ins. Dropping it stops them.
pub struct StandIns {
    /// Orders and questions to Easemob.
    pub easemob: Easemob,
    /// Orders and questions to the provider.
    pub model: Model,
    /// Base address of Easemob's REST API.
    pub easemob_url: String,
    /// Base address of the provider.
    pub model_url: String,
    _process: Process,
}

impl StandIns {
    /// Starts both on free ports, with the values of their template.
    ///
    /// # Errors
    /// When they do not start; the end of their log is told.
    pub fn start(home: &Home, values: &[(&str, String)], net: &Rc<Net>, patience: &Patience) -> Result<Self> {
        let config = home.configure("simulators.toml", "simulators.toml", values)?;
        Self::start_with(home, &config, net, patience)
    }

    /// Starts both by a configuration file.
    ///
    /// # Errors
    /// As [`StandIns::start`].
    pub fn start_with(home: &Home, config: &Path, net: &Rc<Net>, patience: &Patience) -> Result<Self> {
        let mut command = Command::new(program("simulators")?);
        command.args(["run", "--config"]).arg(config);
        let mut process = Process::start(home.service("stand-ins")?, &mut command)?;
        let mut address = |who: &str| {
            patience.until(&format!("the stand-in {who}"), Duration::from_secs(20), || {
                process.check()?;
                Ok(announced(&process.output()?, who))
            })
        };
        let (easemob_url, model_url) = (address("easemob")?, address("model")?);
        Ok(Self {
            easemob: Easemob::new(Rc::clone(net), easemob_url.clone()),
            model: Model::new(Rc::clone(net), model_url.clone()),
            easemob_url,
            model_url,
            _process: process,
        })
    }
}

/// The address in the line `ready <who> <address>`, once it was written whole.
fn announced(output: &str, who: &str) -> Option<String> {
    let whole = output.rsplit_once('\n')?.0;
    let line = whole.lines().find_map(|line| line.strip_prefix("ready ")?.strip_prefix(who))?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::announced;

    #[test]
    fn an_address_is_read_only_from_a_whole_line() {
        let output = "noise\nready easemob http://127.0.0.1:1\nready model http://127.0.";
        assert_eq!(announced(output, "easemob").as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(announced(output, "model"), None);
    }
}
