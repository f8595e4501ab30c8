//! The demo's result for a person: a report in reading order, 80 columns wide except for the commands at its end.

use comfy_table::{CellAlignment, ContentArrangement, Row};

use super::human::table;
use crate::core::span::span;
use crate::domain::memory::Mood;
use crate::domain::result::{
    AbortedDemo, Charged, DecayResult, DemoResult, JobResult, Known, Own, ProcessResult, Spared, Timing, Touchpoint,
};
use crate::domain::stage::StageName;

/// Columns.
const WIDTH: u16 = 80;
/// How many facts, threads and thoughts are shown of each player.
const MOST_FACTS: usize = 3;
/// How many lines of a prompt are shown.
const PROMPT_LINES: usize = 12;

/// The report.
pub fn render(story: &DemoResult) -> String {
    let sections = [beginning(story), decay(story), rescued(story), conversations(story), learned(story)];
    let rest = [prompt(story), stages(story), touchpoints(story), next(story)];
    sections.into_iter().chain(rest).collect::<Vec<_>>().join("\n\n")
}

/// The report of an interrupted demo.
pub fn aborted(it: &AbortedDemo) -> String {
    format!(
        "Interrupted by a signal. The database holds what the runs had done by then; the next demo starts afresh.\n\n  {}",
        it.database
    )
}

fn beginning(story: &DemoResult) -> String {
    let over = runs(story).next().map_or(0, |(_, run)| run.detected);
    let afresh = if story.replaced_earlier_demo { "\nIt replaces the database of an earlier demo." } else { "" };
    let planted = story.planted;
    // The path is never wrapped, so that it can be copied.
    format!(
        "{}{afresh}\n\n  database  {}\n  planted   {} players in chapters 1 to 5; {} conversations, {over} of them over",
        heading("A demo of nikita-jobs"),
        story.database,
        planted.players,
        planted.conversations
    )
}

fn decay(story: &DemoResult) -> String {
    let none = DecayResult::default();
    let result = if let Own::Decay(result) = &story.decay.own { result } else { &none };
    let said = paragraph(&format!(
        "{} of {} eligible players lost {} points in all, in {} ms. {}, {}. A run takes at most {} points from a \
         player (the cap). A player who falls below 40 is warned; one who never wrote counts as a day overdue.",
        result.decayed,
        result.processed,
        result.points,
        story.decay.common.duration_ms,
        count(result.game_overs, "game ended", "games ended"),
        count(result.warned, "player was warned", "players were warned"),
        story.limits.points,
    ));
    let header = ["player", "ch.", "silent for", "before", "charged", "after", ""];
    let rows = story.charged.iter().map(charged).collect();
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Spared { player, reason } in &story.spared {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, players)) => players.push(player),
            None => reasons.push((reason, vec![player])),
        }
    }
    reasons.sort_by_key(|(_, players)| std::cmp::Reverse(players.len()));
    let spared = reasons.into_iter().map(|(reason, players)| vec![players.join(", "), reason.to_owned()]).collect();
    format!(
        "{}\n{said}\n\n{}\n\nNot charged:\n\n{}",
        heading("Decay"),
        lines(Some(&header), rows, &[1, 2, 3, 4, 5]),
        lines(None, spared, &[])
    )
}

/// The runs of the pipeline.
fn runs(story: &DemoResult) -> impl Iterator<Item = (&JobResult, &ProcessResult)> {
    story.runs.iter().filter_map(|result| match &result.own {
        Own::Process(it) => Some((result, it.as_ref())),
        _ => None,
    })
}

fn charged(it: &Charged) -> Vec<String> {
    vec![
        it.player.clone(),
        it.chapter.to_string(),
        it.inactive_seconds.map_or_else(|| "always".to_owned(), span),
        it.before.clone(),
        it.charged.clone(),
        it.after.clone(),
        it.notes.join("; "),
    ]
}

