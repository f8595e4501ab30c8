//! Power cut (SQLite): what the jobs write and sync is recorded; then the file is made as a disk may have it after a cut at any point: all
//! that was synced, and of the rest some writes, in any order, the last one torn. Such an image opens, is sound, keeps every promise and
//! holds every commit that was acknowledged.
//!
//! A commit is acknowledged when the process goes on after it: COMMIT has answered. CI takes a spread of images; `scripts/crashpoints` more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::db::Db;
use crate::support::long_form::every;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, backlog, time};
use crate::support::shim::{Point, Shim};

/// A disk writes this many bytes or none of them.
const SECTOR: usize = 512;

/// The files of a database, by the letter that the shim gives them.
type Files = BTreeMap<char, Vec<u8>>;

/// What was recorded.
struct Recorded {
    /// The database file before it, synced.
    begin: Vec<u8>,
    points: Vec<Point>,
}

/// Four runs that commit: charges, conversations one by one, a recovery.
fn record() -> Recorded {
    let (db, shim) = (Db::sqlite(), Shim::build());
    backlog(&db, 2);
    Player { last_interaction: at(-36_000), ..Player::default() }.insert(&db);
    let begin = fs::read(db.file()).expect("the database");
    for (args, now) in [
        (&["decay"][..], NOW.to_owned()),
        (&["process-conversations", "--concurrency", "1"], NOW.to_owned()),
        (&["recover", "--requeue"], NOW.to_owned()),
        (&["decay"], time(3600)),
    ] {
        shim.before(db.command(args).args(&["--force", "--now", &now]), &db, None).done().code(0);
    }
    Recorded { begin, points: shim.take() }
}

impl Recorded {
    /// Behind which point each commit is in the log: a frame's head with a database size in it, and its page, are the last of a commit.
    fn commits(&self) -> Vec<usize> {
        let is_last_frame =
            |it: &Point| it.kind == 'w' && it.file == 'w' && it.bytes.len() == 24 && it.bytes[4..8] != [0; 4];
        (0..self.points.len()).filter(|at| is_last_frame(&self.points[*at])).map(|at| at + 2).collect()
    }

    /// The latest commit that was acknowledged when `cut` points had been passed.
    fn acknowledged(&self, cut: usize) -> Option<usize> {
        let goes_on = |from: usize| self.points[from..cut].iter().any(|it| it.kind != 's');
        self.commits().into_iter().rfind(|commit| *commit < cut && goes_on(*commit))
    }

    /// All that was written in the first `cut` points.
    fn whole(&self, cut: usize) -> Files {
        self.image(cut, &mut |_| usize::MAX)
    }

    /// What the disk may hold after a cut: what was synced, and of each other write as many bytes as `keep` says.
    fn image(&self, cut: usize, keep: &mut dyn FnMut(usize) -> usize) -> Files {
        let mut files = Files::from([('d', self.begin.clone())]);
        for (at, point) in self.points[..cut].iter().enumerate() {
            let is_synced = self.points[at..cut].iter().any(|it| it.kind == 's' && it.file == point.file);
            let kept = if is_synced { usize::MAX } else { keep(at) };
            if kept > 0 {
                apply(&mut files, point, kept);
            }
        }
        files
    }
}

