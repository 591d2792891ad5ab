//! Whether Kafka can be reached, and if not: which broker, resolved to what, and why.
//!
//! librdkafka retries by itself and reports every cause with the same words. So names, connections and the first request are tried
//! here by [`look`]; what is wrong with TLS or SASL is taken from the client's own log.

mod greeting;
mod heard;
mod look;

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::bootstrap::{self, Address};
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
        let mut search = Search::default();
        search.look_at(self.bootstrap.iter().chain(&self.advertised).cloned(), &self.expected);
        loop {
            if let Some(brokers) = self.ask() {
                return self.meet(brokers);
            }
            // Brokers that an answering broker named, which the client tries by now.
            let named = self.client.context().brokers();
            let named = named.iter().filter_map(|name| bootstrap::read(name, "").ok()).flatten();
            search.look_at(named, &self.expected);
            if self.is_clear(&mut search) || Instant::now() > until {
                return Err(self.unreachable(&search));
            }
        }
    }

    /// Whether there is a reason for every broker, or at least for every broker that was named by another one.
    fn is_clear(&self, search: &mut Search) -> bool {
        search.see();
        let mut named = search.sights.iter().filter(|sight| !self.is_configured(sight)).peekable();
        search.sights.len() == search.places.len()
            && (search.sights.iter().all(|sight| self.has_reason(sight))
                || (named.peek().is_some() && named.all(|sight| self.has_reason(sight))))
    }

    fn is_configured(&self, sight: &Sight) -> bool {
        self.bootstrap.contains(&sight.address)
    }

    fn has_reason(&self, sight: &Sight) -> bool {
        sight.trouble.is_some() || self.heard(&sight.address).is_some()
    }

    /// Where the brokers are, by their own account.
    fn ask(&self) -> Option<Vec<Address>> {
        let metadata = self.client.fetch_metadata(Some(TOPIC), ASK);
        // Polling also delivers the client's errors to its context.
        while self.client.poll(Duration::ZERO).is_some() {}
        let address = |broker: &rdkafka::metadata::MetadataBroker| {
            Some(Address { host: broker.host().to_owned(), port: u16::try_from(broker.port()).ok()? })
        };
        let brokers: Vec<_> = metadata.ok()?.brokers().iter().filter_map(address).collect();
        if brokers.is_empty() { None } else { Some(brokers) }
    }

    /// Looks at brokers that were not looked at before: a broker that answers at its configured address may advertise an address at
    /// which it cannot be reached.
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

    /// What the client says of a broker with which nothing is wrong as seen from outside.
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

    fn unreachable(&self, search: &Search) -> Unreachable {
        // Brokers that answered and named others are not the cause.
        let sent_on = |sight: &&Sight| self.is_configured(sight) && !self.has_reason(sight);
        let were_sent = search.sights.iter().any(|sight| sent_on(&sight))
            && search.sights.iter().any(|sight| !self.is_configured(sight));
        let told = search.sights.iter().filter(|sight| !(were_sent && sent_on(sight))).map(|sight| {
            let trouble = sight.trouble.clone().unwrap_or_else(|| self.by_client(&sight.address));
            let text = sight_text(&Sight { trouble: Some(trouble), ..sight.clone() });
            if were_sent && !self.is_configured(sight) { advertised(&text) } else { text }
        });
        let is_unseen = |place: &&Address| search.sights.iter().all(|sight| sight.address != **place);
        let unseen =
            search.places.iter().filter(is_unseen).map(|place| format!("{place}: no sign of it yet"));
        Unreachable(told.chain(unseen).collect())
    }
}

/// Looks at brokers, each of them once.
#[derive(Default)]
struct Search {
    places: Vec<Address>,
    looking: Vec<Receiver<Sight>>,
    sights: Vec<Sight>,
}

impl Search {
    fn look_at(&mut self, places: impl Iterator<Item = Address>, expected: &Expected) {
        let known = self.places.len();
        for place in places {
            if !self.places.contains(&place) {
                self.places.push(place);
            }
        }
        if self.places.len() > known {
            self.looking.push(look(&self.places[known..], expected));
        }
    }

    fn see(&mut self) {
        for looking in &self.looking {
            self.sights.extend(looking.try_iter());
        }
        let place = |sight: &Sight| self.places.iter().position(|place| *place == sight.address);
        self.sights.sort_by_key(place);
    }
}

/// Logs the brokers that cannot be reached while others can. Does not wait for those that are still being looked at.
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

/// A broker's address, what its name resolved to if it is a name, and what is wrong.
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
