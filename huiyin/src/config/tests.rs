use super::*;

const GOOD: &str = r#"
[deployment]
name = "demo"
instance = "${INSTANCE}"
partitions = 8
replication = 1

[kafka]
bootstrap = "127.0.0.1:9092"

[[app]]
key = "acme#support"
chain = ["main"]
allowed_regions = ["cn"]
bot = [{ id = "bot" }]

[[target]]
name = "main"
provider = "local"
model = "m"
region = "cn"
"#;

fn read(text: &str) -> Result<Config, Vec<(Option<usize>, String)>> {
    Config::parse(text, None, |name| (name == "INSTANCE").then(|| "huiyin-3".to_owned()))
}

#[test]
fn a_good_file_is_read() {
    let config = read(GOOD).map_err(|problems| format!("{problems:?}")).unwrap();
    assert_eq!((config.ordinal, config.partitions, config.deployment.as_str()), (3, 8, "demo"));
    assert_eq!(config.bundle.apps.len(), 1);
}

#[test]
fn problems_name_their_line() {
    for (from, to, line, what) in [
        ("partitions = 8", "partitions = 8\ncolour = 1", Some(6), "unknown field `colour`"),
        ("partitions = 8", "partitions = \"8\"", Some(5), "invalid type"),
        ("[\"main\"]", "[\"gone\"]", Some(13), "not configured"),
        ("\"${INSTANCE}\"", "\"${GONE}\"", Some(4), "GONE is not set"),
    ] {
        let problems = read(&GOOD.replacen(from, to, 1)).err().unwrap();
        assert!(problems.iter().any(|(l, w)| *l == line && w.contains(what)), "{to}: {problems:?}");
    }
}

#[test]
fn the_number_of_drivers_and_the_batch_have_bounds() {
    for (line, what) in [
        ("drivers = 0", "drivers must be"),
        ("drivers = 65", "drivers must be"),
        ("batch_records = 0", "batch_records"),
    ] {
        let problems = read(&format!("{GOOD}\n[decide]\n{line}\n")).err().unwrap();
        assert!(problems.iter().any(|(_, w)| w.contains(what)), "{line}: {problems:?}");
    }
    assert_eq!(read(&format!("{GOOD}\n[decide]\ndrivers = 3\n")).map_err(|_| ()).unwrap().decide.drivers, 3);
}

#[test]
fn a_random_instance_id_is_refused() {
    for stable in ["0", "7", "huiyin-12"] {
        assert!(ordinal(stable).is_ok(), "{stable}");
    }
    for random in
        ["huiyin-7f9c4d-xk2x", "b7c1", "", "huiyin-0012", "123456", "9f86d081-884c-4d63-a159-4f2c7e0b5a11"]
    {
        assert!(ordinal(random).is_err(), "{random} was taken");
    }
}

#[test]
fn a_property_that_the_guarantees_own_is_refused_by_name() {
    let text = GOOD.replacen(
        "[[app]]",
        "[kafka.properties]\n\"isolation.level\" = \"read_uncommitted\"\n[[app]]",
        1,
    );
    let problems = read(&text).err().unwrap();
    assert!(problems.iter().any(|(_, what)| what.contains("isolation.level")), "{problems:?}");
}

#[test]
fn the_example_file_is_good() {
    let value = |name: &str| {
        Some(match name {
            "HUIYIN_INSTANCE" => "0".to_owned(),
            "HUIYIN_KAFKA" => "kafka-1:9092,kafka-2:9092".to_owned(),
            name if name.ends_with("_URL") => "http://127.0.0.1:1".to_owned(),
            _ => "a value that is long enough for any key".to_owned(),
        })
    };
    let example = include_str!("../../huiyin.example.toml");
    let config = Config::parse(example, None, value).map_err(|problems| format!("{problems:?}")).unwrap();
    crate::check::offline(&config).unwrap();
    assert_eq!(config.partitions, 48);
}
