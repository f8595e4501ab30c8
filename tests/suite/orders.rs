//! Every order: two jobs on a real PostgreSQL, with a gate in front of each, so that the test decides in which order their statements
//! reach the server: the first one's up to one, the second one's up to another, then the first to its end, then the second. Whatever the
//! order, what is left in the end is what one of the two serial orders leaves, and every promise is kept.
//!
//! CI takes a spread of the orders; `scripts/crashpoints orders::` takes all. A failure names its order; `NIKITA_ORDER` replays it.

use crate::points::{JOBS, end, job, settle, world};
use crate::support::bin::Running;
use crate::support::db::Db;
use crate::support::gate::Gate;
use crate::support::long_form::{each, every};
use crate::support::promises;
use crate::support::seed::NOW;

/// How many orders of a pair CI takes.
const SPREAD: usize = 2;

/// A job that waits in front of its gate.
struct Side {
    gate: Gate,
    run: Running,
}

impl Side {
    fn new(db: &Db, which: usize) -> Self {
        let gate = Gate::before(db);
        let (name, args) = JOBS[which];
        let overlaps: &[&str] = if name == "process-conversations" { &["--allow-overlap"] } else { &[] };
        let run = job(db, args, NOW).args(overlaps).env("DATABASE_URL", &gate.url).start();
        Self { gate, run }
    }

    /// Lets so many statements pass, or all; it may come to wait for the other side before.
    fn pass(&mut self, statements: Option<usize>) {
        self.gate.pass(statements, || !self.run.is_running());
    }

    fn done(self, order: &str) {
        let done = self.run.done();
        let expected = [0, 3, 69, 75];
        assert!(done.exit().is_some_and(|code| expected.contains(&code)), "{order}: {}", done.all());
    }
}

/// What is left where the first job passes `cuts.0` statements, the second `cuts.1`, then the first the rest, then the second.
fn left(world: &Db, pair: (usize, usize), cuts: (usize, usize), order: &str) -> Vec<Vec<String>> {
    let db = world.copy();
    let (mut first, mut second) = (Side::new(&db, pair.0), Side::new(&db, pair.1));
    first.pass(Some(cuts.0));
    second.pass(Some(cuts.1));
    first.pass(None);
    second.pass(None);
    first.done(order);
    second.done(order);
    let broken = promises::broken(&db);
    assert!(broken.is_empty(), "{order}: {broken:?}");
    settle(&db);
    end(&db)
}

/// What is left where one goes behind the other, and how many statements the first one has.
fn serial(world: &Db, pair: (usize, usize)) -> (Vec<Vec<String>>, usize) {
    let db = world.copy();
    let mut first = Side::new(&db, pair.0);
    first.pass(None);
    let statements = first.gate.passed();
    first.done("alone");
    let mut second = Side::new(&db, pair.1);
    second.pass(None);
    second.done("behind the other");
    settle(&db);
    (end(&db), statements)
}

#[expect(clippy::print_stderr, reason = "how much was tried is a result, which the docs state")]
fn every_order(first: usize) {
    let replay = std::env::var("NIKITA_ORDER").ok();
    let step = if replay.is_some() { Some(1) } else { every() };
    let world = world(Db::postgres());
    // The other half of the pairs has the same serial orders, and is left to the long form.
    let from = if step.is_some() { 0 } else { first };
    for (second, job) in JOBS.iter().enumerate().skip(from) {
        let (one, statements) = serial(&world, (first, second));
        let (other, statements_of_second) = serial(&world, (second, first));
        let all: Vec<_> = (1..statements).flat_map(|i| (1..statements_of_second).map(move |k| (i, k))).collect();
        let step = step.unwrap_or(all.len() / SPREAD).max(1);
        let named = |cuts: &(usize, usize)| format!("{} {} {} {}", JOBS[first].0, job.0, cuts.0, cuts.1);
        let is_wanted = |cuts: &(usize, usize)| replay.as_ref().is_none_or(|wanted| *wanted == named(cuts));
        let chosen: Vec<_> = all.iter().skip(step / 2).step_by(step).copied().filter(is_wanted).collect();
        let tried = each(
            &chosen,
            || (),
            |(), cuts| {
                let order = named(cuts);
                let left = left(&world, (first, second), *cuts, &order);
                assert!(
                    left == one || left == other,
                    "NIKITA_ORDER='{order}': {left:#?}\nis neither\n{one:#?}\nnor\n{other:#?}"
                );
                true
            },
        );
        eprintln!("{} and {}: {} orders, {tried} tried", JOBS[first].0, job.0, all.len());
    }
}

macro_rules! orders {
    ($($test:ident: $job:literal;)*) => {
        const _: () = assert!([$($job),*].len() == JOBS.len(), "each has its test");
        $(
        #[test]
        fn $test() {
            every_order($job);
        }
        )*
    };
}
orders! {
    decay_with_each_other_job: 0;
    process_conversations_with_each_other_job: 1;
    recover_with_each_other_job: 2;
    scan_stuck_with_each_other_job: 3;
}

/// Whoever begins while another one is beginning has a lease that is younger than the other one's idea of the time. It is not from the future:
/// wherever the other one was held up, the run lives. (The orders above can't see it: their clock stands still.)
#[test]
fn a_run_that_begins_while_another_begins_is_not_taken_for_dead() {
    let db = Db::postgres();
    let begin = |gate: &Gate| {
        let arguments = ["process-conversations", "--allow-overlap", "--force"];
        db.command(&arguments).env("DATABASE_URL", &gate.url).start()
    };
    let running = || db.value("select count(*) from job_executions where status = 'running'");
    let mut cut = 0;
    loop {
        cut += 1;
        let (slow, quick) = (Gate::before(&db), Gate::before(&db));
        let (mut first, mut second) = (begin(&slow), begin(&quick));
        slow.pass(Some(cut), || !first.is_running());
        if running() != "0" {
            slow.pass(None, || !first.is_running());
            quick.pass(None, || !second.is_running());
            break;
        }
        while running() == "0" {
            assert!(second.is_running(), "the second one begins");
            quick.pass(Some(1), || !second.is_running());
        }
        slow.pass(None, || !first.is_running());
        assert_eq!(running(), "1", "after {cut} statements of the first, the second one lives");
        quick.pass(None, || !second.is_running());
        first.done().code(0);
        second.done().code(0);
    }
    assert!(cut > 4, "{cut} statements are no beginning");
}
