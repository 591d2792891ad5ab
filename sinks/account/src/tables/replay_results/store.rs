//! Storing the turns of a replay, and taking them away.

use std::collections::BTreeMap;

use clickhouse::Row;
use pipeline::batch::InsertError;
use schemas::Millis;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::DEFINITION;
use super::row::ReplayRow;
use super::turn::{ReplayHead, ReplayTurn};
use crate::binary;
use crate::insert::{Into, insert};
use crate::pseudonym::Pseudonyms;
use crate::{Store, StoreError};

/// Rows of one block.
const ROWS: usize = 10_000;

/// What storing a replay came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayStored {
    /// Rows that were stored.
    pub stored: usize,
    /// Rows that were there already, the same.
    pub present: usize,
    /// Rows that were there and said otherwise, or were of another run of that name: they are gone.
    pub replaced: usize,
}

/// Why turns of a replay were not stored.
#[derive(Debug, thiserror::Error)]
pub enum ReplayStoreError {
    /// The store does not answer, or its tables are not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not take a block.
    #[error("store turns of a replay")]
    Insert(#[from] InsertError),
    /// The pseudonyms' key cannot be used.
    #[error("store turns of a replay: the key of the pseudonyms is no key for HMAC-SHA256")]
    Key,
}

impl ReplayStoreError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Store(error) => error.label(),
            Self::Insert(_) => "insert",
            Self::Key => "key",
        }
    }
}

#[derive(Row, Deserialize)]
struct Present {
    turn: String,
    content: String,
}

impl Store {
    /// Makes the rows of a replay's name exactly those of these turns. Whatever is there already stays, so that it may be repeated after a
    /// failure, and called again as a replay goes on.
    ///
    /// # Errors
    /// [`ReplayStoreError`]; call it again then.
    pub async fn store_replay(
        &self,
        head: &ReplayHead,
        turns: &[ReplayTurn],
        now: Millis,
    ) -> Result<ReplayStored, ReplayStoreError> {
        let names = Pseudonyms::new(self.key()).map_err(|_| ReplayStoreError::Key)?;
        let rows: Vec<ReplayRow> = turns.iter().map(|turn| ReplayRow::of(head, turn, &names, now)).collect();
        let wanted: BTreeMap<&str, &str> =
            rows.iter().map(|row| (row.turn.as_str(), row.content.as_str())).collect();
        let mut present = self.present(&head.name).await?;
        let fits = present.iter().all(|row| wanted.get(row.turn.as_str()) == Some(&row.content.as_str()));
        let replaced = if fits { 0 } else { present.len() };
        if !fits {
            // The store has no cheap change of a row, and a partition goes with the tokens of its blocks.
            self.forget_replay(&head.name).await?;
            present.clear();
        }
        let known: BTreeMap<&str, ()> = present.iter().map(|row| (row.turn.as_str(), ())).collect();
        let missing: Vec<&ReplayRow> =
            rows.iter().filter(|row| !known.contains_key(row.turn.as_str())).collect();
        for block in missing.chunks(ROWS) {
            let token = token(&head.name, block);
            let into = Into {
                table: &DEFINITION,
                fields: ReplayRow::COLUMN_NAMES,
                name: DEFINITION.name,
                token: &token,
            };
            let encoded: Vec<Vec<u8>> = block.iter().map(|row| encoded(row)).collect::<Result<_, _>>()?;
            insert(&self.writer, into, encoded.iter().map(Vec::as_slice)).await?;
        }
        Ok(ReplayStored { stored: missing.len(), present: present.len(), replaced })
    }

    /// Takes the rows of a replay away. There may be none.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn forget_replay(&self, name: &str) -> Result<(), StoreError> {
        let sql = format!("ALTER TABLE {{database}}.{} {{cluster}} DROP PARTITION ", DEFINITION.name);
        let sql = self.layout().render(&sql) + &quoted(name);
        self.execute("drop rows of a replay", &sql).await
    }

    async fn present(&self, name: &str) -> Result<Vec<Present>, StoreError> {
        let sql = format!("SELECT turn, content FROM {} WHERE name = {{name:String}}", DEFINITION.name);
        let asked = self.database.query_raw(&sql).param("name", name);
        self.within("read rows of a replay", asked.fetch_all()).await
    }
}

/// A row in the store's format.
fn encoded(row: &ReplayRow) -> Result<Vec<u8>, InsertError> {
    let mut bytes = Vec::new();
    binary::append(row, &mut bytes).map_err(|error| InsertError::Fatal(error.to_string()))?;
    Ok(bytes)
}

/// Names a block by what is in it: sent twice it is stored once.
fn token(name: &str, block: &[&ReplayRow]) -> String {
    let content = block.iter().fold(Sha256::new(), |hash, row| hash.chain_update(&row.content));
    format!("replay:{name}:{}", base16ct::lower::encode_string(&content.finalize()))
}

/// A text as a literal of SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_literal_whatever_is_in_it() {
        assert_eq!(quoted("cheaper"), "'cheaper'");
        assert_eq!(quoted(r"a' OR \'b"), r"'a\' OR \\\'b'");
    }
}
