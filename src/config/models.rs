//! The choice of models: the values of `NIKITA_LLM` and `NIKITA_EMBEDDINGS`.

/// A language model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LanguageChoice {
    /// The offline one.
    Local,
    /// A model of Anthropic's, by its name.
    Anthropic(String),
    /// A model of `OpenAI`'s or of a compatible server, by its name.
    OpenAi(String),
}

/// An embedding model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmbeddingChoice {
    /// The offline one.
    Local,
    /// A model of `OpenAI`'s or of a compatible server, by its name.
    OpenAi(String),
}

/// Anthropic's model for many small tasks, in November 2026.
pub const ANTHROPIC_MODEL: &str = "claude-haiku-5-5";
/// `OpenAI`'s model for many small tasks, in November 2026.
pub const OPENAI_MODEL: &str = "gpt-5.4-mini";
/// Spec 04's embedding model.
pub const OPENAI_EMBEDDINGS: &str = "text-embedding-3-small";

/// The longest name of a model.
const MOST_NAME: usize = 200;

/// Reads a `NIKITA_LLM`.
///
/// # Errors
/// What is wrong with it.
pub fn language(text: &str) -> Result<LanguageChoice, String> {
    match text.trim().split_once(':') {
        None if text.trim() == "local" => Ok(LanguageChoice::Local),
        Some(("anthropic", name)) => named(name).map(LanguageChoice::Anthropic),
        Some(("openai", name)) => named(name).map(LanguageChoice::OpenAi),
        _ => Err(format!("is not local, anthropic:NAME (such as anthropic:{ANTHROPIC_MODEL}) or openai:NAME")),
    }
}

/// Reads a `NIKITA_EMBEDDINGS`.
///
/// # Errors
/// What is wrong with it.
pub fn embeddings(text: &str) -> Result<EmbeddingChoice, String> {
    match text.trim().split_once(':') {
        None if text.trim() == "local" => Ok(EmbeddingChoice::Local),
        Some(("openai", name)) => named(name).map(EmbeddingChoice::OpenAi),
        _ => Err(format!("is not local or openai:NAME (such as openai:{OPENAI_EMBEDDINGS})")),
    }
}

fn named(name: &str) -> Result<String, String> {
    let fits = !name.is_empty() && name.len() <= MOST_NAME && name.chars().all(|it| it.is_ascii_graphic());
    if fits { Ok(name.to_owned()) } else { Err("names no model after the colon".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_contain_colons_and_slashes() {
        assert_eq!(language("openai:qwen3:8b"), Ok(LanguageChoice::OpenAi("qwen3:8b".into())));
        assert_eq!(language(" anthropic:claude-haiku-5-5 "), Ok(LanguageChoice::Anthropic(ANTHROPIC_MODEL.into())));
        assert_eq!(embeddings("openai:org/model"), Ok(EmbeddingChoice::OpenAi("org/model".into())));
        assert_eq!((language("local"), embeddings("local")), (Ok(LanguageChoice::Local), Ok(EmbeddingChoice::Local)));
    }

    #[test]
    fn invalid_names_are_refused() {
        for text in ["", "anthropic", "openai:", "openai:a b", "mistral:x", "local:x", "Local"] {
            assert!(language(text).is_err(), "{text:?}");
        }
        assert!(embeddings("anthropic:x").is_err());
    }
}
