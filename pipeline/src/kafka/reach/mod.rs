//! Whether Kafka can be reached, and if not: which broker, resolved to what, and why.
//!
//! librdkafka goes on by itself whatever happens and says the same of every cause, so the causes are looked for here: names, connections
//! and the first words by [`look`], TLS and SASL by what the client itself says.

mod greeting;
mod heard;
mod look;

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::bootstrap::Address;
use super::{Config, Error};
use heard::Heard;
use look::{Expected, Sight, look};

/// Longest time that asking, and looking for the reason, take together.
const LONGEST: Duration = Duration::from_millis(4_200);
/// How long the brokers are asked at a time.
const ASK: Duration = Duration::from_millis(400);
/// What the brokers are asked about, since something must be: a topic that every cluster has.
const TOPIC: &str = "__consumer_offsets";

/// Kafka is out of reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("kafka is out of reach: {}", .0.join("; "))]
pub struct Unreachable(Vec<String>);

/// Asks again and again whether Kafka can be reached, with one client.
pub struct Reach {
    client: BaseConsumer<Heard>,
    bootstrap: Vec<Address>,
    expected: Expected,
    /// Where the brokers say that they are, once one of them was found there.
    advertised: Vec<Address>,
}

/// Asks once. Brokers that cannot be reached while others can are logged.
///
/// # Errors
/// [`Error::Unreachable`] within 5 s, [`Error::Client`].
pub fn reach(config: &Config) -> Result<(), Error> {
    Reach::new(config)?.check().map_err(Error::Unreachable)
}

impl Reach {
    /// Builds the client, without asking anything.
    ///
    /// # Errors
    /// [`Error::Client`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        let properties: ClientConfig = config.watcher();
        let client = properties
            .create_with_context(Heard::default())
            .map_err(Error::client("client that asks whether kafka can be reached"))?;
        Ok(Self {
            client,
            bootstrap: config.addresses().to_vec(),
            expected: Expected { protocol: config.protocol() },
            advertised: Vec::new(),
        })
    }

    /// Whether a broker answers and can be reached where it says that it is. Brokers that cannot, while others can, are logged
    /// when they are first met. Blocks for less than 5 s.
    ///
    /// # Errors
    /// [`Unreachable`] names every broker and the reason.
    pub fn check(&mut self) -> Result<(), Unreachable> {
        let until = Instant::now() + LONGEST;
        self.client.context().forget();
        if let Some(brokers) = self.ask() {
            return self.meet(brokers);
        }
        let mut places = self.bootstrap.clone();
        places.extend(self.advertised.iter().filter(|place| !self.bootstrap.contains(place)).cloned());
        let looking = look(&places, &self.expected);
        let mut sights = Vec::new();
        loop {
            if let Some(brokers) = self.ask() {
                return self.meet(brokers);
            }
            sights.extend(looking.try_iter());
            let is_clear = |sight: &Sight| sight.trouble.is_some() || self.heard(&sight.address).is_some();
            let all_clear = sights.len() == places.len() && sights.iter().all(is_clear);
            if all_clear || Instant::now() > until {
                return Err(self.unreachable(&places, &sights));
            }
        }
    }

    /// Where the brokers are, by their own account.
    fn ask(&self) -> Option<Vec<Address>> {
        let metadata = self.client.fetch_metadata(Some(TOPIC), ASK);
        // Serves the reports, too.
        while self.client.poll(Duration::ZERO).is_some() {}
        let address = |broker: &rdkafka::metadata::MetadataBroker| {
            Some(Address { host: broker.host().to_owned(), port: u16::try_from(broker.port()).ok()? })
        };
        let brokers: Vec<_> = metadata.ok()?.brokers().iter().filter_map(address).collect();
        if brokers.is_empty() { None } else { Some(brokers) }
    }

    /// Looks at brokers that were not met before: one that answers at the address that is configured may advertise another one,
    /// where it is not.
    fn meet(&mut self, brokers: Vec<Address>) -> Result<(), Unreachable> {
        if brokers == self.advertised {
            return Ok(());
        }
        let looking = look(&brokers, &self.expected);
        let mut missed = Vec::new();
        for sight in &looking {
            if sight.trouble.is_none() {
                self.advertised = brokers;
                tell_others(looking, missed);
                return Ok(());
            }
            missed.push(sight);
        }
        Err(Unreachable(missed.iter().map(|sight| advertised(&sight_text(sight))).collect()))
    }

    fn heard(&self, address: &Address) -> Option<String> {
        self.client.context().of(&address.to_string())
    }

    /// The client's own account of a broker that looks as it should.
    fn by_client(&self, place: &Address) -> String {
        let protocol = &self.expected.protocol;
        match self.heard(place) {
            None => "it can be connected to and gives no answer".to_owned(),
            Some(heard) if heard.starts_with("Disconnected") && !protocol.starts_with("sasl") => {
                format!("{heard}; it may want SASL, and security.protocol is {protocol}")
            }
            // OpenSSL does not say which.
            Some(heard) if heard.contains("certificate verify failed") => {
                format!("{heard}; it is of an unknown authority, for another name, or out of date")
            }
            Some(heard) => heard,
        }
    }

    fn unreachable(&self, places: &[Address], sights: &[Sight]) -> Unreachable {
        let of = |place: &Address| {
            let Some(sight) = sights.iter().find(|sight| sight.address == *place) else {
                return format!("{place}: no sign of it yet");
            };
            let trouble = sight.trouble.clone().unwrap_or_else(|| self.by_client(place));
            sight_text(&Sight { trouble: Some(trouble), ..sight.clone() })
        };
        Unreachable(places.iter().map(of).collect())
    }
}

/// Logs the brokers that others can do without for now, without waiting for them.
fn tell_others(looking: Receiver<Sight>, missed: Vec<Sight>) {
    let tell = move || {
        for sight in missed.into_iter().chain(looking).filter(|sight| sight.trouble.is_some()) {
            tracing::warn!("{}", advertised(&sight_text(&sight)));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("reach".into()).spawn(tell) {
        tracing::warn!(%error, "start a thread that waits for the sight of brokers");
    }
}

fn advertised(text: &str) -> String {
    format!("a broker is advertised where it cannot be reached, {text}")
}

/// Where it should be, what that resolved to unless it says so itself, and what is wrong.
fn sight_text(sight: &Sight) -> String {
    let resolved = look::list(&sight.resolved);
    let trouble = sight.trouble.as_deref().unwrap_or("nothing is wrong");
    if resolved.is_empty() || resolved == sight.address.host {
        format!("{}: {trouble}", sight.address)
    } else {
        format!("{} ({resolved}): {trouble}", sight.address)
    }
}

#[cfg(test)]
mod tests;
