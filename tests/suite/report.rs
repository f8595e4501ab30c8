//! `report`, opened in a real browser.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::contract::has_common_fields;
use crate::on_every_database;
use crate::support::browser::{measure, open, photograph};
use crate::support::db::Db;
use crate::support::history::{Past, entry, insert, odd_rows};
use crate::support::seed::{NOW, Player, backlog, conversation, time, transcript};

/// What the stages of a sample month take at the median, in milliseconds.
const STAGES: [(&str, f64); 9] = [
    ("extraction", 2_900.0),
    ("memory_update", 410.0),
    ("life_sim", 3.2),
    ("emotional", 0.6),
    ("game_state", 0.3),
    ("conflict", 0.4),
    ("touchpoint", 0.9),
    ("summary", 640.0),
    ("prompt_builder", 1_150.0),
];

const LOST: &str = "db-1.internal:5432 did not answer within 60 s: is the server up, and does the firewall let this host through? \
    The run ended, and the next one goes on where it was";

/// Writes the page and gives its path.
fn page(db: &Db, folder: &TempDir) -> PathBuf {
    let file = folder.path().join("report.html");
    let done = db.run(&["report", "-o", file.to_str().unwrap(), "--now", NOW]).code(0);
    let result = has_common_fields(&done, "report", "ok", 0);
    assert_eq!(result["bytes"], json!(fs::metadata(&file).unwrap().len()), "{result}");
    file
}

/// The opening tag that holds `mark`.
#[track_caller]
fn tag<'a>(dom: &'a str, mark: &str) -> &'a str {
    let at = dom.find(mark).unwrap_or_else(|| panic!("no {mark} in the page"));
    let (begin, end) = (dom[..at].rfind('<').unwrap(), at + dom[at..].find('>').unwrap());
    &dom[begin..=end]
}

/// The text of the element with this id.
#[track_caller]
fn text<'a>(dom: &'a str, id: &str) -> &'a str {
    let mark = format!("id=\"{id}\"");
    let rest = &dom[dom.find(&mark).unwrap_or_else(|| panic!("no {mark}"))..];
    rest.split_once('>').unwrap().1.split_once('<').unwrap().0
}

/// Conversations of one error.
fn failing(db: &Db, status: &str, error: &str, many: usize) {
    for _ in 0..many {
        let player = Player::default().insert(db);
        let id = conversation(db, player, -7_200, &transcript(&["Hello"]));
        let (at, error) = (time(-900), error.replace('\'', "''"));
        db.execute(&format!(
            "update conversations set status = '{status}', processing_attempts = 3, last_error = '{error}', updated_at = '{at}' where id = '{id}'"
        ));
    }
}

/// The words of each command on the page, as a shell takes them.
fn commands(html: &str) -> Vec<Vec<String>> {
    let texts =
        html.split("<code class=\"command\" translate=\"no\">").skip(1).map(|it| it.split_once("</code>").unwrap().0);
    let words = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let said = Command::new("sh").args(["-c", &format!("printf '%s\\0' {text}")]).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        said.split_terminator('\0').map(str::to_owned).collect()
    };
    texts.map(words).collect()
}

