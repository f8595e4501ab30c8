//! The variables of templates. The header of `prompt.j2` is the same list for template authors.

use serde::Serialize;

use crate::domain::player::GameStatus;
use crate::domain::prompt::Platform;

/// The variables of a template. Texts are one inert line each ([`crate::core::prose::line`]), and can be empty.
#[derive(Clone, Debug, Serialize)]
pub struct Variables {
    /// The platform that it is rendered for.
    pub platform: Platform,
    /// The player.
    pub player: Player,
    /// How the two met.
    pub backstory: Backstory,
    /// Her inner state towards the player, from the application: `{name}: {text}`.
    pub psyche: Vec<String>,
    /// The four sides of the relationship.
    pub metrics: Metrics,
    /// Her mood.
    pub mood: Mood,
    /// The conflict between them.
    pub conflict: Conflict,
    /// The game's thresholds.
    pub game: Game,
    /// Facts by subject, newest first.
    pub memory: Memory,
    /// Earlier conversations and days.
    pub continuity: Continuity,
    /// Her own life.
    pub life: Life,
    /// Themes that the player enjoys, the most engaging first.
    pub vices: Vec<Theme>,
}

/// The player.
#[derive(Clone, Debug, Serialize)]
pub struct Player {
    /// 0–100 with two decimals.
    pub score: String,
    /// Normally 1–5.
    pub chapter: i32,
    /// Their status in the game.
    pub game_status: GameStatus,
    /// Days since the game began.
    pub days_played: i32,
    /// `engagement_state.state`.
    pub engagement: String,
    /// Their name; can be empty, like the following fields.
    pub name: String,
    /// Their occupation.
    pub occupation: String,
    /// Where they live.
    pub city: String,
    /// What they like most.
    pub interest: String,
}

/// How the two met; each a sentence or empty.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Backstory {
    /// Where.
    pub venue: String,
    /// How.
    pub how_we_met: String,
    /// What made it special.
    pub the_moment: String,
    /// The open question.
    pub unresolved_hook: String,
}

/// The four sides of the relationship, whole numbers 0–100.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of domain::player::Metrics, rounded")]
pub struct Metrics {
    pub intimacy: i32,
    pub passion: i32,
    pub trust: i32,
    pub secureness: i32,
}

/// Her mood, each side 0–1 with two decimals.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of domain::memory::Mood, rounded")]
pub struct Mood {
    pub arousal: f64,
    pub valence: f64,
    pub dominance: f64,
    pub intimacy: f64,
    /// The same in words; never empty.
    pub words: Vec<String>,
}

/// The conflict between them.
#[derive(Clone, Debug, Serialize)]
pub struct Conflict {
    /// 0–100 degrees.
    pub temperature: f64,
    /// `calm`, `warm`, `hot` or `critical`.
    pub zone: String,
    /// Whether it is hot or critical.
    pub active: bool,
    /// Whether the game ends with this conversation.
    pub breakup: bool,
}

/// The game's thresholds.
#[derive(Clone, Debug, Serialize)]
pub struct Game {
    /// The database's word for the event, or empty.
    pub event: String,
    /// The chapter's boss threshold with two decimals, or empty.
    pub threshold: String,
}

/// Facts, newest first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Memory {
    /// About the player.
    pub player: Vec<String>,
    /// About the two of them.
    pub relationship: Vec<String>,
    /// About Nikita.
    pub nikita: Vec<String>,
}

/// Earlier conversations and days.
#[derive(Clone, Debug, Serialize)]
pub struct Continuity {
    /// The summary of the conversation that has just ended.
    pub summary: String,
    /// Its tone, one of spec 04.
    pub tone: String,
    /// Summaries of earlier conversations, newest first.
    pub earlier: Vec<String>,
    /// Open topics, newest first.
    pub threads: Vec<String>,
    /// The last days, newest first.
    pub days: Vec<Day>,
}

/// A day with the player.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// `2026-03-04`.
    pub date: String,
    /// What happened.
    pub summary: String,
    /// Its tone.
    pub tone: String,
    /// Moments worth keeping, oldest first.
    pub moments: Vec<String>,
}

/// Her own life.
#[derive(Clone, Debug, Serialize)]
pub struct Life {
    /// Today's events.
    pub today: Vec<Event>,
    /// Those of the days before, newest first.
    pub recent: Vec<Event>,
    /// Her thoughts, newest first.
    pub thoughts: Vec<String>,
    /// Whether she is about to write on her own initiative.
    pub message_planned: bool,
}

