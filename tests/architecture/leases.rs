//! Whether a lease is alive is judged by the clock as it is when the statement looks at it. By an earlier one (the run's, a parameter) a lease
//! that another run has renewed since would be one of the future, which is not believed.

use std::fs;

use crate::root;

/// Where a time of a lease is compared with a parameter: an earlier clock. A margin behind it is one for clocks that differ; `:since` is an
/// operator's.
fn by_an_earlier_clock(sql: &str) -> Vec<String> {
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words: Vec<&str> = lines.flat_map(words).chain([""]).collect();
    let is_earlier = |at: &[&str]| {
        let [time, comparison, clock, behind] = at else { return false };
        let (clock, _) = clock.split_once("::").unwrap_or((clock, ""));
        time.ends_with("heartbeat_at")
            && ["<", "<=", ">", ">="].contains(comparison)
            && clock.starts_with(':')
            && clock != ":since"
            && *behind != "+"
    };
    words.windows(4).filter(|at| is_earlier(at)).map(|at| at.join(" ")).collect()
}

/// Brackets and commas do not belong to a word.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || "(),;".contains(c)).filter(|word| !word.is_empty())
}

#[test]
fn a_lease_is_judged_by_the_clock_of_its_statement() {
    for folder in ["postgres", "sqlite", "common"] {
        for entry in fs::read_dir(root().join("src/store/sql").join(folder)).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            let found = by_an_earlier_clock(&fs::read_to_string(&path).expect("a statement"));
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        }
    }
}

#[test]
fn an_earlier_clock_is_seen() {
    assert_eq!(by_an_earlier_clock("where (expires_at <= :now or heartbeat_at > :now) and a").len(), 1);
    assert_eq!(by_an_earlier_clock("and l.heartbeat_at <= :now\n)").len(), 1);
    assert_eq!(by_an_earlier_clock("and l.heartbeat_at <= :at::timestamptz and b").len(), 1);
    assert!(by_an_earlier_clock("(l.heartbeat_at >= :since) is not false").is_empty());
    assert!(by_an_earlier_clock("-- l.heartbeat_at > :now\nl.heartbeat_at > :now + interval '1 minute'").is_empty());
    assert!(by_an_earlier_clock("l.heartbeat_at <= coalesce(:clock, clock_timestamp())").is_empty());
}