/// A month of a busy pipeline with one bad day and one day off, without dice.
fn month() -> Vec<Past> {
    let mut past = Vec::new();
    let mut turn = 0_u32;
    let mut dice = |sides: u32| {
        turn = turn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (turn >> 8) % sides
    };
    for day in 0..30_i64 {
        if day == 11 {
            continue;
        }
        let bad = day == 5;
        for hour in 0..12_i64 {
            let conversations: Vec<_> = (0..4 + dice(6))
                .map(|_| {
                    let pace = 0.7 + f64::from(dice(60)) / 100.0 + if dice(20) == 0 { 2.0 } else { 0.0 };
                    let failing = dice(1000) < if bad { 240 } else { 12 };
                    let partial = !failing && dice(1000) < 30;
                    let stages: Vec<_> = STAGES
                        .iter()
                        .map(|(stage, ms)| {
                            let failed = failing && *stage == "extraction"
                                || partial && *stage == ["summary", "touchpoint"][dice(2) as usize];
                            (*stage, (ms * pace * 100.0).round() / 100.0, failed)
                        })
                        .take(if failing { 1 } else { 9 })
                        .collect();
                    let status = if failing {
                        ["retrying", "failed"][usize::from(dice(3) == 0)]
                    } else if partial {
                        "partial_success"
                    } else {
                        "success"
                    };
                    #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
                    let total = (stages.iter().map(|(_, ms, _)| ms).sum::<f64>() * 0.8) as i64;
                    entry(status, total, &stages)
                })
                .collect();
            let began = -day * 86_400 - hour * 3_300 - 70;
            let cost_usd = f64::from(u32::try_from(conversations.len()).unwrap()) * 0.0031;
            let status = if bad && hour % 4 == 1 { "failed" } else { "completed" };
            let host = Some(["nikita-1", "nikita-2"][usize::from(hour % 3 == 0)]);
            let partial = conversations.iter().any(|it| it["status"] == "failed");
            let fields = match status {
                "failed" => json!({"error": {"kind": "unavailable", "message": LOST}}),
                _ if partial => json!({"status": "partial"}),
                _ => json!({}),
            };
            past.push(Past {
                began,
                status,
                cost_usd,
                duration_ms: 8_000,
                conversations,
                host,
                fields,
                ..Past::default()
            });
            let lost = 3 + dice(5);
            let fields = json!({
                "points": format!("{lost}.{:02}", dice(100)), "decayed": lost, "warned": dice(3), "game_overs": u32::from(day == 17 && hour == 4),
            });
            past.push(Past { began: began - 20, job: "decay", duration_ms: 340, host, fields, ..Past::default() });
            let fields = json!({"recovered": u32::from(bad)});
            past.push(Past { began: began - 40, job: "recover", duration_ms: 25, host, fields, ..Past::default() });
        }
    }
    past
}