/// Something that happened to her.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// `2026-03-04`.
    pub date: String,
    /// `morning`, `afternoon`, `evening` or `night`.
    pub time_of_day: String,
    /// `work`, `social` or `personal`.
    pub domain: String,
    /// One sentence.
    pub description: String,
}

/// A theme that the player enjoys.
#[derive(Clone, Debug, Serialize)]
pub struct Theme {
    /// In words.
    pub name: String,
    /// 1–5.
    pub intensity: i32,
}

impl Variables {
    /// A new player: every list and every optional text is empty.
    #[must_use]
    pub fn bare(platform: Platform) -> Self {
        Self {
            platform,
            player: Player {
                score: "50.00".to_owned(),
                chapter: 1,
                game_status: GameStatus::Active,
                days_played: 0,
                engagement: String::new(),
                name: String::new(),
                occupation: String::new(),
                city: String::new(),
                interest: String::new(),
            },
            backstory: Backstory::default(),
            psyche: Vec::new(),
            metrics: Metrics { intimacy: 50, passion: 50, trust: 50, secureness: 50 },
            mood: Mood { arousal: 0.5, valence: 0.5, dominance: 0.5, intimacy: 0.5, words: vec!["even".to_owned()] },
            conflict: Conflict { temperature: 0.0, zone: "calm".to_owned(), active: false, breakup: false },
            game: Game { event: String::new(), threshold: "55.00".to_owned() },
            memory: Memory::default(),
            continuity: Continuity {
                summary: String::new(),
                tone: "neutral".to_owned(),
                earlier: Vec::new(),
                threads: Vec::new(),
                days: Vec::new(),
            },
            life: Life { today: Vec::new(), recent: Vec::new(), thoughts: Vec::new(), message_planned: false },
            vices: Vec::new(),
        }
    }

    /// A player with some of everything. [`PromptTemplate::parse`](super::PromptTemplate::parse) checks templates with it and with
    /// [`Variables::bare`].
    #[must_use]
    pub fn sample(platform: Platform) -> Self {
        let list = |text: &str| vec![text.to_owned(), format!("{text} Again.")];
        let event = |time_of_day: &str| Event {
            date: "2026-03-04".to_owned(),
            time_of_day: time_of_day.to_owned(),
            domain: "social".to_owned(),
            description: "Had tea with Mira.".to_owned(),
        };
        let mut sample = Self::bare(platform);
        "in_zone".clone_into(&mut sample.player.engagement);
        sample.player.days_played = 12;
        "Ana".clone_into(&mut sample.player.name);
        "nurse".clone_into(&mut sample.player.occupation);
        "Lisbon".clone_into(&mut sample.player.city);
        "climbing".clone_into(&mut sample.player.interest);
        sample.backstory = Backstory {
            venue: "Musicbox, Lisbon".to_owned(),
            how_we_met: "By the bar, both late.".to_owned(),
            the_moment: "A song we both knew.".to_owned(),
            unresolved_hook: "She never gave her number.".to_owned(),
        };
        sample.psyche = list("attachment: a little anxious.");
        sample.conflict = Conflict { temperature: 55.0, zone: "hot".to_owned(), active: true, breakup: false };
        "boss_threshold_near".clone_into(&mut sample.game.event);
        sample.memory = Memory {
            player: list("They like tea."),
            relationship: list("You both love old films."),
            nikita: list("You have a cat."),
        };
        sample.continuity = Continuity {
            summary: "They talked about work.".to_owned(),
            tone: "supportive".to_owned(),
            earlier: list("They planned a trip."),
            threads: list("Ask how the interview went."),
            days: vec![Day {
                date: "2026-03-04".to_owned(),
                summary: "A good day.".to_owned(),
                tone: "playful".to_owned(),
                moments: list("A joke about ducks."),
            }],
        };
        sample.life = Life {
            today: vec![event("morning"), event("evening")],
            recent: vec![event("night")],
            thoughts: list("Maybe learn the piano."),
            message_planned: true,
        };
        sample.vices = vec![
            Theme { name: "dark humor".to_owned(), intensity: 1 },
            Theme { name: "puzzles".to_owned(), intensity: 5 },
        ];
        sample
    }
}
