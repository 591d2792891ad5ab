//! The roles that a process can have.

use std::collections::BTreeSet;
use std::str::FromStr;

/// One step of the line, or what goes beside it, in the order in which they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// Callbacks to Kafka.
    Ingest,
    /// The conversation.
    Decide,
    /// Model calls.
    Call,
    /// Sends to Easemob.
    Deliver,
    /// Rows in ClickHouse.
    Account,
    /// Live traffic once more, by a candidate and for nobody.
    Shadow,
}

impl Role {
    /// The steps of the line, in the order in which they end.
    pub(crate) const LINE: [Role; 5] = [Role::Ingest, Role::Decide, Role::Call, Role::Deliver, Role::Account];

    /// Every role, in the order in which they end.
    pub(crate) const ALL: [Role; 6] =
        [Role::Ingest, Role::Decide, Role::Call, Role::Deliver, Role::Account, Role::Shadow];

    /// Its name on the command line, in groups and on the admin port.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Decide => "decide",
            Self::Call => "call",
            Self::Deliver => "deliver",
            Self::Account => "account",
            Self::Shadow => "shadow",
        }
    }
}

/// The roles of one process: names separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles(pub(crate) BTreeSet<Role>);

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.label() == name)
            .ok_or_else(|| format!("{name:?} is none of {}", Self::ALL.map(Self::label).join(", ")))
    }
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(names: &str) -> Result<Self, String> {
        names.split(',').map(str::trim).map(str::parse).collect::<Result<BTreeSet<Role>, String>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_end_in_the_order_of_the_data_flow() {
        let roles: Roles = "account,ingest, call".parse().unwrap();
        assert_eq!(roles.0.into_iter().map(Role::label).collect::<Vec<_>>(), ["ingest", "call", "account"]);
        assert!("ingest,fly".parse::<Roles>().unwrap_err().contains("\"fly\" is none of ingest"));
    }
}
