//! What the binary writes, syncs, sends and receives, counted and set down by `tests/faults/shim.c`; and what is done to it at one of
//! these points.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bin::Bin;
use super::db::Db;

/// What is done at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    KillBefore,
    KillAfter,
    /// Half of a write, or of what is sent; then killed.
    Half,
    Freeze,
    /// The connection ends when it has been sent.
    Sever,
    /// It fails with this errno.
    Fail(i32),
}

impl Act {
    pub const NO_SPACE: Self = Self::Fail(28);
    pub const BAD_DISK: Self = Self::Fail(5);

    fn word(self) -> String {
        match self {
            Self::KillBefore => "kill_before".to_owned(),
            Self::KillAfter => "kill_after".to_owned(),
            Self::Half => "half".to_owned(),
            Self::Freeze => "freeze".to_owned(),
            Self::Sever => "sever".to_owned(),
            Self::Fail(errno) => errno.to_string(),
        }
    }
}

/// A point, as it was set down.
#[derive(Clone, Debug)]
pub struct Point {
    /// w(rite), t(runcate), s(ync), u(nlink), S(end), R(eceive); `!` says that something was done.
    pub kind: char,
    /// d(atabase), w(al), j(ournal).
    pub file: char,
    /// Where it was written; the new length of a truncated file.
    pub offset: u64,
    pub bytes: Vec<u8>,
}

/// The shim, ready to be put in front of a binary.
pub struct Shim {
    _folder: tempfile::TempDir,
    library: PathBuf,
    pub log: PathBuf,
}

impl Shim {
    /// Builds it with the machine's C compiler.
    pub fn build() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (library, log) = (folder.path().join("shim.so"), folder.path().join("log"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
        assert!(built.expect("cc is there: scripts/test installs it").success(), "the shim is built");
        Self { _folder: folder, library, log }
    }

    /// The binary with the shim in front, which counts what goes to this database, and does something at a point of it.
    pub fn before(&self, bin: Bin, db: &Db, act: Option<(usize, Act)>) -> Bin {
        let bin = bin.env("LD_PRELOAD", &self.library).env("FAULT_LOG", &self.log);
        let bin = if db.is_postgres() {
            let url = db.direct_url();
            let port = url.split_once('@').and_then(|(_, rest)| rest.split_once('/')?.0.rsplit_once(':'));
            bin.env("FAULT_PORT", port.expect("a URL with a port").1)
        } else {
            bin.env("FAULT_FILE", db.file())
        };
        match act {
            Some((at, act)) => bin.env("FAULT_AT", at.to_string()).env("FAULT_DO", act.word()),
            None => bin,
        }
    }

    /// What was set down since the last time.
    pub fn take(&self) -> Vec<Point> {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let _ = fs::remove_file(&self.log);
        let (mut points, mut rest) = (Vec::new(), &bytes[..]);
        while let [kind, file, head @ ..] = rest {
            let offset = u64::from_le_bytes(head[..8].try_into().expect("8 bytes"));
            let length = u32::from_le_bytes(head[8..12].try_into().expect("4 bytes")) as usize;
            let (bytes, after) = head[12..].split_at(if *kind == b'w' { length } else { 0 });
            points.push(Point { kind: char::from(*kind), file: char::from(*file), offset, bytes: bytes.to_vec() });
            rest = after;
        }
        points
    }
}
