//! The documents at the root say what is so: the licence, the changelog, the code map, and every link.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::arrows::{ARROWS, FREE};
use crate::tree::{crates, manifest, root};

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_crate_has_the_licence_of_the_repository() {
    assert_eq!(manifest()["workspace"]["package"]["license"].as_str(), Some("Apache-2.0"));
    for part in crates() {
        assert!(part.inherits("license"), "{} has a licence of its own", part.name);
        let text = part.folder.join("LICENSE");
        assert!(!text.exists(), "{} is beside the one at the root", text.display());
    }
    let licence = read("LICENSE");
    for piece in ["Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"] {
        assert!(licence.contains(piece), "LICENSE lacks {piece}");
    }
    assert!(licence.lines().count() > 200, "LICENSE is not the whole text");
}

#[test]
fn the_changelog_has_the_form_that_it_names_and_a_section_for_this_version() {
    let text = read("CHANGELOG.md");
    assert!(text.starts_with("# Changelog\n") && text.contains("keepachangelog.com"));
    let version = manifest()["workspace"]["package"]["version"].as_str().unwrap().to_owned();
    let sections: Vec<&str> = text.split("\n## ").skip(1).collect();
    assert!(sections[0].starts_with("[Unreleased]"), "what is not released comes first");
    assert!(sections.iter().any(|section| section.contains(&version)), "{version} is in no section");
    let kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    for kind in text.lines().filter_map(|line| line.strip_prefix("### ")) {
        assert!(kinds.contains(&kind), "{kind} is no kind of change");
    }
}

/// Folder, and the crates that it may depend on, of a row of the code map.
fn code_map() -> Vec<(String, Vec<String>)> {
    let text = read("ARCHITECTURE.md");
    let (_, map) = text.split_once("## Code map").unwrap();
    let rows =
        map.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(" | ").collect();
        let folder = cells[0].trim_matches(['|', ' ', '`', '/']).to_owned();
        let may = cells.last().unwrap().trim_end_matches(['|', ' ']).split(';').next().unwrap_or_default();
        let may = match may {
            "nothing of ours" | "" => Vec::new(),
            "all but the tools" => tools_aside(),
            names => names.split(", ").map(str::to_owned).collect(),
        };
        (folder, may)
    };
    rows.map(row).collect()
}

/// Every crate that the binary may be composed of.
fn tools_aside() -> Vec<String> {
    let tools = ["bench", "dev", "huiyin", "mangle", "simulators"];
    let parts = ARROWS.iter().map(|(name, _)| (*name).to_owned());
    parts.filter(|name| !tools.contains(&name.as_str()) && !FREE.contains(&name.as_str())).collect()
}

#[test]
fn the_code_map_has_every_crate_with_its_arrows() {
    let map = code_map();
    for part in crates() {
        let folder = part.folder.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let (_, drawn) = map.iter().find(|(row, _)| *row == folder).unwrap_or_else(|| {
            panic!("the code map has no row for {folder}/");
        });
        let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == part.name).unwrap();
        let mut allowed: Vec<&str> = allowed.iter().copied().filter(|name| !FREE.contains(name)).collect();
        let mut drawn: Vec<&str> = drawn.iter().map(String::as_str).collect();
        allowed.sort_unstable();
        drawn.sort_unstable();
        assert_eq!(drawn, allowed, "the code map's row of {folder}/");
    }
}

/// Markdown files of the repository.
fn documents() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "*.md"])
        .current_dir(root())
        .output()
        .expect("git is on the PATH");
    assert!(listed.status.success(), "not a checkout of the repository");
    String::from_utf8(listed.stdout).unwrap().lines().map(PathBuf::from).collect()
}

/// The anchor that Markdown hosts make of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_to_a_file_of_the_repository_leads_somewhere() {
    let mut links = 0;
    for name in documents() {
        let text = read(name.to_str().unwrap());
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.contains(' ') || target.is_empty() || target.contains('…') {
                continue;
            }
            links += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { name.clone() } else { name.with_file_name("").join(file) };
            let there = root().join(&path);
            assert!(there.exists(), "{}: {target} leads nowhere", name.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&there).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
                assert!(found, "{}: {target} has no such heading", name.display());
            }
        }
    }
    assert!(links > 20, "the links were not found");
}