on_every_database! {
    fn the_charts_have_the_right_numbers_and_nothing_is_requested(db) {
        let stages = |ms: f64, failed| vec![("extraction", ms, failed), ("summary", 2.0, false)];
        let run = |began, status, cost_usd, ms: f64| Past {
            began, status, cost_usd,
            conversations: vec![entry("success", 10, &stages(ms, false)), entry("failed", 5_200, &stages(ms * 2.0, true))],
            ..Past::default()
        };
        insert(db, &[
            run(-60, "completed", 0.25, 100.0),
            run(-120, "failed", 0.5, 200.0),
            run(-86_400, "completed", 1.0, 400.0),
            run(-40 * 86_400, "completed", 99.0, 9_999.0),
            Past {
                began: -90, job: "decay", host: Some("alpha"),
                fields: json!({"points": "12.25", "decayed": 3, "warned": 2, "game_overs": 1}), ..Past::default()
            },
            Past {
                began: -150, job: "decay", status: "failed", host: Some("alpha"),
                fields: json!({"error": {"kind": "database", "message": "no such tablespace"}}), ..Past::default()
            },
            Past { began: -160, job: "decay", host: Some("beta"), fields: json!({"points": "0.50", "decayed": 1}), ..Past::default() },
            Past { began: -170, job: "recover", fields: json!({"recovered": 4, "status": "partial"}), ..Past::default() },
            Past { began: -180, job: "recover", fields: json!({"status": "interrupted"}), status: "failed", ..Past::default() },
        ]);
        let player = Player::default().insert(db);
        conversation(db, player, -2 * 3600, &transcript(&["This text is private."]));
        let folder = TempDir::new().unwrap();
        let opened = open(&page(db, &folder));
        assert_eq!(opened.requests, Vec::<String>::new(), "the page asks for nothing");
        let dom = opened.dom;
        for (id, value) in [("tile-rate", "50 %"), ("tile-processed", "3"), ("tile-runs", "8"), ("tile-pending", "1"), ("tile-cost", "$1.75")] {
            assert_eq!(text(&dom, id), value, "{id}");
        }
        // By day, as SQL counts them.
        let day = |began: &str| format!("select count(*) from job_executions where cast(started_at as text) like '{began}%'");
        let today = tag(&dom, "data-span=\"2026-11-18\" data-total");
        assert!(today.contains(&format!("data-total=\"{}\"", db.value(&day("2026-11-18")))), "{today}");
        assert!(today.contains("data-completed=\"4\" data-failed=\"3\""), "{today}");
        assert!(tag(&dom, "data-span=\"2026-11-17\" data-cost").contains("data-cost=\"1.0000\""));
        assert!(tag(&dom, "data-span=\"2026-11-18\" data-judged").contains("data-judged=\"4\" data-well=\"2\""));
        // 100, 200, 400 and twice as much: the median is 200, and of six the largest is p95.
        let extraction = tag(&dom, "data-stage=\"extraction\" data-count");
        assert!(extraction.contains("data-count=\"6\" data-p50=\"200.00\" data-p95=\"800.00\""), "{extraction}");
        assert!(tag(&dom, "data-stage=\"extraction\" data-failures").contains("data-failures=\"3\""));
        assert!(!dom.contains("data-stage=\"summary\" data-failures"), "a stage without a failure is not among them");
        assert_eq!(dom.matches("data-conversation=").count(), 6, "the slowest");
        let decay = tag(&dom, "data-span=\"2026-11-18\" data-points");
        assert!(decay.contains("data-points=\"12.75\" data-game-overs=\"1\""), "{decay}");
        assert!(dom.contains("players lost some 4 times, 2 were warned, 1 game ended"), "decay's counts");
        assert!(tag(&dom, "data-host=\"alpha\"").contains("data-runs=\"2\"") && dom.contains("data-host=\"beta\""));
        assert!(tag(&dom, "data-span=\"2026-11-18\" data-processed").contains("data-processed=\"2\" data-retrying=\"0\" data-given-up=\"2\""));
        // Four runs of the pipeline, three of decay, two of recover.
        for (mark, many) in [("succeeded", 5), ("failed", 2), ("in part", 1), ("skipped or stopped", 1)] {
            assert_eq!(dom.matches(&format!("data-mark=\"{mark}\"")).count(), many, "{mark}");
        }
        assert!(dom.contains("4 recoveries since") && dom.contains("no such tablespace"), "why a run failed is not hidden");
        let health = db.run(&["health", "--now", NOW]).code(3).json();
        assert!(tag(&dom, "data-health=\"").contains(&format!("data-health={}", health["status"])), "as `health` says: {health}");
        assert!(dom.contains("never ran") && !dom.contains("private"), "no text of a conversation");
    }

    fn what_failed_comes_first_with_a_command_that_works(db) {
        failing(db, "failed", "extraction: it's $(touch x) `y` <b>", 2);
        failing(db, "failed", "summary: of two\nlines", 1);
        failing(db, "active", "summary: odd", 1);
        insert(db, &[Past { status: "failed", fields: json!({"error": {"kind": "x", "message": "no such table"}}), ..Past::default() }]);
        let folder = TempDir::new().unwrap();
        let html = fs::read_to_string(page(db, &folder)).unwrap();
        let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text} in the page"));
        assert!(place("id=\"failed\"") < place("id=\"tile-rate\""), "first");
        assert!(place("no such table") < place("id=\"tile-rate\""), "runs, too");
        let commands = commands(&html);
        assert_eq!(commands.len(), 4, "{commands:?}");
        let known = Past::default().id.to_string().len();
        for (words, kept, count) in [
            (&commands[0], "--error=extraction: it's $(touch x) `y` <b>", 2),
            (&commands[1], "", 0),
            (&commands[2], "--error=summary: of two", 1),
        ] {
            let mut words: Vec<_> = words.iter().skip(1).map(String::as_str).collect();
            match words[0] {
                "retry" => {
                    assert_eq!(words[2], kept);
                    words.extend(["--dry-run", "--now", NOW]);
                    assert_eq!(db.run(&words).code(0).json()["retried"], count, "{words:?}");
                }
                _ => assert_eq!((words[0], words[1].len()), ("why", known), "who waits is not retried"),
            }
        }
        let words: Vec<_> = commands[3].iter().skip(1).map(String::as_str).collect();
        assert_eq!(db.run(&words).code(0).json()["execution"]["status"], "failed", "{words:?}");
    }

    fn hostile_text_stays_text(db) {
        odd_rows(db);
        failing(db, "failed", "<script>alert(5)</script>\"><img src=x onerror=alert(6)>", 1);
        insert(db, &[Past { host: Some("<script>alert(7)</script>"), ..Past::default() }]);
        let folder = TempDir::new().unwrap();
        let opened = open(&page(db, &folder));
        assert_eq!(opened.requests, Vec::<String>::new());
        for tag in ["<script", "<img"] {
            assert!(!opened.dom.contains(tag), "{tag} became an element");
        }
        assert!(opened.dom.contains("&lt;script&gt;alert(3)&lt;/script&gt;"), "it is shown as it is");
    }

    fn a_page_is_replaced_when_the_new_one_is_whole(db) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("report.html");
        fs::write(&file, "old").unwrap();
        db.run(&["report", "-o", file.to_str().unwrap(), "-q"]).code(0);
        assert!(fs::read_to_string(&file).unwrap().ends_with("</html>"));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["report.html"], "nothing is left beside it");
    }

    fn a_path_that_can_not_be_written_is_an_error(db) {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("a folder")).unwrap();
        for name in ["none/report.html", "a folder"] {
            let file = folder.path().join(name);
            let done = db.run(&["report", "-o", file.to_str().unwrap()]).code(78);
            assert!(done.error().contains(name) && done.error().contains("can't be written"), "{}", done.error());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
        assert!(db.run(&["report", "-o", "-"]).code(2).error().contains("stdout carries the result"));
        db.run(&["report"]).code(2);
    }

    fn by_hours_and_with_nothing_to_show(db) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("report.html");
        db.run(&["report", "-o", file.to_str().unwrap(), "--since", "24h", "--now", NOW]).code(0);
        let html = fs::read_to_string(&file).unwrap();
        assert!(html.contains("by hour") && html.contains("No stage ran in this time."), "an empty page says so");
        backlog(db, 1);
        db.run(&["process-conversations", "--now", NOW]).code(0);
        db.run(&["report", "-o", file.to_str().unwrap(), "--since", "24h", "--now", NOW]).code(0);
        let html = fs::read_to_string(&file).unwrap();
        assert!(tag(&html, "data-span=\"2026-11-18T12\" data-total").contains("data-total=\"1\""));
        db.run(&["report", "-o", file.to_str().unwrap(), "--since", "400d"]).code(2);
    }
}

