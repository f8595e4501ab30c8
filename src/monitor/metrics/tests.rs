use super::*;

fn sample(outcome: Outcome) -> Sample<'static> {
    let (completed_elsewhere, pending, stuck) = (Some(50.0), None, Some(1.0));
    Sample {
        job: "decay",
        outcome,
        ended_at: 100.5,
        completed_elsewhere,
        duration: 2.25,
        cost_usd: 0.5,
        pending,
        stuck,
        recovered: &[],
    }
}

fn after(outcomes: &[Outcome]) -> Values {
    outcomes.iter().fold(parse(""), |values, outcome| {
        let mut values = parse(&render(&values));
        apply(&mut values, &sample(*outcome));
        values
    })
}

#[test]
fn every_series_is_there_from_the_start_with_a_zero() {
    let values = parse("");
    assert_eq!(values.len(), (4 + Outcome::ALL.len() + 1) * Job::ALL.len() + RECOVERIES.len() + 4);
    assert!(values.values().all(|value| value.abs() < f64::EPSILON));
}

/// A sample of a metric that has no row would be dropped without a word.
#[test]
fn every_name_has_its_row() {
    let (code, _) = include_str!("../metrics.rs").split_once("mod tests").expect("tests");
    let names = code.split('"').filter(|it| it.starts_with("nikita_jobs_") && it.len() > "nikita_jobs_".len());
    let names: BTreeSet<&str> = names.collect();
    assert_eq!(names, METRICS.iter().map(|it| it.name).collect());
}

#[test]
fn counters_go_on_from_what_the_file_said() {
    let values = after(&[Outcome::Success, Outcome::Success, Outcome::Failure]);
    assert!((values[&of_outcome(RUNS, "decay", Outcome::Success)] - 2.0).abs() < 1e-9);
    assert!((values[&of_outcome(RUNS, "decay", Outcome::Failure)] - 1.0).abs() < 1e-9);
    assert!((values[&of_job(COST, "decay")] - 1.5).abs() < 1e-9);
    assert!(values[&of_outcome(RUNS, "recover", Outcome::Success)].abs() < 1e-9);
    assert!((values[STUCK] - 1.0).abs() < 1e-9);
}

#[test]
fn recoveries_are_counted_by_kind_and_rule() {
    let recovered = [("audit", "too_long"), ("execution", "owner_dead"), ("execution", "owner_dead")];
    let mut values = parse("");
    apply(&mut values, &Sample { job: "scan-stuck", recovered: &recovered, ..sample(Outcome::Success) });
    let values = parse(&render(&values));
    let of = |kind, rule| values[&of_recovery("scan-stuck", kind, rule)];
    assert!((of("execution", "owner_dead") - 2.0).abs() < 1e-9 && (of("audit", "too_long") - 1.0).abs() < 1e-9);
    assert!(of("audit", "inactive").abs() < 1e-9);
}

/// A rule that is added to the contract is counted, too.
#[test]
fn every_rule_has_its_series() {
    for rule in crate::domain::result::RecoverRule::ALL.iter().filter(|rule| rule.as_str() != "none") {
        assert!(parse("").keys().any(|series| series.contains(&format!("rule=\"{rule}\""))), "{rule}");
    }
}

#[test]
fn a_skip_tells_of_the_run_that_was_made_elsewhere_and_never_turns_back() {
    assert!((after(&[Outcome::Fresh])[&of_job(LAST_SUCCESS, "decay")] - 50.0).abs() < 1e-9);
    assert!((after(&[Outcome::Success, Outcome::Fresh])[&of_job(LAST_SUCCESS, "decay")] - 100.5).abs() < 1e-9);
    assert!(after(&[Outcome::Held])[&of_job(LAST_SUCCESS, "decay")].abs() < 1e-9);
    assert!(after(&[Outcome::Fresh])[&of_job(LAST_COMPLETION, "decay")].abs() < 1e-9);
}

#[test]
fn a_gauge_goes_when_this_host_no_longer_observes_it_and_comes_back_with_a_look() {
    let later = |values: &Values, ended_at, stuck| {
        let mut values = parse(&render(values));
        apply(&mut values, &Sample { ended_at, stuck, ..sample(Outcome::Success) });
        parse(&render(&values))
    };
    let fresh = later(&after(&[Outcome::Success]), 3_700.0, None);
    assert!((fresh[STUCK] - 1.0).abs() < 1e-9);
    let stale = later(&fresh, 3_701.0, None);
    assert!(!stale.contains_key(STUCK));
    assert!((stale[OBSERVED[1].1] - 100.5).abs() < 1e-9);
    assert!((later(&stale, 3_800.0, Some(2.0))[STUCK] - 2.0).abs() < 1e-9);
}

#[test]
fn a_job_of_exec_gets_its_series_with_its_first_run_and_keeps_them() {
    let mut values = parse("");
    apply(&mut values, &Sample { job: "letter", ..sample(Outcome::Success) });
    let mut values = parse(&render(&values));
    apply(&mut values, &sample(Outcome::Failure));
    assert!((values[&of_outcome(RUNS, "letter", Outcome::Success)] - 1.0).abs() < 1e-9);
    assert!(values[&of_outcome(RUNS, "letter", Outcome::Failure)].abs() < 1e-9);
}

#[test]
fn a_damaged_file_counts_as_far_as_it_can_be_read() {
    let runs = of_outcome(RUNS, "decay", Outcome::Success);
    let values = parse(&format!("{runs} 7\n{runs}x 9\nnikita_jobs_conversations_stuck NaN\nother{{}} 3\n\u{0}garbage"));
    assert!((values[&runs] - 7.0).abs() < 1e-9);
    assert!(values[STUCK].abs() < 1e-9);
    assert!(!values.contains_key("other{}"));
}

#[test]
fn the_label_that_prometheus_keeps_for_itself_is_carried_over() {
    let values = parse("nikita_jobs_runs_total{job=\"decay\",outcome=\"success\"} 7");
    assert!((values[&of_outcome(RUNS, "decay", Outcome::Success)] - 7.0).abs() < 1e-9);
    assert!(!render(&values).contains("{job="));
}
