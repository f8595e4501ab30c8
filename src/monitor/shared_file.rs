//! A file that several processes of this host change: read, changed, and put back by a rename, under a lock beside it
//! (`PATH.lock`), so that a reader sees the old file or the new one, whatever kills the writer.
//!
//! Others may be able to write in its folder. They gain nothing by it: no link is followed, no lock is emptied, and a lock that
//! another user owns, or that a frozen process holds, is replaced. Whose lock was replaced begins again.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::clock;

/// The longest wait for another writer, which holds the file for milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(10);
/// How often a lock may be taken away from us.
const MOST_TRIES: usize = 5;

/// Changes the file at `path`, or makes it, readable by everyone. `change` gets what stood in it before; nothing, if it was not
/// there.
///
/// # Errors
/// Where the file or its folder can't be written, or `change` refuses. What stood there before is still there then.
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
    Err(io::Error::other("its lock was taken away again and again"))
}

fn refuse_what_is_no_file(path: &Path) -> io::Result<()> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if there.is_symlink() {
        Err(io::Error::other("it is a symbolic link; name the file itself"))
    } else if there.is_file() || there.is_dir() {
        Ok(())
    } else {
        Err(io::Error::other("it is a device or a pipe, and no file to be replaced"))
    }
}

/// Whether the new text is in place; not where the lock is no longer ours.
fn replace(path: &Path, text: &[u8], lock: &Lock) -> io::Result<bool> {
    let fresh = beside(path, ".new");
    // One of this name is left from a process that was killed.
    let _ = fs::remove_file(&fresh);
    // A new file, so that nothing is written through a link.
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).and_then(|mut file| {
        file.write_all(text)?;
        // Whatever the umask is: another user's collector reads it.
        file.set_permissions(Permissions::from_mode(0o644))?;
        // Else a power cut may leave the new name with no content.
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
        Err(io::Error::other(format!("its lock {} can't be had", path.display())))
    }

    /// Waits for whoever holds it, but not for ever: he may be frozen. Whether it was given up.
    fn wait(&self) -> io::Result<bool> {
        let began = clock::start();
        loop {
            match self.file.try_lock() {
                Ok(()) => return Ok(true),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if began.elapsed() < LONGEST_WAIT => thread::sleep(PAUSE),
                // Unless he has been replaced already.
                Err(TryLockError::WouldBlock) => return Ok(!self.is_ours()),
            }
        }
    }

    /// Whether it is still the file of its name.
    fn is_ours(&self) -> bool {
        match (self.file.metadata(), fs::symlink_metadata(&self.path)) {
            (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
}

/// The lock's file, for nobody but its owner. None where it was another user's, who might never let go of it, and is gone now.
fn open(path: &Path) -> io::Result<Option<File>> {
    // A pipe in its place must not hold us up, nor a link lead elsewhere.
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
        return Err(at_path("is no file"));
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
    fs::remove_file(path)
        .map_err(|error| io::Error::new(error.kind(), format!("its lock {} is another's: {error}", path.display())))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