fn apply(files: &mut Files, point: &Point, most: usize) {
    let offset = usize::try_from(point.offset).expect("small");
    match point.kind {
        'w' => {
            let bytes = &point.bytes[..point.bytes.len().min(most)];
            let file = files.entry(point.file).or_default();
            file.resize(file.len().max(offset + bytes.len()), 0);
            file[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        't' => files.entry(point.file).or_default().resize(offset, 0),
        'u' => drop(files.remove(&point.file)),
        _ => {}
    }
}

/// The image as a database.
fn mount(files: &Files) -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("test.sqlite");
    for (letter, bytes) in files {
        let suffix = match letter {
            'w' => "-wal",
            'j' => "-journal",
            _ => "",
        };
        fs::write(format!("{}{suffix}", file.display()), bytes).expect("written");
    }
    let db = Db::at(&file);
    (folder, db)
}

/// What has been done for good, as rows that never go again.
fn ledger(db: &Db) -> Result<BTreeSet<String>, String> {
    let sql = "select 'processed ' || id from conversations where status = 'processed' \
         union all select 'charged ' || id from score_history \
         union all select 'claimed ' || id from conversations where processing_attempts > 0 \
         union all select 'prompt ' || id from ready_prompts \
         union all select 'began ' || id from job_executions \
         union all select 'closed ' || id from job_executions where status <> 'running'";
    Ok(db.try_rows(sql).map_err(|error| error.to_string())?.into_iter().flatten().collect())
}

/// What is wrong with an image, if anything is.
fn fault(recorded: &Recorded, cut: usize, files: &Files, looks_up: bool) -> Option<String> {
    let (_folder, db) = mount(files);
    match db.try_rows("pragma integrity_check") {
        Ok(rows) if rows == [["ok"]] => {}
        other => return Some(format!("it is not sound: {other:?}")),
    }
    if let Some(commit) = recorded.acknowledged(cut) {
        let (_whole, whole) = mount(&recorded.whole(commit));
        let expected = ledger(&whole).expect("what was written whole can be read");
        match ledger(&db) {
            Ok(found) if found.is_superset(&expected) => {}
            Ok(found) => return Some(format!("lost: {:?}", expected.difference(&found).collect::<Vec<_>>())),
            Err(error) => return Some(error),
        }
    }
    let broken = if looks_up { promises::broken(&db) } else { vec![] };
    (!broken.is_empty()).then(|| format!("{broken:?}"))
}

/// The images after a cut at one point: nothing of what was not synced, all of it, and some of it, torn.
fn images(recorded: &Recorded, cut: usize, rng: &mut fastrand::Rng, many: usize) -> Vec<Files> {
    let mut all = vec![recorded.image(cut, &mut |_| 0), recorded.whole(cut)];
    for _ in 0..many {
        let torn = cut.saturating_sub(1 + rng.usize(0..3));
        let mut sectors = |at: usize| match rng.u8(0..3) {
            0 => 0,
            1 if at >= torn => SECTOR * rng.usize(0..8),
            _ => usize::MAX,
        };
        all.push(recorded.image(cut, &mut sectors));
    }
    all
}

/// The first fault among the images of many cuts, and how many images there were.
fn search(recorded: &Recorded, seed: u64) -> (usize, Option<String>) {
    let every = every();
    let (step, many) = every.map_or((recorded.points.len() / 16, 1), |step| (step, 6));
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut count = 0;
    for cut in (1..=recorded.points.len()).rev().step_by(step.max(1)) {
        for files in images(recorded, cut, &mut rng, many) {
            count += 1;
            if let Some(fault) = fault(recorded, cut, &files, every.is_some() || count % 4 == 0) {
                return (count, Some(format!("cut at point {cut} of {}, seed {seed}: {fault}", recorded.points.len())));
            }
        }
    }
    (count, None)
}

#[test]
#[expect(clippy::print_stderr, reason = "how much was tried is a result, which the docs state")]
fn what_was_acknowledged_outlives_a_power_cut() {
    let recorded = record();
    let (count, fault) = search(&recorded, 7);
    assert!(recorded.commits().len() >= 10, "{} commits", recorded.commits().len());
    assert_eq!(fault, None);
    eprintln!("{} points, {} commits, {count} images", recorded.points.len(), recorded.commits().len());
}

#[test]
fn without_its_syncs_the_same_record_is_red() {
    let recorded = record();
    // `synchronous = off` writes the same and syncs nothing; `normal` does not sync the log at a commit.
    for files in ["dwj", "w"] {
        let is_kept = |it: &&Point| it.kind != 's' || !files.contains(it.file);
        let points = recorded.points.iter().filter(is_kept).cloned().collect();
        let (_, fault) = search(&Recorded { begin: recorded.begin.clone(), points }, 7);
        assert!(fault.is_some(), "without the syncs of {files}, nothing is lost");
    }
}
