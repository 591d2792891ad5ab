//! What a table is: how it is defined in the database, and which rows a record gives it.

use std::any::Any;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use clickhouse::{RowOwned, RowWrite};
use pipeline::Refused;
use pipeline::batch::InsertError;
use serde::Serialize;

use crate::fact::{Fact, Unread};
use crate::insert::{Into, Writer, insert};
use crate::pseudonym::Pseudonyms;
use crate::source::{Source, Version};

/// A table as the database knows it.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Name of the table, of its key under `[account.retention_days]`, and its label in metrics.
    pub(crate) name: &'static str,
    /// One row is this, for the documentation.
    pub(crate) row: &'static str,
    /// Days after its moment that a row is kept, unless configured.
    pub(crate) retention_days: u16,
    /// SQL of the moment of a row.
    pub(crate) moment: &'static str,
    /// The steps that made the table what it is, oldest first.
    pub(crate) migrations: &'static [Migration],
    /// How the named query `counts` tells its rows apart; none for a rollup, whose rows are merged.
    pub(crate) counts: Option<Counts>,
}

/// The moment of a row of every table of facts.
pub(crate) const AT: &str = "toDateTime(at)";

/// One step, one statement that may be repeated: the store has no transaction over a change and its record. Once released it is never
/// changed: a new step is added.
#[derive(Debug)]
pub(crate) struct Migration {
    /// One number more than the step before it, whichever table that changed.
    pub(crate) number: u32,
    /// Its number with four digits, and what it does.
    pub(crate) name: &'static str,
    /// The statement, with the placeholders of [`crate::schema::Layout::render`].
    pub(crate) template: &'static str,
}

/// SQL of two columns.
#[derive(Debug)]
pub(crate) struct Counts {
    /// What rows are counted by.
    pub(crate) label: &'static str,
    /// Which of the rows of one record it is, a number; `0` when a record has one row at most.
    pub(crate) ordinal: &'static str,
}

/// A table of facts. Rows are made of one record alone, so that a block can be built again and be the same.
pub(crate) trait Table: Sync + 'static {
    /// The table in the database.
    const DEFINITION: &'static Definition;

    /// The first version of the builder that gives it rows: ranges that an older one opened are built again without them.
    const SINCE: u8;

    /// Whether it is filled only where the configuration asks for it.
    const KEEPS_TEXT: bool = false;

    /// One row; its fields are the columns, in the order in which they are inserted.
    type Row: RowOwned + RowWrite + for<'a> clickhouse::Row<Value<'a> = Self::Row> + Serialize + Content;

    /// The rows of one record, in their order.
    type Rows: IntoIterator<Item = Self::Row>;

    /// Whether a record may give rows, told from topic and headers. A record that no table takes is not decoded.
    fn takes(unread: Unread<'_>) -> bool;

    /// The rows of a fact, which may be one of any topic.
    ///
    /// # Errors
    /// [`Refused`] when the columns cannot hold what it says.
    fn of(fact: &Fact, source: Source<'_>, names: &Pseudonyms) -> Result<Self::Rows, Refused>;
}

/// What a row of any table can do.
pub(crate) trait Content: Any + Debug + Send + Sync {}

impl<T: Any + Debug + Send + Sync> Content for T {}

/// One row of one of the tables. It is shared, since the driver copies the rows of each block.
#[derive(Debug, Clone)]
pub struct Row(Arc<dyn Content>);

impl Row {
    /// The row, if it is one of a table with such rows.
    pub(crate) fn get<T: Content>(&self) -> Option<&T> {
        let content: &dyn Any = &*self.0;
        content.downcast_ref()
    }
}

type Stored<'a> = Pin<Box<dyn Future<Output = Result<(), InsertError>> + Send + 'a>>;

/// A [`Table`] in a list of tables with different rows.
pub(crate) trait Listed: Sync {
    /// [`Table::DEFINITION`].
    fn definition(&self) -> &'static Definition;

    /// Whether a record may give rows to that version.
    fn takes(&self, unread: Unread<'_>, version: Version) -> bool;

    /// [`Table::of`], one row after the other.
    fn rows(
        &self,
        fact: &Fact,
        source: Source<'_>,
        names: &Pseudonyms,
        give: &mut dyn FnMut(Row),
    ) -> Result<(), Refused>;

    /// Stores rows of this table under a token, in the table of that name.
    fn insert<'a>(&self, writer: &'a Writer, name: &'a str, token: &'a str, rows: &'a [Row]) -> Stored<'a>;

    /// A row of this table as JSON, for tests.
    #[cfg(test)]
    fn shown(&self, row: &Row) -> Option<serde_json::Value>;
}

impl<T> Listed for T
where
    T: Table,
{
    fn definition(&self) -> &'static Definition {
        T::DEFINITION
    }

    fn takes(&self, unread: Unread<'_>, version: Version) -> bool {
        version.builder >= T::SINCE && (version.bodies || !T::KEEPS_TEXT) && T::takes(unread)
    }

    fn rows(
        &self,
        fact: &Fact,
        source: Source<'_>,
        names: &Pseudonyms,
        give: &mut dyn FnMut(Row),
    ) -> Result<(), Refused> {
        T::of(fact, source, names)?.into_iter().for_each(|row| give(Row(Arc::new(row))));
        Ok(())
    }

    fn insert<'a>(&self, writer: &'a Writer, name: &'a str, token: &'a str, rows: &'a [Row]) -> Stored<'a> {
        Box::pin(async move {
            let rows: Option<Vec<&T::Row>> = rows.iter().map(Row::get).collect();
            let rows = rows.ok_or_else(|| InsertError::Fatal("a row of another table".into()))?;
            insert(writer, Into { table: T::DEFINITION.name, name, token }, &rows).await
        })
    }

    #[cfg(test)]
    fn shown(&self, row: &Row) -> Option<serde_json::Value> {
        serde_json::to_value(row.get::<T::Row>()?).ok()
    }
}
