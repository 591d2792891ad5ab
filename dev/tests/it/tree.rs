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

    /// Whether a field of the package is the workspace's.
    pub(crate) fn inherits(&self, field: &str) -> bool {
        self.manifest["package"].get(field).and_then(|field| field.get("workspace")?.as_bool()) == Some(true)
    }

    /// Production sources: files of `src/` that are compiled without tests, each cut where its tests begin.
    pub(crate) fn sources(&self) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        rust_files(&self.folder.join("src"), &mut files);
        let texts: Vec<(PathBuf, String)> =
            files.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect();
        let for_tests: Vec<PathBuf> =
            texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
        let production = |path: &Path| {
            !for_tests.iter().any(|module| path.starts_with(module) || path.with_extension("") == *module)
        };
        let cut =
            |text: String| text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
        texts.into_iter().filter(|(path, _)| production(path)).map(|(path, text)| (path, cut(text))).collect()
    }
}

/// Paths, without extension, of the modules that a file declares for tests only.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let root_like = ["mod", "lib", "main"].contains(&stem);
    let folder = if root_like { path.parent().unwrap().to_owned() } else { path.with_extension("") };
    let mut modules = Vec::new();
    let mut after_test = false;
    for line in text.lines().map(str::trim) {
        if after_test
            && let Some(name) =
                line.trim_start_matches("pub(crate) ").trim_start_matches("pub ").strip_prefix("mod ")
        {
            modules.push(folder.join(name.trim_end_matches([';', ' ', '{'])));
        }
        after_test = line.starts_with("#[cfg(") && (line.contains("(test") || line.contains("broker-tests"));
    }
    modules
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The manifest of the workspace.
pub(crate) fn manifest() -> toml::Table {
    toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap()
}

pub(crate) fn crates() -> Vec<Crate> {
    let workspace = manifest();
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