fn rescued(story: &DemoResult) -> String {
    let row = |what: &str, to: &str, reason: &str| vec![what.to_owned(), format!("-> {to}"), reason.to_owned()];
    let mut rows = Vec::new();
    if let Own::Recover(it) = &story.recover.own {
        rows.extend(it.recoveries.iter().map(|it| row("conversation", it.to().as_str(), it.reason())));
    }
    if let Own::Scan(it) = &story.scan_stuck.own {
        rows.extend(it.recoveries.iter().map(|it| row(it.kind.as_str(), "failed", &it.reason)));
    }
    let said = paragraph(
        "A host died 40 minutes ago, in the middle of a conversation and of an audit. recover makes the conversation \
         active again, and it is processed below. scan-stuck fails the run and the audit.",
    );
    format!("{}\n{said}\n\n{}", heading("What a crash left behind"), lines(None, rows, &[]))
}

fn conversations(story: &DemoResult) -> String {
    let header = ["run", "due", "processed", "unread", "partial", "retrying", "failed", "deferred", "ms"];
    let row = |(index, (result, run)): (usize, (&JobResult, &ProcessResult))| {
        let figures = [run.detected, run.processed, run.skipped, run.partial, run.retrying, run.failed, run.deferred];
        let figures = figures.into_iter().map(|figure| figure.to_string());
        std::iter::once((index + 1).to_string()).chain(figures).chain([result.common.duration_ms.to_string()]).collect()
    };
    let rows = runs(story).enumerate().map(row).collect();
    let about = format!(
        "A run takes at most {}, the oldest first and one of each player at a time; the rest is deferred to the \
         next run. \"Unread\" conversations are closed without being read, because their player's game is over.",
        story.limits.conversations
    );
    let mut said = format!(
        "{}\n{}\n\n{}",
        heading("Conversations"),
        paragraph(&about),
        lines(Some(&header), rows, &[0, 1, 2, 3, 4, 5, 6, 7, 8])
    );
    if !story.given_up.is_empty() {
        let rows = story.given_up.iter().map(|it| vec![it.player.clone(), it.error.clone()]).collect();
        said = format!("{said}\n\nGiven up (the sample data is broken on purpose):\n\n{}", lines(None, rows, &[]));
    }
    said
}

fn learned(story: &DemoResult) -> String {
    let sums = &story.sums;
    let said = paragraph(&format!(
        "{} facts, of which {} have been replaced by newer ones; {} open threads, {} thoughts, {} events in her own \
         life, {} daily summaries. Some of it:",
        sums.facts, sums.replaced, sums.threads, sums.thoughts, sums.life_events, sums.days
    ));
    let players: Vec<_> = story.known.iter().map(known).collect();
    format!("{}\n{said}\n\n{}", heading("What was learned"), players.join("\n\n"))
}

fn known(it: &Known) -> String {
    let mut rows = Vec::new();
    for replaced in it.replaced.iter().take(2) {
        rows.push(vec!["once".to_owned(), replaced.was.clone()]);
        rows.push(vec!["now".to_owned(), replaced.now.clone()]);
    }
    let news = it.facts.iter().rev().filter(|fact| it.replaced.iter().all(|replaced| replaced.now != **fact));
    rows.extend(labelled("fact", news));
    rows.extend(labelled("open", it.threads.iter()));
    rows.extend(labelled("thought", it.thoughts.iter()).into_iter().take(1));
    let Mood { arousal, valence, dominance, intimacy } = it.mood;
    rows.push(vec![
        "mood".to_owned(),
        format!("arousal {arousal:.2}, valence {valence:.2}, dominance {dominance:.2}, intimacy {intimacy:.2}"),
    ]);
    rows.push(vec!["conflict".to_owned(), format!("{}, {:.1} of 100 degrees", it.zone, it.temperature)]);
    format!("{}, chapter {}\n{}", it.player, it.chapter, lines(None, rows, &[]))
}

/// The first few, with the label at the first.
fn labelled<'a>(label: &str, all: impl Iterator<Item = &'a String>) -> Vec<Vec<String>> {
    let of = |(index, text): (usize, &String)| vec![if index == 0 { label } else { "" }.to_owned(), text.clone()];
    all.take(MOST_FACTS).enumerate().map(of).collect()
}

