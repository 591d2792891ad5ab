//! Files of words and tables of tiers that the configuration names.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use catalogue::RawCatalogue;
use safety::MOST_BYTES;

/// Reads every file that the sections name; relative paths begin at that folder.
pub(super) fn read(folder: &Path, sections: &mut RawCatalogue) {
    let of = |name: &str| (name.to_owned(), text(&folder.join(name)));
    sections.filter.files = sections.filter.paths().into_iter().map(of).collect();
    sections.files = sections.tables().map(of).collect();
}

/// The text of a file that a section names; a relative path begins at that folder.
pub(super) fn beside(folder: &Path, name: &str) -> Result<String, String> {
    text(&folder.join(name)).map(|text| text.to_string())
}

/// The text of a file, or why there is none.
fn text(path: &Path) -> Result<Arc<str>, String> {
    let told = |error: std::io::Error| error.to_string();
    // Whatever is no file may never end.
    if !std::fs::metadata(path).map_err(told)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let (mut bytes, most) = (Vec::new(), MOST_BYTES as u64);
    let file = std::fs::File::open(path).map_err(told)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        format!("its line {line} is not UTF-8")
    });
    text.map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn words_beside_the_configuration_are_read_and_their_problems_told_with_both_lines() {
        const TEXT: &str = include_str!("../../huiyin.example.toml");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huiyin.toml");
        let words = "\n[[filter.dictionary]]\nname = \"own\"\nfile = \"words/own.tsv\"\naction = \"block\"\n";
        std::fs::write(&path, TEXT.to_owned() + words).unwrap();
        std::fs::create_dir(folder.path().join("words")).unwrap();
        let value = |name: &str| match name {
            "HUIYIN_INSTANCE" => Some("0".to_owned()),
            name if name.ends_with("_URL") => Some("http://127.0.0.1:1".to_owned()),
            _ => Some("a-value-that-is-long-enough-for-any-key".to_owned()),
        };
        let read = |words: &str| {
            std::fs::write(folder.path().join("words/own.tsv"), words).unwrap();
            Config::read(&path, None, value).map_err(|bad| bad.to_string())
        };
        let config = read("pineapple\tfruit\n").map_err(|bad| panic!("{bad}")).unwrap();
        let report = crate::check::offline(&config).unwrap();
        assert!(
            report.contains("words own: 1 in 16 bytes, ") && report.contains("words starter: "),
            "{report}"
        );
        let line = TEXT.lines().count() + 4;
        let bad = read("pineapple\tfruit\n--\tfruit\n").err().unwrap();
        assert!(
            bad.contains(&format!(":{line}: filter.dictionary \"own\": words/own.tsv:2: nothing")),
            "{bad}"
        );
        std::fs::remove_dir_all(folder.path().join("words")).unwrap();
        let bad = Config::read(&path, None, value).err().unwrap().to_string();
        assert!(bad.contains(&format!(":{line}: ")) && bad.contains("No such file"), "{bad}");
    }

    #[test]
    fn a_file_is_read_and_what_is_none_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| text(&folder.path().join(name));
        std::fs::write(folder.path().join("good"), "赌博\n").unwrap();
        std::fs::write(folder.path().join("bad"), b"a\nb\xff\n").unwrap();
        let large = std::fs::File::create(folder.path().join("large")).unwrap();
        large.set_len(MOST_BYTES as u64 + 1).unwrap();
        assert_eq!(read("good").as_deref(), Ok("赌博\n"));
        assert_eq!(read("bad").unwrap_err(), "its line 2 is not UTF-8");
        assert!(read("large").unwrap_err().contains("more than 33554432 bytes"));
        assert_eq!(read("").unwrap_err(), "it is no file");
        assert!(read("gone").unwrap_err().contains("No such file"));
    }
}
