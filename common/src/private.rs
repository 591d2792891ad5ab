//! Files for their owner alone: what is masked may still say much of people.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that only its owner can read and write, mode 600; one that is there is emptied, and its owner's alone from then on. What is no
/// file, such as a pipe, is opened as it is. Where there are no such modes, it is made as files are made there.
///
/// # Errors
/// When it cannot be made, or its mode cannot be set.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_its_owners_alone_whether_or_not_it_was_there() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        std::fs::write(&old, "longer than what comes").unwrap();
        std::fs::set_permissions(&old, PermissionsExt::from_mode(0o644)).unwrap();
        for path in [new, old] {
            create(&path).unwrap().write_all(b"text").unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), "text");
        }
    }

    #[test]
    fn a_file_that_was_there_is_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for text in ["longer than what comes", "text"] {
            create(&path).unwrap().write_all(text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_opened_and_what_cannot_be_made_is_an_error() {
        create(Path::new("/dev/null")).unwrap();
        assert_eq!(create(Path::new("/")).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