fn prompt(story: &DemoResult) -> String {
    let head = heading("Prompts that are ready");
    let sums = &story.sums;
    let (Some(prompt), Some(player)) = (story.prompts.first(), story.known.first()) else {
        return format!("{head}\nNone.");
    };
    let tokens: Vec<_> =
        story.prompts.iter().map(|it| format!("{} tokens for {}", it.token_count, it.platform)).collect();
    let all: Vec<_> = prompt.text.lines().collect();
    let shown: Vec<_> =
        all.iter().take(PROMPT_LINES).map(|line| format!("  | {}", cut(line, 75)).trim_end().to_owned()).collect();
    format!(
        "{head}\n{}\n\n{}\n  | ({} more lines)",
        paragraph(&format!(
            "{} for text and {} for voice. {}'s have {}. The text one begins:",
            sums.text_prompts,
            sums.voice_prompts,
            player.player,
            tokens.join(" and "),
        )),
        shown.join("\n"),
        all.len().saturating_sub(PROMPT_LINES)
    )
}

fn stages(story: &DemoResult) -> String {
    let ms = |of: f64| format!("{of:.2}");
    let row = |(stage, it): (&StageName, &Timing)| {
        vec![stage.to_string(), it.count.to_string(), ms(it.p50_ms), ms(it.p95_ms), ms(it.max_ms)]
    };
    let rows = story.stage_timings.iter().map(row).collect();
    format!(
        "{}\nOver all runs, in milliseconds. The local model stands in for a real one.\n\n{}",
        heading("What each stage took"),
        lines(Some(&["stage", "count", "p50", "p95", "max"]), rows, &[1, 2, 3, 4])
    )
}

fn touchpoints(story: &DemoResult) -> String {
    let row = |it: &Touchpoint| {
        let at = it.delivery_at.format("%d %b %H:%M").to_string();
        vec![at, it.player.clone(), it.trigger.clone(), cut(&it.message, 38)]
    };
    let rows = story.touchpoints.iter().map(row).collect();
    format!(
        "{}\nMessages that she will send unprompted, by delivery time (UTC).\n\n{}",
        heading("Touchpoints scheduled"),
        lines(None, rows, &[])
    )
}

fn next(story: &DemoResult) -> String {
    let commands: Vec<_> =
        story.next.iter().map(|it| format!("  # {}\n  {}", it.what, two_lines(&it.command))).collect();
    format!("{}\n{}", heading("What to try next"), commands.join("\n\n"))
}

/// Breaks a long command into two lines that can still be pasted.
fn two_lines(command: &str) -> String {
    if command.chars().count() + 2 <= usize::from(WIDTH) {
        return command.to_owned();
    }
    match (command.split_once(" --database-url "), command.split_once(" from ")) {
        (Some((program, rest)), _) => format!("{program} \\\n    --database-url {rest}"),
        // An SQL statement in quotes can be broken anywhere.
        (None, Some((columns, rest))) => format!("{columns}\n    from {rest}"),
        (None, None) => command.to_owned(),
    }
}

/// Wrapped, at the left margin.
fn paragraph(text: &str) -> String {
    let mut table = table();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH).add_row([text]);
    let lines: Vec<_> = table.lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n")
}

fn heading(title: &str) -> String {
    format!("{title}\n{}", "-".repeat(title.len()))
}

/// A borderless table, a little indented. `right` are the columns of numbers.
fn lines(header: Option<&[&str]>, rows: Vec<Vec<String>>, right: &[usize]) -> String {
    let mut table = table();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH - 1);
    if let Some(header) = header {
        table.set_header(header.iter().copied());
    }
    table.add_rows(rows.into_iter().map(Row::from));
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<_> = table.lines().map(|line| format!(" {}", line.trim_end())).collect();
    lines.join("\n")
}

fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Cuts a line that is longer than `most` characters.
fn cut(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let kept: String = line.chars().take(most - 1).collect();
    // At a word, where one ends.
    let kept = kept.rsplit_once(' ').map_or(kept.as_str(), |(words, _)| words);
    format!("{kept} …")
}

#[cfg(test)]
mod tests {
    use super::{cut, two_lines};

    #[test]
    fn long_commands_still_paste() {
        let long = format!("{} --database-url x", "p".repeat(80));
        assert!(two_lines(&long).ends_with("p \\\n    --database-url x"));
        assert_eq!(two_lines("decay --database-url x"), "decay --database-url x");
    }

    #[test]
    fn lines_are_cut_at_a_word() {
        assert_eq!(cut("short", 75), "short");
        let long = cut(&"word ".repeat(40), 75);
        assert!(long.ends_with("word …") && long.chars().count() <= 75, "{long}");
    }
}
