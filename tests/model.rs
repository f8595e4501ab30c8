//! The model of the diagrams in `src/store/claims.rs` and docs/ARCHITECTURE.md: lease, claim, fence, commit, recover and lost answers, with
//! three runs, two conversations of one player, an operator's `recover` and the application, searched exhaustively.
//!
//! A step is what the database does as one statement or one transaction. Between any two steps anything may happen: a lease runs out, an
//! answer is lost, the server takes a message whose sender has given it up. A run that is frozen, or dead, is one that takes no step.

#![expect(
    clippy::print_stdout,
    clippy::struct_excessive_bools,
    reason = "the figures of the documentation are printed; a world is a row of facts"
)]

use std::collections::HashSet;

/// One less than the jobs have, so that three runs can use them up.
const MOST_ATTEMPTS: u8 = 2;

/// What keeps the promises. Taking one away must be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// A lease is taken only where none is live.
    Lease,
    /// A claim asks that no other conversation of the player is claimed.
    OnePlayer,
    /// The fence asks for the token.
    FenceToken,
    /// The fence asks whether the application has claimed the row meanwhile (`processing_started_at`).
    FenceStart,
    /// Recover repeats the token it has seen.
    RescueToken,
    /// After a lost answer, a claim that is still ours is given back before anything is said of it.
    GiveBack,
    /// A commit leaves its token behind, for the question after a lost answer.
    ClosedToken,
    /// A run is closed only while it is `running`.
    CloseOnce,
    /// A run that ends gives back what it has claimed.
    OwnClaims,
    /// Before that it waits for a claim that is still under way.
    OwnClaimsWait,
}

