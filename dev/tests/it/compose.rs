//! docker-compose.yml is true: it parses, its images are pinned, its broker has the settings of the local stack, its files exist.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::tree::root;

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    image: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    volumes: Vec<String>,
    #[serde(default)]
    profiles: Vec<String>,
    #[serde(default)]
    command: Vec<String>,
}

fn compose() -> Compose {
    let text = fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let mut document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    document.apply_merge().unwrap();
    serde_yaml_ng::from_value(document).unwrap()
}

#[test]
fn the_services_are_those_of_the_readme() {
    let compose = compose();
    let names: Vec<&str> = compose.services.keys().map(String::as_str).collect();
    assert_eq!(names, ["clickhouse", "huiyin", "kafka", "simulators", "tables", "topics"]);
    assert_eq!(compose.services["simulators"].profiles, ["demo"]);
    assert_eq!(compose.services["topics"].command, ["topics", "create"]);
    assert_eq!(compose.services["tables"].command, ["migrate"]);
}

#[test]
fn images_are_pinned_and_the_broker_is_the_local_stacks_version() {
    for (name, service) in compose().services {
        let tag = service.image.rsplit_once(':').map(|(_, tag)| tag);
        assert!(
            tag.is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_digit())),
            "{name}: {}",
            service.image
        );
    }
    let pom = fs::read_to_string(root().join("dev/kafka/pom.xml")).unwrap();
    let version = compose().services["kafka"].image.rsplit_once(':').unwrap().1.to_owned();
    assert!(
        pom.contains(&format!("<version>{version}</version>")) || pom.contains(&format!(">{version}<")),
        "{version}"
    );
    // From 4.3.0 on, brokers skip the markers of partitions that have no leader at the moment (KAFKA-20734).
    assert!(version.starts_with("4.2."), "{version}: kafka_away tells whether it may take the place of 4.2");
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    for line in dockerfile.lines().filter(|line| line.starts_with("FROM ") && line.contains(':')) {
        assert!(line.split(':').nth(1).unwrap().starts_with(|c: char| c.is_ascii_digit()), "{line}");
    }
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    let channel = toolchain.split('"').nth(1).unwrap();
    assert!(dockerfile.contains(&format!("FROM rust:{channel}-")), "the image builds with another toolchain");
}

#[test]
fn the_broker_has_the_settings_of_the_local_stack() {
    let properties = fs::read_to_string(root().join("dev/kafka/server.properties")).unwrap();
    let (_, shared) = properties.split_once("# What holds wherever the broker runs.").unwrap();
    let settings = |line: &&str| !line.starts_with('#') && line.contains('=');
    let environment = &compose().services["kafka"].environment;
    let mut compared = 0;
    for line in shared.lines().filter(settings) {
        let (name, value) = line.split_once('=').unwrap();
        // The image's rule: dots become underscores.
        let variable = format!("KAFKA_{}", name.replace('.', "_").to_uppercase());
        assert_eq!(environment.get(&variable).map(String::as_str), Some(value), "{variable}");
        compared += 1;
    }
    assert!(compared > 10, "the shared part was not found");
}

#[test]
fn every_file_that_is_mounted_exists_and_every_placeholder_of_the_configuration_is_set() {
    let compose = compose();
    for volume in compose.services.values().flat_map(|service| &service.volumes) {
        let source = volume.split(':').next().unwrap();
        assert!(!source.starts_with('.') || root().join(source).is_file(), "{source} does not exist");
    }
    let example = fs::read_to_string(root().join("huiyin/huiyin.example.toml")).unwrap();
    let lines = example.lines().filter(|line| !line.trim_start().starts_with('#'));
    let names: Vec<&str> =
        lines.flat_map(|line| line.split("${").skip(1)).map(|rest| rest.split('}').next().unwrap()).collect();
    assert!(names.len() > 10, "the placeholders were not found");
    for name in names {
        assert!(compose.services["huiyin"].environment.contains_key(name), "{name} is not set");
    }
}
