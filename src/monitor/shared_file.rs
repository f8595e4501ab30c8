//! A file that several processes of this host change. It is replaced by a rename, under a lock file (`PATH.lock`), so that a reader
//! sees either the old or the new file, even if the writer is killed.
//!
//! The directory can be writable for other users. They can't abuse it: no link is followed, no lock file is truncated, and a lock that
//! another user owns, or that a frozen process holds, is replaced. A process whose lock was replaced starts again.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::clock;

/// The longest wait for another writer, which normally holds the lock for milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The pause between two tries to lock.
const PAUSE: Duration = Duration::from_millis(10);
/// The most tries after losing a lock.
const MOST_TRIES: usize = 5;

/// Changes or creates the file at `path`, readable by everyone. `change` gets the old content, which is empty for a new file.
///
/// # Errors
/// If the file or its directory can't be written, or `change` fails. Then the old file is unchanged.
pub fn update(path: &Path, change: impl Fn(&[u8]) -> io::Result<String>) -> io::Result<()> {
    refuse_what_is_no_file(path)?;
    for _ in 0..MOST_TRIES {
        let lock = Lock::take(&beside(path, ".lock"))?;
        let before = match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        if replace(path, change(&before)?.as_bytes(), &lock)? {
            return Ok(());
        }
    }
    Err(io::Error::other("other processes keep replacing its lock"))
}

fn refuse_what_is_no_file(path: &Path) -> io::Result<()> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if there.is_symlink() {
        Err(io::Error::other("it is a symbolic link; name the file itself"))
    } else if there.is_file() || there.is_dir() {
        Ok(())
    } else {
        Err(io::Error::other("it is a device or a pipe, not a regular file"))
    }
}

/// Replaces the file; returns `false` if the lock is no longer ours.
fn replace(path: &Path, text: &[u8], lock: &Lock) -> io::Result<bool> {
    let fresh = beside(path, ".new");
    // A killed process can have left a file of this name.
    let _ = fs::remove_file(&fresh);
    // A new file, so that nothing is written through a link.
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).and_then(|mut file| {
        file.write_all(text)?;
        // Whatever the umask, because another user's collector reads it.
        file.set_permissions(Permissions::from_mode(0o644))?;
        // Otherwise a power cut could leave an empty file under the new name.
        file.sync_all()
    });
    if !lock.is_ours() {
        return Ok(false);
    }
    let replaced = written.and_then(|()| fs::rename(&fresh, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    replaced.map(|()| true)
}

/// A lock that is held until it is dropped. Its file stays.
struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    fn take(path: &Path) -> io::Result<Self> {
        for _ in 0..MOST_TRIES {
            let Some(file) = open(path)? else { continue };
            let lock = Self { path: path.to_owned(), file };
            if !lock.wait()? {
                remove(path)?;
            } else if lock.is_ours() {
                return Ok(lock);
            }
        }
        Err(io::Error::other(format!("its lock {} can't be acquired", path.display())))
    }

    /// Waits for the holder, but not forever, because it can be frozen. Returns whether the holder has released it.
    fn wait(&self) -> io::Result<bool> {
        let began = clock::start();
        loop {
            match self.file.try_lock() {
                Ok(()) => return Ok(true),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if began.elapsed() < LONGEST_WAIT => thread::sleep(PAUSE),
                // `true` if another process has already replaced the lock.
                Err(TryLockError::WouldBlock) => return Ok(!self.is_ours()),
            }
        }
    }

    /// Whether the file at its path is still the one that is locked.
    fn is_ours(&self) -> bool {
        match (self.file.metadata(), fs::symlink_metadata(&self.path)) {
            (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
}

/// Opens or creates the lock file, accessible only by its owner. `None` if it was another user's, who could hold it forever, and has
/// now been removed.
fn open(path: &Path) -> io::Result<Option<File>> {
    // A pipe in its place must not block us, and a link must not be followed.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let options = OpenOptions::new().read(true).write(true).create(true).mode(0o600).custom_flags(flags).to_owned();
    let at_path = |why: &str| io::Error::other(format!("its lock {} {why}", path.display()));
    let file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && path.exists() => {
            return remove(path).map(|()| None);
        }
        Err(error) if fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink()) => {
            drop(error);
            return Err(at_path("is a symbolic link"));
        }
        other => other?,
    };
    let there = file.metadata()?;
    if !there.is_file() {
        return Err(at_path("is not a regular file"));
    }
    let user = rustix::process::geteuid().as_raw();
    if user != 0 && there.uid() != user {
        return remove(path).map(|()| None);
    }
    if there.mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(Some(file))
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).map_err(|error| {
        io::Error::new(error.kind(), format!("its lock {} belongs to another user: {error}", path.display()))
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