const GUARDS: [Guard; 10] = {
    use Guard::*;
    [Lease, OnePlayer, OwnClaimsWait, FenceToken, FenceStart, RescueToken, GiveBack, ClosedToken, CloseOnce, OwnClaims]
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Status {
    Active,
    Processing,
    Processed,
    Failed,
}
use Status::{Active, Failed, Processed, Processing};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Conversation {
    status: Status,
    /// Whose claim it is. A run claims once, so that it is its own token.
    token: Option<usize>,
    /// Whether `processing_started_at` is what that claim wrote.
    started_by_claim: bool,
    attempts: u8,
    effects: u8,
    /// The token whose commit wrote them, and whether the row says so (`closed_token`).
    writer: Option<usize>,
    is_signed: bool,
    /// The application works on it, and will write its outcome.
    application: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Idle,
    /// It goes on, with nothing in hand.
    Free,
    /// The claim was sent.
    Claiming,
    /// It works on this one.
    Working(usize),
    /// The answer to a claim was lost: it can only end.
    Ending,
    /// The commit was sent.
    Committing(usize),
    /// The answer to the commit was lost.
    Asking(usize),
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lease {
    None,
    Live,
    RunOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Run {
    at: At,
    lease: Lease,
    running: bool,
    closes: u8,
    has_claimed: bool,
    /// A claim, and a commit of this conversation, that the server has not taken yet.
    claim_on_its_way: bool,
    commit_on_its_way: Option<usize>,
    /// Whether it has said that its commit was not made.
    has_said_undone: bool,
    /// Whether it has closed itself.
    finished: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    conversations: [Conversation; 2],
    runs: [Run; 3],
    /// What `recover` has seen and not written yet.
    seen: Option<(usize, Option<usize>)>,
    /// Whether `recover` has taken a claim from a run that lives.
    robbed: bool,
    /// The application interferes once.
    interfered: bool,
}

struct Rules {
    without: Option<Guard>,
    /// Runs may overlap: each has a lease of its own. Then the application stays away, or there are too many worlds.
    overlap: bool,
}

impl Rules {
    fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }
}

/// Every world that one step leads to.
fn steps(world: &World, rules: &Rules) -> Vec<World> {
    let mut next = Vec::new();
    let mut go = |change: &dyn Fn(&mut World)| {
        let mut it = *world;
        change(&mut it);
        next.push(it);
    };
    for r in 0..3 {
        let run = &world.runs[r];
        if run.lease == Lease::Live {
            go(&|w| w.runs[r].lease = Lease::RunOut);
        }
        // What is on its way arrives, whoever still waits for it.
        if run.claim_on_its_way {
            go(&|w| claim(w, r, rules));
        }
        if let Some(c) = run.commit_on_its_way {
            go(&|w| commit(w, r, c, rules));
        }
        match run.at {
            At::Idle if begins(world, r, rules) => go(&|w| begin(w, r)),
            At::Free => {
                if !run.has_claimed {
                    go(&|w| {
                        w.runs[r].has_claimed = true;
                        (w.runs[r].at, w.runs[r].claim_on_its_way) = (At::Claiming, true);
                    });
                }
                go(&|w| finish(w, r, rules));
            }
            At::Claiming => go(&|w| w.runs[r].at = At::Ending),
            At::Ending if !run.claim_on_its_way || !rules.has(Guard::OwnClaimsWait) => go(&|w| finish(w, r, rules)),
            At::Working(c) => {
                go(&|w| (w.runs[r].at, w.runs[r].commit_on_its_way) = (At::Committing(c), Some(c)));
                go(&|w| {
                    give_back(w, c, r);
                    w.runs[r].at = At::Free;
                });
            }
            At::Committing(c) => go(&|w| w.runs[r].at = At::Asking(c)),
            At::Asking(c) => go(&|w| ask(w, r, c, rules)),
            At::Idle | At::Ending | At::Ended => {}
        }
    }
    for c in 0..2 {
        let it = &world.conversations[c];
        if it.status == Processing && !it.application && world.seen.is_none() && !owner_is_live(world, c) {
            go(&|w| w.seen = Some((c, it.token)));
        }
        // It sets `processing` on a row, and knows nothing of tokens. Later it writes its outcome.
        if !world.interfered && !rules.overlap && it.status == Processing {
            go(&|w| {
                w.interfered = true;
                (w.conversations[c].application, w.conversations[c].started_by_claim) = (true, false);
            });
        }
        if it.application {
            go(&|w| (w.conversations[c].application, w.conversations[c].status) = (false, Processed));
        }
    }
    if let Some((c, seen)) = world.seen {
        go(&|w| rescue(w, c, seen, rules));
    }
    next
}

fn begins(world: &World, r: usize, rules: &Rules) -> bool {
    // They are alike: the first is the one that begins first.
    let is_next = r == 0 || world.runs[r - 1].at != At::Idle;
    let is_free = (0..3).all(|o| world.runs[o].lease != Lease::Live);
    is_next && (is_free || rules.overlap || !rules.has(Guard::Lease))
}

fn begin(w: &mut World, r: usize) {
    for o in 0..3 {
        if w.runs[o].lease == Lease::RunOut {
            close(w, o);
        }
    }
    (w.runs[r].at, w.runs[r].lease, w.runs[r].running) = (At::Free, Lease::Live, true);
}

fn close(w: &mut World, r: usize) {
    w.runs[r].lease = Lease::None;
    if w.runs[r].running {
        (w.runs[r].running, w.runs[r].closes) = (false, w.runs[r].closes + 1);
    }
}

fn claim(w: &mut World, r: usize, rules: &Rules) {
    w.runs[r].claim_on_its_way = false;
    let waits = w.runs[r].at == At::Claiming;
    let busy = |o: &Conversation| o.status == Processing;
    let free = |w: &World, c: usize| {
        let (it, other) = (&w.conversations[c], &w.conversations[1 - c]);
        it.status == Active && it.attempts < MOST_ATTEMPTS && (!busy(other) || !rules.has(Guard::OnePlayer))
    };
    let found = (0..2).find(|c| free(w, *c));
    if let Some(c) = found {
        let it = &mut w.conversations[c];
        (it.status, it.token, it.started_by_claim, it.attempts) = (Processing, Some(r), true, it.attempts + 1);
    }
    if waits {
        w.runs[r].at = found.map_or(At::Free, At::Working);
    }
}

fn commit(w: &mut World, r: usize, c: usize, rules: &Rules) {
    w.runs[r].commit_on_its_way = None;
    let it = &mut w.conversations[c];
    let ours = it.status == Processing
        && (it.token == Some(r) || !rules.has(Guard::FenceToken))
        && (it.started_by_claim || !rules.has(Guard::FenceStart));
    if ours {
        (it.status, it.token, it.effects) = (Processed, None, it.effects + 1 + u8::from(it.application));
        (it.writer, it.is_signed) = (Some(r), rules.has(Guard::ClosedToken));
    }
    if w.runs[r].at == At::Committing(c) {
        w.runs[r].at = At::Free;
    }
}

fn owner_is_live(w: &World, c: usize) -> bool {
    w.conversations[c].token.is_some_and(|token| w.runs[token].lease == Lease::Live)
}

fn is_ours(w: &World, c: usize, r: usize) -> bool {
    let it = &w.conversations[c];
    it.status == Processing && it.token == Some(r) && it.started_by_claim
}

fn give_back(w: &mut World, c: usize, r: usize) {
    if is_ours(w, c, r) {
        let it = &mut w.conversations[c];
        (it.status, it.token, it.attempts) = (Active, None, it.attempts - 1);
    }
}

fn ask(w: &mut World, r: usize, c: usize, rules: &Rules) {
    let (signed, ours) = (w.conversations[c].is_signed && w.conversations[c].writer == Some(r), is_ours(w, c, r));
    // Neither: unknown, and nothing is said. Without a signed row there is only "not written" to say.
    if ours || (!signed && !rules.has(Guard::ClosedToken)) {
        w.runs[r].has_said_undone = true;
    }
    if ours && rules.has(Guard::GiveBack) {
        give_back(w, c, r);
    }
    w.runs[r].at = At::Free;
}

fn finish(w: &mut World, r: usize, rules: &Rules) {
    if rules.has(Guard::OwnClaims) {
        for c in 0..2 {
            give_back(w, c, r);
        }
    }
    if w.runs[r].running || !rules.has(Guard::CloseOnce) {
        w.runs[r].running = true;
        close(w, r);
        w.runs[r].finished = true;
    }
    w.runs[r].at = At::Ended;
}

fn rescue(w: &mut World, c: usize, seen: Option<usize>, rules: &Rules) {
    w.seen = None;
    let repeats = (w.conversations[c].token == seen && !owner_is_live(w, c)) || !rules.has(Guard::RescueToken);
    if w.conversations[c].status == Processing && w.conversations[c].started_by_claim && repeats {
        w.robbed |= owner_is_live(w, c);
        let it = &mut w.conversations[c];
        (it.status, it.token) = (if it.attempts < MOST_ATTEMPTS { Active } else { Failed }, None);
    }
}

/// The promise that a world breaks.
fn broken(w: &World, rules: &Rules) -> Option<&'static str> {
    let claimed = |it: &&Conversation| it.status == Processing && it.started_by_claim;
    let live = w.runs.iter().filter(|it| it.lease == Lease::Live).count();
    let wrote = |r: usize| w.conversations.iter().any(|it| it.writer == Some(r));
    let left = |r: usize| w.conversations.iter().filter(claimed).any(|it| it.token == Some(r));
    [
        (
            w.conversations.iter().any(|it| it.effects > 1),
            "effects are there once, and not on a row of the application's",
        ),
        (w.conversations.iter().any(|it| it.attempts > MOST_ATTEMPTS), "no more attempts than there are"),
        (w.conversations.iter().filter(claimed).count() > 1, "one claimed conversation of a player"),
        (live > 1 && !rules.overlap, "one live lease"),
        (w.runs.iter().any(|it| it.closes > 1), "a run is closed once"),
        ((0..3).any(|r| w.runs[r].has_said_undone && wrote(r)), "what was said to be undone is not done"),
        ((0..3).any(|r| w.runs[r].finished && left(r)), "a run that has ended by itself holds no claim"),
        (w.robbed, "no claim is taken from a run that lives"),
    ]
    .into_iter()
    .find_map(|(is_broken, promise)| is_broken.then_some(promise))
}

/// Searches all worlds, the nearest first: how many there are, or the first promise that is broken.
fn search(rules: &Rules) -> Result<usize, &'static str> {
    let conversation = Conversation {
        status: Active,
        token: None,
        started_by_claim: true,
        attempts: 0,
        effects: 0,
        writer: None,
        is_signed: false,
        application: false,
    };
    let run = Run {
        at: At::Idle,
        lease: Lease::None,
        running: false,
        closes: 0,
        has_claimed: false,
        claim_on_its_way: false,
        commit_on_its_way: None,
        has_said_undone: false,
        finished: false,
    };
    let first =
        World { conversations: [conversation; 2], runs: [run; 3], seen: None, robbed: false, interfered: false };
    let (mut known, mut edge) = (HashSet::from([first]), vec![first]);
    while !edge.is_empty() {
        let mut further = Vec::new();
        for next in edge.iter().flat_map(|world| steps(world, rules)) {
            if let Some(promise) = broken(&next, rules) {
                return Err(promise);
            }
            if known.insert(next) {
                further.push(next);
            }
        }
        edge = further;
    }
    Ok(known.len())
}

#[test]
fn no_order_of_steps_breaks_a_promise() {
    for overlap in [false, true] {
        let worlds = search(&Rules { without: None, overlap });
        println!("overlap {overlap}: {worlds:?} worlds");
        assert!(worlds.is_ok_and(|it| it > 10_000), "{worlds:?}");
    }
}

#[test]
fn every_guard_that_is_taken_away_is_found() {
    for guard in GUARDS {
        let found = [false, true].iter().find_map(|&overlap| search(&Rules { without: Some(guard), overlap }).err());
        println!("without {guard:?}: {found:?}");
        assert!(found.is_some(), "nothing needs {guard:?}");
    }
}
