//! The crates of the workspace and their sources.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    manifest: toml::Table,
}

impl Crate {
    /// Names in a dependency table of the manifest.
    pub(crate) fn dependencies(&self, table: &str) -> Vec<String> {
        self.manifest
            .get(table)
            .and_then(toml::Value::as_table)
            .map(|t| t.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Production sources: files of `src/` that are not tests, each cut where its tests begin.
    pub(crate) fn sources(&self) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        rust_files(&self.folder.join("src"), &mut files);
        files.retain(|path| path.components().all(|part| part.as_os_str() != "tests" && part.as_os_str() != "tests.rs"));
        let production = |text: String| text.split("\n#[cfg(test)]\n").next().unwrap_or_default().to_owned();
        files.into_iter().map(|path| (path.clone(), production(fs::read_to_string(&path).unwrap()))).collect()
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn crates() -> Vec<Crate> {
    let workspace: toml::Table =
        toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let crates: Vec<Crate> =
        members.iter().map(|member| read(&root().join(member.as_str().unwrap()))).collect();
    assert!(crates.len() >= 13, "the workspace has lost members");
    crates
}

fn read(folder: &Path) -> Crate {
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(folder.join("Cargo.toml")).unwrap()).unwrap();
    let name = manifest["package"]["name"].as_str().unwrap().to_owned();
    Crate { name, folder: folder.to_owned(), manifest }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
