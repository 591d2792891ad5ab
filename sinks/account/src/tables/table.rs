//! What a table is: how it is defined in the database, and which rows a record gives it.

use std::pin::Pin;
use std::sync::Arc;

use pipeline::Refused;
use pipeline::batch::InsertError;
use serde::Serialize;

use crate::binary;
use crate::fact::{Fact, Unread};
use crate::insert::{Into, Writer, insert};
use crate::pseudonym::Pseudonyms;
use crate::source::{Source, Version};

/// Most rows are no longer than this, in bytes.
const USUAL_SIZE: usize = 1_024;

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

    /// Whether it is filled only where the configuration asks for it. Its facts are whole events.
    const KEEPS_TEXT: bool = false;

    /// One row; its fields are the columns, in the order in which they are inserted.
    type Row<'a>: clickhouse::Row + Serialize;

    /// The rows of one record, in their order.
    type Rows<'a>: IntoIterator<Item = Self::Row<'a>>;

    /// Whether a record may give rows, told from topic and headers. A record that no table takes is not decoded.
    fn takes(unread: Unread<'_>) -> bool;

    /// The rows of a fact, which may be one of any topic.
    ///
    /// # Errors
    /// [`Refused`] when the columns cannot hold what it says.
    fn of<'a>(fact: &'a Fact<'a>, source: Source<'a>, names: &Pseudonyms) -> Result<Self::Rows<'a>, Refused>;
}

/// One row of one of the tables, as it is sent. It is shared, since the driver copies the rows of each block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Arc<[u8]>);

impl Row {
    /// In the store's format.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

type Stored<'a> = Pin<Box<dyn Future<Output = Result<(), InsertError>> + Send + 'a>>;

/// A [`Table`] in a list of tables with different rows.
pub(crate) trait Listed: Sync {
    /// [`Table::DEFINITION`].
    fn definition(&self) -> &'static Definition;

    /// [`Table::KEEPS_TEXT`].
    fn keeps_text(&self) -> bool;

    /// The columns that rows have, in the order of their fields.
    fn fields(&self) -> &'static [&'static str];

    /// Whether a record may give rows to that version.
    fn takes(&self, unread: Unread<'_>, version: Version) -> bool;

    /// [`Table::of`], one row after the other.
    fn rows(
        &self,
        fact: &Fact<'_>,
        source: Source<'_>,
        names: &Pseudonyms,
        give: &mut dyn FnMut(Row),
    ) -> Result<(), Refused>;

    /// Stores rows of this table under a token, in the table of that name.
    fn insert<'a>(&self, writer: &'a Writer, name: &'a str, token: &'a str, rows: &'a [Row]) -> Stored<'a>;
}

impl<T> Listed for T
where
    T: Table,
{
    fn definition(&self) -> &'static Definition {
        T::DEFINITION
    }

    fn keeps_text(&self) -> bool {
        T::KEEPS_TEXT
    }

    fn fields(&self) -> &'static [&'static str] {
        <T::Row<'static> as clickhouse::Row>::COLUMN_NAMES
    }

    fn takes(&self, unread: Unread<'_>, version: Version) -> bool {
        version.builder >= T::SINCE && (version.bodies || !T::KEEPS_TEXT) && T::takes(unread)
    }

    fn rows(
        &self,
        fact: &Fact<'_>,
        source: Source<'_>,
        names: &Pseudonyms,
        give: &mut dyn FnMut(Row),
    ) -> Result<(), Refused> {
        let mut bytes = Vec::with_capacity(USUAL_SIZE);
        for row in T::of(fact, source, names)? {
            bytes.clear();
            // No row of ours has such a field, whatever the record says.
            binary::append(&row, &mut bytes).map_err(|_| Refused::DeadLetter { reason: "unfit_row" })?;
            give(Row(bytes.as_slice().into()));
        }
        Ok(())
    }

    fn insert<'a>(&self, writer: &'a Writer, name: &'a str, token: &'a str, rows: &'a [Row]) -> Stored<'a> {
        let into = Into { table: T::DEFINITION, fields: self.fields(), name, token };
        Box::pin(async move { insert(writer, into, rows.iter().map(Row::bytes)).await })
    }
}