#[test]
fn a_page_that_asks_for_something_is_seen() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("control.html");
    fs::write(&file, "<img src=\"http://nikita.invalid/picture.png\">").unwrap();
    let requests = open(&file).requests;
    assert!(requests.iter().any(|it| it.contains("nikita.invalid/picture.png")), "{requests:?}");
}

/// A month, of which some went wrong.
fn with_trouble() -> Db {
    let db = Db::sqlite();
    insert(&db, &month());
    for waited in [300, 4_100] {
        let player = Player::default().insert(&db);
        conversation(&db, player, -15 * 60 - waited, &transcript(&["Hello"]));
    }
    failing(
        &db,
        "failed",
        "extraction: the model at api.example.org refused the key (status 401): set ANTHROPIC_API_KEY",
        9,
    );
    failing(&db, "active", "summary: the reply broke its schema twice: key_events is a text, not a list", 3);
    failing(&db, "failed", "extraction: invalid transcript: messages is an object, not a list", 1);
    db
}

/// With `NIKITA_PICTURES=FOLDER` they are kept there: `docs/report.png` is one of them.
#[test]
fn pictures_at_two_widths_light_and_dark() {
    let db = with_trouble();
    let folder = TempDir::new().unwrap();
    let file = page(&db, &folder);
    let kept = std::env::var_os("NIKITA_PICTURES").map(PathBuf::from);
    for (width, height) in [(1280, 2000), (390, 6400)] {
        let pictures = [false, true].map(|dark| {
            let name = format!("report-{width}-{}.png", if dark { "dark" } else { "light" });
            let picture = kept.as_deref().unwrap_or(folder.path()).join(name);
            photograph(&file, &picture, width, height, dark);
            fs::read(picture).unwrap()
        });
        assert!(pictures.iter().all(|picture| picture.len() > 20_000), "something was drawn");
        assert_ne!(pictures[0], pictures[1], "dark is not light");
    }
    keep(&file, kept.as_deref());
}

