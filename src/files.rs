//! Reading of the user's files and folders: regular files only. Opening a FIFO waits for a writer, and a device may have no end.

use std::fs::{File, FileType};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Opens a regular file, or what a link to one leads to.
///
/// # Errors
/// Of kind `InvalidInput` for anything else.
pub fn open(path: &Path) -> Result<File> {
    require_regular(path)?;
    File::open(path)
}

/// Reads a regular file, or what a link to one leads to.
///
/// # Errors
/// Of kind `InvalidInput` for anything else.
pub fn read_text(path: &Path) -> Result<String> {
    require_regular(path)?;
    std::fs::read_to_string(path)
}

/// As `read_text`, for a path that was typed: a shell's `<(…)` and `/dev/stdin` are read as well.
pub fn read_text_or_stream(path: &Path) -> Result<String> {
    let is_stream = ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|stream| path.starts_with(stream));
    if is_stream { std::fs::read_to_string(path) } else { read_text(path) }
}

/// The entries of a directory, in the order of their names.
///
/// # Errors
/// Where it cannot be read.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn require_regular(path: &Path) -> Result<()> {
    let found = std::fs::metadata(path)?.file_type();
    match found.is_file() {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::InvalidInput, format!("it is {}, not a regular file", kind_name(found)))),
    }
}

fn kind_name(found: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if found.is_fifo() {
            return "a FIFO";
        }
        if found.is_socket() {
            return "a socket";
        }
    }
    if found.is_dir() { "a directory" } else { "a device" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_and_links_to_them_are_read() {
        let directory = tempfile::tempdir().expect("directory");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("file"), "text").expect("file");
        std::os::unix::fs::symlink(path("file"), path("link")).expect("link");
        assert_eq!(read_text(&path("link")).expect("text"), "text");
        std::os::unix::fs::symlink("/dev/zero", path("device")).expect("link");
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("socket");
        for (name, kind) in [("device", "a device"), ("socket", "a socket"), ("", "a directory")] {
            let error = read_text(&path(name)).expect_err(name);
            assert_eq!(
                (error.kind(), error.to_string()),
                (ErrorKind::InvalidInput, format!("it is {kind}, not a regular file"))
            );
            assert!(open(&path(name)).is_err() && read_text_or_stream(&path(name)).is_err());
        }
        assert_eq!(read_text(&path("absent")).expect_err("absent").kind(), ErrorKind::NotFound);
    }
}
