//! What asking needs: an engine with empty tables, and access to it as the command line has it.

use account::queries::{self, Answer, Question};
use account::{RawAccount, Store};
use anyhow::{Context, Result};
use dev::rig::home::Home;
use dev::rig::instance::run as command;
use dev::rig::net::Net;
use dev::rig::patience::Patience;
use dev::stack::Borrowed;
use std::path::PathBuf;
use std::time::Duration;

/// Longest time of a statement that makes rows.
const STATEMENT: Duration = Duration::from_secs(600);

pub(super) struct Scene {
    pub(super) net: Net,
    pub(super) patience: Patience,
    pub(super) stack: Borrowed,
    pub(super) home: Home,
    pub(super) store: Store,
    client: reqwest::Client,
}

impl Scene {
    /// Makes the tables.
    ///
    /// # Errors
    /// When something does not start or answer.
    pub(super) fn new() -> Result<Self> {
        let net = Net::new()?;
        let patience = Patience::until_signalled(net.runtime())?;
        let stack = Borrowed::up()?;
        let home = crate::home::new(&stack, &net)?;
        let client =
            reqwest::Client::builder().no_proxy().timeout(STATEMENT).build().context("building a client")?;
        let keys = format!(
            "url = {:?}\ndatabase = {:?}\ncompression = false\nquery_timeout = \"600s\"\npseudonym_key = \"bench-pseudonym-key-of-32-characters\"",
            stack.clickhouse(),
            home.database()
        );
        let raw: RawAccount = toml::from_str(&keys).context("configuring the store")?;
        let config = account::validate(&raw).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let scene = Self { net, patience, stack, home, store: Store::new(&config), client };
        command(&scene.config()?, &["migrate"])?;
        Ok(scene)
    }

    fn config(&self) -> Result<PathBuf> {
        let values = [
            ("deployment", self.home.name.clone()),
            ("partitions", "8".to_owned()),
            ("topic_prefix", self.home.prefix()),
            ("kafka", self.stack.kafka()),
            ("admin_port", "9600".to_owned()),
            ("clickhouse", self.stack.clickhouse()),
            ("database", self.home.database()),
        ];
        self.home.configure("account.toml", "ask.toml", &values)
    }

    /// Runs a statement and returns what it gave.
    ///
    /// # Errors
    /// When the engine refuses it.
    pub(super) fn ask(&self, sql: &str) -> Result<String> {
        let sql = sql.replace("{db}", &self.home.database());
        let request = self.client.post(self.stack.clickhouse()).body(sql);
        self.net.runtime().block_on(async {
            let answer = request.send().await.context("asking the engine")?;
            let (status, text) = (answer.status(), answer.text().await?);
            anyhow::ensure!(status.is_success(), "the engine refused: {text:.600}");
            Ok(text)
        })
    }

    /// Runs a named query.
    ///
    /// # Errors
    /// When there is none of that name, or the engine refuses it.
    pub(super) fn query(&self, name: &str, given: &[(&str, String)]) -> Result<Answer> {
        let query = queries::list().iter().find(|query| query.name == name);
        let query = query.with_context(|| format!("there is no query {name}"))?;
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let question = Question { given, ..Question::default() };
        Ok(self.net.runtime().block_on(queries::run_one(&self.store, query, &question, |_| {}))?)
    }
}