/// WCAG AA, by the styles that a browser computes.
#[test]
fn everything_can_be_read_at_two_widths_light_and_dark() {
    let db = with_trouble();
    odd_rows(&db);
    let long = "a-host-whose-name-is-as-long-as-a-name-of-a-host-may-be.of-a-cluster.in-a-region.example.org";
    insert(
        &db,
        &[Past { host: Some(long), job: "another-programs-job-with-a-rather-long-name-of-its-own", ..Past::default() }],
    );
    failing(&db, "failed", &format!("extraction: {}", "x".repeat(400)), 1);
    let folder = TempDir::new().unwrap();
    let file = page(&db, &folder);
    let reasons = db.run(&["health", "--now", NOW]).json()["reasons"].as_array().unwrap().clone();
    assert!(!reasons.is_empty(), "there is something to say");
    for (width, dark) in [(1280, false), (1280, true), (390, false), (390, true)] {
        let found = measure(&file, width, dark);
        assert!(
            found["texts"].as_u64() > Some(200) && found["shapes"].as_u64() > Some(100),
            "it was looked at: {found}"
        );
        assert_eq!(found["faint"], json!([]), "contrasts at {width}, dark: {dark}");
        assert_eq!(found["wide"], json!([]), "nothing is wider than {width}");
        assert!(
            found["page"].as_u64() <= Some(width.into()),
            "the page does not scroll sideways at {width}: {}",
            found["page"]
        );
        assert_eq!(found["cut"], json!([]), "every reason is whole at {width}");
        let shown = found["reasons"].as_array().unwrap();
        for reason in reasons.iter().chain(&[json!(LOST)]) {
            assert!(shown.contains(reason), "{reason} can be seen at {width}: {shown:?}");
        }
    }
}

#[test]
fn a_page_that_can_not_be_read_is_seen() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("control.html");
    let reason =
        "<p class=\"reason\" style=\"width:50px;overflow:hidden;white-space:nowrap;color:#aaa\">A long reason</p>";
    fs::write(&file, format!("<body style=\"background:#fff\">{reason}<div style=\"width:500px\">x</div>")).unwrap();
    let found = measure(&file, 390, false);
    for kind in ["faint", "wide", "cut"] {
        assert_eq!(found[kind].as_array().map(Vec::len), Some(1), "{kind}: {found}");
    }
    assert!(found["page"].as_u64() > Some(390), "{found}");
}

fn keep(file: &Path, folder: Option<&Path>) {
    if let Some(folder) = folder {
        fs::copy(file, folder.join("report.html")).unwrap();
    }
}

/// Nor a device: root's `-o /dev/null` must not put a page in the place of `/dev/null`.
#[test]
fn a_pipe_gets_the_page_and_is_not_replaced() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe)
    });
    db.run(&["report", "-o", pipe.to_str().unwrap()]).code(0);
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo(), "it is a pipe still");
    assert!(reader.join().unwrap().unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_link_stays_and_the_file_that_it_names_is_replaced() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    for name in ["old.html", "new.html"] {
        let link = folder.path().join(format!("link-to-{name}"));
        symlink(name, &link).unwrap();
        fs::write(folder.path().join("old.html"), "old").unwrap();
        db.run(&["report", "-o", link.to_str().unwrap()]).code(0);
        assert!(link.is_symlink(), "{name}");
        assert!(fs::read_to_string(folder.path().join(name)).unwrap().starts_with("<!DOCTYPE html>"), "{name}");
    }
}

/// stdout carries one JSON value and nothing else (spec 01), and root's `/dev/stdout` is a link that must stay.
#[test]
fn the_page_does_not_go_where_the_result_goes() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    assert!(db.run(&["report", "-o", "/dev/stdout"]).code(78).error().contains("/dev/stdout"));
    let out = folder.path().join("out");
    for name in ["/dev/stdout", out.to_str().unwrap()] {
        db.command(&["report", "-o", name]).stdout(fs::File::create(&out).unwrap()).done().code(78);
        let said: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
        assert_eq!(said["exit_code"], 78, "{name}");
    }
    assert!(Path::new("/dev/stdout").is_symlink());
}
