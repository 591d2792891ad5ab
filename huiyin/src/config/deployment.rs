//! What belongs to no step: who this instance is, and how it decides and logs.

use common::Problem;
use tracing_subscriber::EnvFilter;

use super::raw::Raw;

/// Problems of `[deployment]`, apart from the instance, of `[decide]` and of `[log]`.
pub(super) fn problems(raw: &Raw) -> Vec<Problem> {
    let Raw { deployment, decide, log, .. } = raw;
    let mut problems = Vec::new();
    let mut must = |holds: bool, place: &str, what: &str| {
        if !holds {
            problems.push(problem(place, what));
        }
    };
    if let Some(deployment) = deployment {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let is_name = (1..=64).contains(&deployment.name.len()) && deployment.name.bytes().all(legal);
        must(is_name, "deployment", "name must be 1 to 64 of a-z, 0-9, - and _");
        let is_count = (1..=10_000).contains(&deployment.partitions);
        must(is_count, "deployment", "partitions must be from 1 to 10000");
        must((1..=9).contains(&deployment.replication), "deployment", "replication must be from 1 to 9");
        let in_topic = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let prefix = &deployment.topic_prefix;
        let is_prefix = prefix.len() <= 200 && prefix.bytes().all(in_topic);
        must(is_prefix, "deployment", "topic_prefix must be at most 200 of a-z, A-Z, 0-9, -, _ and .");
    }
    must((1..=64).contains(&decide.drivers), "decide", "drivers must be from 1 to 64");
    must(decide.batch_records > 0, "decide", "batch_records must be at least 1");
    if let Err(error) = EnvFilter::try_new(&log.filter) {
        must(false, "log.filter", &error.to_string());
    }
    problems
}

pub(super) fn problem(place: &str, what: impl Into<String>) -> Problem {
    Problem { place: place.to_owned(), span: None, what: what.into() }
}

/// The number of an instance: it is given as one, or as a stable name that ends in one. Transactional ids and static members
/// derive from it, so no two running instances may have the same.
pub(super) fn ordinal(instance: &str) -> Result<u32, String> {
    let (name, number) = instance.rsplit_once('-').unwrap_or(("", instance));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number(number) && is_number(name.rsplit('-').next().unwrap_or_default()) {
        return Err(format!(
            "{instance:?} ends in more than one number, as the names of hosts do: {number} alone would be its number, and that of \
             other hosts as well. Give each instance a number of its own, such as \"0\""
        ));
    }
    let canonical = number == "0" || !number.starts_with('0');
    match number.parse::<u32>() {
        Ok(ordinal) if ordinal < 10_000 && canonical && is_number(number) => Ok(ordinal),
        _ => Err(format!(
            "{instance:?} is neither a number below 10000 nor a name that ends in -<number>; an id that changes with each \
             start would leave the transactions of the one that died open"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_instance_id_is_refused_and_so_is_an_address() {
        for (stable, number) in [
            ("0", 0),
            ("7", 7),
            ("huiyin-12", 12),
            ("prod-eu2-huiyin-3", 3),
            ("a1-0", 0),
            ("huiyin-v2-9999", 9_999),
        ] {
            assert_eq!(ordinal(stable), Ok(number), "{stable}");
        }
        for random in [
            "huiyin-7f9c4d-xk2x",
            "b7c1",
            "",
            "-",
            "huiyin-",
            "huiyin-0012",
            "123456",
            "9f86d081-884c-4d63-a159-4f2c7e0b5a11",
            "ip-10-0-3-17",
            "ip-10-0-4-17",
            "10-0-3-17",
            "node-20261129-3",
            "+7",
            "huiyin-+7",
            "17.ec2.internal",
        ] {
            assert!(ordinal(random).is_err(), "{random} was taken");
        }
        assert!(ordinal("ip-10-0-3-17").unwrap_err().contains("17 alone would be its number"));
    }
}
