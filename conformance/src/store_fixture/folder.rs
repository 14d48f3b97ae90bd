//! The defaults of a fixture, for stores that keep files in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Fallible, Tear};

/// Copies the files and folders in `from`, with their permissions, into `to`.
pub(crate) fn copy(from: &Path, to: &Path) -> Fallible<()> {
    for path in entries(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            fs::create_dir(&target)?;
            fs::set_permissions(&target, fs::metadata(&path)?.permissions())?;
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Whether any file below `folder` contains `bytes`.
pub(crate) fn holds(folder: &Path, bytes: &[u8]) -> Fallible<bool> {
    Ok(find(folder, bytes)?.is_some())
}

/// Damages the file below `folder` that contains `body`.
pub(crate) fn tear(folder: &Path, body: &[u8], tear: Tear) -> Fallible<()> {
    let Some((path, mut file, start)) = find(folder, body)? else {
        return Err("no file holds the bytes of the answer: implement Fixture::tear".into());
    };
    let (middle, end) = (start + body.len() / 2, start + body.len());
    match tear {
        Tear::Short => file.truncate(middle),
        Tear::Zeros => file.iter_mut().take(end).skip(middle).for_each(|byte| *byte = 0),
        Tear::WrongByte => file.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1),
    }
    fs::write(path, file)?;
    Ok(())
}

/// Every file and folder below `folder`.
pub(crate) fn walk(folder: &Path) -> Fallible<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(walk(&path)?);
        }
        found.push(path);
    }
    Ok(found)
}

/// The first file that contains `bytes`, its content, and where they begin.
fn find(folder: &Path, bytes: &[u8]) -> Fallible<Option<(PathBuf, Vec<u8>, usize)>> {
    for path in walk(folder)? {
        if path.is_file() {
            let content = fs::read(&path)?;
            if let Some(start) = content.windows(bytes.len()).position(|window| window == bytes) {
                return Ok(Some((path, content, start)));
            }
        }
    }
    Ok(None)
}

fn entries(folder: &Path) -> Fallible<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    Ok(entries?)
}
