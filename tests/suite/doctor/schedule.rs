//! What starts the jobs on this host: nothing, timers, cron, both; and windows that are too long for it.

use std::os::unix::fs::symlink;

use serde_json::Value;

use super::{Host, look, of, says};
use crate::support::JOBS;
use crate::support::db::Db;

/// Looks where the database is in order and has not been used.
fn schedule(host: &Host, settings: &[(&str, &str)]) -> Value {
    let db = Db::sqlite();
    let bin = settings.iter().fold(host.doctor(&db, &[]), |bin, (name, value)| bin.env(name, value));
    look(bin, "warning", 0)
}

#[test]
fn no_schedule_is_told() {
    let host = Host::bare();
    // What starts something else, or nothing.
    host.file("etc/crontab", "17 * * * * root run-parts /etc/cron.hourly\n# 7 * * * * root nikita-jobs decay\n");
    host.file("etc/cron.d/nikita.bak", "7 * * * * root nikita-jobs decay\n");
    says(
        &schedule(&host, &[]),
        "schedule.installed",
        "warning",
        &["no schedule is installed on this host", "docs/deploy.md"],
    );
}

#[test]
fn a_job_that_nothing_starts_is_named() {
    let host = Host::bare();
    host.enable("decay");
    host.file("etc/cron.d/nikita", "* * * * * nikita /usr/bin/nikita-jobs process-conversations -q\n");
    host.file("etc/crontab", "*/2 * * * * root nikita-jobs recover --requeue\n");
    let result = schedule(&host, &[]);
    says(&result, "schedule.installed", "warning", &["nothing on this host starts scan-stuck"]);
    host.enable("scan-stuck");
    says(&schedule(&host, &[]), "schedule.installed", "ok", &["systemd's timers and cron start all jobs"]);
    // Masked, a timer is never started, whoever wants it.
    symlink("/dev/null", host.path("etc/systemd/system/nikita-jobs-decay.timer")).unwrap();
    says(&schedule(&host, &[]), "schedule.installed", "warning", &["nothing on this host starts decay"]);
}

#[test]
fn the_timers_of_instances_are_a_schedule() {
    let host = Host::bare();
    for job in JOBS {
        host.enable_instance(job, "shard1");
        host.enable_instance(job, "shard2");
    }
    let result = schedule(&host, &[]);
    says(&result, "schedule.installed", "ok", &["systemd's timers start all jobs"]);
    assert_eq!(of(&result, "schedule.double"), [] as [[String; 3]; 0]);
    // What their drop-ins change counts.
    host.file(
        "etc/systemd/system/nikita-jobs-decay@.timer.d/often.conf",
        "[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:00/10:00\nRandomizedDelaySec=0\n",
    );
    let said = ["decay starts every 10 min, and its window is 50 min: runs are skipped", "Lower NIKITA_DECAY_WINDOW"];
    says(&schedule(&host, &[("NIKITA_DECAY_WINDOW", "50m")]), "schedule.window", "warning", &said);
}

#[test]
fn the_shipped_crontab_is_a_schedule_and_stands_aside_for_timers() {
    let host = Host::bare();
    host.crontab("", "");
    says(&schedule(&host, &[]), "schedule.installed", "ok", &["cron starts all jobs"]);
    for job in JOBS {
        host.enable(job);
    }
    let result = schedule(&host, &[]);
    says(&result, "schedule.installed", "ok", &["systemd's timers start all jobs"]);
    says(&result, "schedule.double", "ok", &["the crontab's lines are inactive"]);
}

#[test]
fn two_schedules_at_once_are_told() {
    let host = Host::with_timers();
    host.file(
        "etc/cron.d/nikita",
        "7 * * * * nikita nikita-jobs decay -q\n*/5 * * * * nikita nikita-jobs scan-stuck -q\n",
    );
    let result = schedule(&host, &[]);
    says(
        &result,
        "schedule.double",
        "warning",
        &["both a systemd timer and cron start decay, scan-stuck;", "systemctl disable"],
    );
    let host = Host::bare();
    host.crontab("", "");
    host.file("etc/cron.d/nikita", "7 * * * * nikita nikita-jobs decay -q\n");
    says(&schedule(&host, &[]), "schedule.double", "warning", &["more than one crontab line starts decay"]);
    assert_eq!(of(&schedule(&Host::with_timers(), &[]), "schedule.double"), [] as [[String; 3]; 0]);
}

#[test]
fn a_window_longer_than_the_interval_is_told() {
    let said = ["decay starts every 1 h, and its window is 2 h: runs are skipped", "Lower NIKITA_DECAY_WINDOW"];
    let long = [("NIKITA_DECAY_WINDOW", "2h")];
    // By the timers, by the crontab, and by the shipped schedule where there is none.
    let cron = Host::bare();
    cron.crontab("", "");
    for host in [Host::with_timers(), cron, Host::bare()] {
        says(&schedule(&host, &long), "schedule.window", "warning", &said);
        says(&schedule(&host, &[]), "schedule.window", "ok", &[]);
    }
    let host = Host::with_timers();
    host.file(
        "etc/systemd/system/nikita-jobs-decay.timer.d/override.conf",
        "[Timer]\nOnCalendar=\nOnCalendar=*-*-* 0/3:07\n",
    );
    says(&schedule(&host, &long), "schedule.window", "ok", &[]);
    let host = Host::bare();
    host.crontab("* * * * *    [", "*/2 * * * *    [");
    let windows = [("NIKITA_PROCESS_WINDOW", "100s"), ("AUDIT_HEALTH_CHECK_INTERVAL_SECONDS", "3600")];
    says(
        &schedule(&host, &windows),
        "schedule.window",
        "warning",
        &["scan-stuck starts every 5 min, and its window is 48 min"],
    );
    // Another wrong setting does not hide it, and a window that is wrong itself is not called right.
    let db = Db::sqlite();
    let two = Host::bare().doctor(&db, &[]).env("NIKITA_DECAY_WINDOW", "2h").env("NIKITA_LEASE", "1s");
    says(&look(two, "error", 78), "schedule.window", "warning", &said);
    let wrong = Host::bare().doctor(&db, &[]).env("NIKITA_DECAY_WINDOW", "soon");
    says(&look(wrong, "error", 78), "schedule.window", "skipped", &["a window is invalid"]);
}
