//! The user's own queries: a folder of `.sql` files with the same head as the shipped ones. Each is checked before anything is run.

use std::path::Path;

use super::kind::is_name;
use super::query::NamedQuery;

/// Longest text of a query, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The queries of a folder.
///
/// # Errors
/// Everything that is wrong with any of them, each with file and line.
pub fn read(folder: &Path, taken: &[NamedQuery]) -> Result<Vec<NamedQuery>, Vec<String>> {
    let of_folder = |error: std::io::Error| vec![format!("{}: {error}", folder.display())];
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(of_folder)? {
        let path = entry.map_err(of_folder)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut queries, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match one(&path, taken) {
            Ok(query) => queries.push(query),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(queries) } else { Err(problems) }
}

fn one(path: &Path, taken: &[NamedQuery]) -> Result<NamedQuery, Vec<String>> {
    let shown = path.display();
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !is_name(name) {
        return Err(vec![format!("{shown}: its name is not lower case letters, digits and _")]);
    }
    if taken.iter().any(|query| query.name == name) {
        return Err(vec![format!("{shown}: a query of that name is shipped")]);
    }
    let size = std::fs::metadata(path).map_err(|error| vec![format!("{shown}: {error}")])?;
    if !size.is_file() || size.len() > LONGEST {
        return Err(vec![format!("{shown}: it is no file, or has more than {LONGEST} bytes")]);
    }
    let sql = std::fs::read_to_string(path).map_err(|error| vec![format!("{shown}: {error}")])?;
    NamedQuery::read(name, sql).map_err(|flaws| {
        flaws.into_iter().map(|flaw| format!("{shown}:{}: {}", flaw.line, flaw.what)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "-- Counts.\n-- @app text [] only this app\nSELECT count() FROM messages WHERE app = {app:String}\n";

    fn folder(files: &[(&str, &str)]) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("huiyin-queries-{:016x}", fastrand::u64(..)));
        std::fs::create_dir(&folder).unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
        folder
    }

    #[test]
    fn queries_of_a_folder_are_read_and_other_files_left_alone() {
        let folder = folder(&[("mine.sql", GOOD), ("README.md", "x")]);
        let names: Vec<_> = read(&folder, &[]).unwrap().into_iter().map(|query| query.name).collect();
        assert_eq!(names, ["mine"]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_file_and_line() {
        let folder = folder(&[
            ("cost.sql", GOOD),
            ("Mine.sql", GOOD),
            ("drop.sql", "-- Drops.\n\nDROP TABLE messages"),
            ("open.sql", "-- Reads.\nSELECT {x:String}"),
        ]);
        let cost = NamedQuery::read("cost", GOOD.to_owned()).unwrap();
        let problems = read(&folder, &[cost]).unwrap_err();
        let ends = [
            "Mine.sql: its name is not lower case letters, digits and _",
            "cost.sql: a query of that name is shipped",
            "drop.sql:3: it begins with DROP: only SELECT is run",
            "drop.sql:3: DROP has no place in a query",
            "open.sql:2: {x} is not declared as a parameter",
        ];
        assert_eq!(problems.len(), ends.len(), "{problems:?}");
        assert!(problems.iter().zip(ends).all(|(told, end)| told.ends_with(end)), "{problems:?}");
        std::fs::remove_dir_all(folder).unwrap();
        assert!(read(Path::new("/nowhere"), &[]).is_err());
    }
}
