//! The word lists of the local model, in lower case and with contractions expanded.

/// Words that carry no topic: they count little in embeddings and nothing in summaries.
#[rustfmt::skip]
pub const STOP: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "back", "be", "because", "been",
    "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don", "even", "since", "between", "for", "from",
    "get", "got", "had", "has", "have", "having", "he", "her", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its",
    "just", "let", "ll", "m", "me", "more", "most", "much", "my", "myself", "nikita", "nikita's", "no", "not", "now", "of", "off", "on",
    "one", "only", "or", "other", "our", "out", "over", "own", "quite", "re", "really", "s", "same", "she", "should", "so", "some",
    "still", "such", "t", "than", "that", "the", "their", "theirs", "them", "then", "there", "these", "they", "they're", "they've",
    "they'll", "they'd", "this", "those", "through", "to", "today", "too", "up", "us", "ve", "very", "was", "we", "were", "what",
    "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your", "yours",
];

/// Contractions without a regular ending, and spellings without the apostrophe.
#[rustfmt::skip]
pub const CONTRACTIONS: &[(&str, &str)] = &[
    ("can't", "can not"), ("cant", "can not"), ("cannot", "can not"), ("won't", "will not"), ("wont", "will not"), ("dont", "do not"),
    ("im", "i am"), ("ive", "i have"), ("i'd", "i would"), ("gonna", "going to"), ("let's", "let us"), ("lets", "let us"),
];

/// Abbreviations whose full stop ends no sentence.
pub const TITLES: &[&str] = &["St.", "Dr.", "Mr.", "Mrs.", "Ms.", "Prof.", "Mt.", "vs.", "e.g.", "i.e."];

/// Words of hypothetical statements, which are no facts.
#[rustfmt::skip]
pub const HYPOTHETICAL: &[&str] = &[
    "if", "would", "could", "might", "maybe", "perhaps", "wish", "suppose", "imagine", "pretend", "kidding", "unless",
];

/// Words of instructions to a program. A message with one of these is never quoted.
pub const DIRECTIVES: &[&str] =
    &["disregard", "instruction", "instructions", "override", "jailbreak", "obey", "prompt", "prompts", "roleplay"];

/// Phrases of such instructions whose words alone are harmless.
#[rustfmt::skip]
pub const DIRECTIVE_PHRASES: &[&str] = &[
    "ignore all", "ignore any", "ignore everything", "ignore previous", "ignore the", "ignore your", "forget all",
    "forget everything you", "forget your", "system prompt", "you are now", "from now on you", "act as", "reveal your", "new rules",
];

/// The first person in many languages.
#[rustfmt::skip]
pub const SELF: &[&str] = &[
    "i", "my", "me", "mine", "we", "our", "ich", "mein", "meine", "wir", "je", "j'ai", "mon", "ma", "mes", "nous", "yo", "mi", "mis",
    "soy", "tengo", "nosotros", "eu", "meu", "minha", "sou", "tenho", "io", "mio", "mia", "sono", "ik", "mijn", "wij", "jag", "min",
    "jeg", "ja", "jestem", "mam", "mój", "moja", "я", "мой", "моя", "мы", "у", "ben", "benim", "أنا", "मैं", "मेरा",
];

/// The same in scripts without blanks between words.
pub const SELF_WITHIN: &[&str] = &["我", "私", "僕", "俺", "나는", "저는", "내 ", "제 "];

/// The second person, and words for both speakers together.
#[rustfmt::skip]
pub const PAIR: &[&str] = &[
    "you", "your", "us", "du", "dich", "dir", "tu", "te", "toi", "ti", "você", "ты", "тебя", "sen",
];

/// Phrases of promises, plans and requests.
pub const TO_COME: &[&str] =
    &["i will", "we will", "going to", "i promise", "let us", "remind me", "tomorrow", "tonight", "next week"];

/// Occasions to ask about afterwards.
#[rustfmt::skip]
pub const OCCASIONS: &[&str] = &[
    "interview", "exam", "test", "surgery", "flight", "trip", "wedding", "presentation", "race", "concert", "party", "appointment",
    "marathon", "meeting", "audition", "hike", "competition", "exhibition",
];
