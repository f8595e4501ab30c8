//! The word lists that the local model works by. All in lower case, contractions taken apart.

/// Words that carry no topic: weighed down in embeddings, skipped in summaries.
pub const STOP: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "back", "be",
    "because", "been", "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don", "even",
    "since", "between", "for", "from", "get", "got", "had", "has", "have", "having", "he", "her", "hers", "him", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "just", "let", "ll", "m", "me", "more", "most", "much", "my",
    "myself", "nikita", "nikita's", "no", "not", "now", "of", "off", "on", "one", "only", "or", "other", "our", "out",
    "over", "own", "quite", "re", "really", "s", "same", "she", "should", "so", "some", "still", "such", "t", "than",
    "that", "the", "their", "theirs", "them", "then", "there", "these", "they", "they're", "they've", "they'll",
    "they'd", "this", "those", "through", "to", "today", "too", "two", "up", "us", "ve", "very", "was", "we", "were",
    "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your", "yours",
];

/// Contractions that the endings do not explain, and spellings without the apostrophe.
pub const CONTRACTIONS: &[(&str, &str)] = &[
    ("can't", "can not"),
    ("cant", "can not"),
    ("cannot", "can not"),
    ("won't", "will not"),
    ("wont", "will not"),
    ("dont", "do not"),
    ("im", "i am"),
    ("ive", "i have"),
    ("i'd", "i would"),
    ("gonna", "going to"),
    ("let's", "let us"),
    ("lets", "let us"),
];

/// What a sentence may begin with and mean the same without.
pub const INTERJECTIONS: &[&str] = &[
    "actually", "ah", "aha", "also", "and", "anyway", "aw", "but", "btw", "good", "great", "haha", "hahaha", "hehe",
    "hello", "hey", "hi", "hm", "hmm", "honestly", "listen", "lol", "look", "luckily", "nikita", "nice", "no", "nope",
    "oh", "ok", "okay", "right", "sadly", "see", "so", "sure", "thanks", "true", "ugh", "um", "well", "wow", "yeah",
    "yep", "yes", "anyhow", "fine", "cool", "guess", "morning", "evening", "mm", "mmm", "ha", "phew", "plus", "turns",
    "wait", "sorry", "because",
];

/// Abbreviations whose full stop ends no sentence.
pub const TITLES: &[&str] = &["St.", "Dr.", "Mr.", "Mrs.", "Ms.", "Prof.", "Mt.", "vs.", "e.g.", "i.e."];

/// How a first-person statement begins.
pub const SUBJECTS: &[&str] = &[
    "i", "i'm", "im", "i've", "ive", "i'll", "i'd", "my", "we", "we're", "we've", "we'll", "our", "me", "let's",
    "remind",
];

/// What may stand before the subject: a time or a place.
pub const LEAD_INS: &[&str] = &[
    "yesterday",
    "today",
    "tonight",
    "last",
    "this",
    "since",
    "in",
    "on",
    "at",
    "after",
    "before",
    "when",
    "every",
    "for",
    "as",
    "until",
    "during",
    "once",
    "back",
    "from",
    "next",
    "tomorrow",
    "these",
    "recently",
    "lately",
    "nowadays",
    "currently",
    "sometimes",
    "usually",
    "with",
    "by",
    "finally",
    "growing",
    "two",
    "three",
];

/// A statement with one of these is not about what is.
pub const HYPOTHETICAL: &[&str] = &[
    "if", "would", "could", "might", "maybe", "perhaps", "wish", "suppose", "imagine", "pretend", "kidding", "unless",
];

/// Words of somebody who gives orders to a program. A sentence with one of these is never repeated.
pub const DIRECTIVES: &[&str] =
    &["disregard", "instruction", "instructions", "override", "jailbreak", "obey", "prompt", "prompts", "roleplay"];

/// The same, where each word alone is innocent.
pub const DIRECTIVE_PHRASES: &[&str] = &[
    "ignore all",
    "ignore any",
    "ignore everything",
    "ignore previous",
    "ignore the",
    "ignore your",
    "forget all",
    "forget everything you",
    "forget your",
    "system prompt",
    "you are now",
    "from now on you",
    "act as",
    "reveal your",
    "new rules",
];

/// After `I am a`: a passing word for oneself.
pub const PASSING_NOUNS: &[&str] = &["bit", "little", "lot", "mess", "fool", "idiot", "same", "one", "worst", "best"];

/// After `my`: not about the player's life.
pub const PASSING_OWN: &[&str] = &[
    "god",
    "bad",
    "pleasure",
    "point",
    "fault",
    "turn",
    "battery",
    "goodness",
    "apologies",
    "guess",
    "mistake",
    "dear",
    "day",
    "question",
    "answer",
    "mood",
    "lips",
    "week",
    "weekend",
    "head",
    "evening",
    "night",
    "morning",
];

/// Words for what only the two of them do: a `we` near one of them is theirs.
pub const PAIR: &[&str] = &[
    "you",
    "your",
    "together",
    "talk",
    "talked",
    "talking",
    "call",
    "chat",
    "chatted",
    "met",
    "agreed",
    "argued",
    "fought",
    "promised",
    "kissed",
    "anniversary",
    "nikita",
    "each",
];

/// People and groups: a `we` near one of them is not the two of us.
pub const GROUPS: &[&str] = &[
    "family",
    "sister",
    "brother",
    "wife",
    "husband",
    "partner",
    "girlfriend",
    "boyfriend",
    "parents",
    "mother",
    "father",
    "mum",
    "mom",
    "dad",
    "kids",
    "children",
    "son",
    "daughter",
    "team",
    "colleagues",
    "friends",
    "friend",
    "cousin",
    "cousins",
    "band",
    "choir",
    "class",
    "neighbours",
    "neighbors",
    "grandmother",
    "grandfather",
    "grandma",
    "grandpa",
    "aunt",
    "uncle",
    "nephew",
    "niece",
    "flatmate",
    "roommate",
    "boss",
    "crew",
    "club",
    "everyone",
    "colleague",
    "twins",
];

/// The days and times by which something is still to come.
pub const COMING: &[&str] = &[
    "tomorrow",
    "tonight",
    "next",
    "soon",
    "later",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "weekend",
    "upcoming",
];

/// Occasions that one asks about afterwards.
pub const OCCASIONS: &[&str] = &[
    "interview",
    "exam",
    "test",
    "surgery",
    "operation",
    "flight",
    "trip",
    "wedding",
    "presentation",
    "race",
    "match",
    "concert",
    "move",
    "visit",
    "party",
    "appointment",
    "marathon",
    "recital",
    "meeting",
    "audition",
    "climb",
    "dinner",
    "hike",
    "competition",
    "game",
    "premiere",
    "scan",
    "shift",
    "ceremony",
    "exhibition",
    "workshop",
    "driving test",
];
