//! `prompt render`: renders a player's prompt from the current database and stores nothing.

use std::sync::Arc;

use crate::core::prompt::PromptTemplate;
use crate::core::settings::{ConflictKeeper, StageSettings};
use crate::core::stages::outputs::Findings;
use crate::core::stages::outputs::{Source, Summary};
use crate::core::stages::step::{Context, Step};
use crate::core::stages::{conflict, game_state, prompt_builder};
use crate::domain::ids::UserId;
use crate::domain::prompt::Platform;
use crate::domain::result::PromptResult;
use crate::run::error::RunError;
use crate::store::Store;

/// Renders the prompt.
///
/// # Errors
/// [`RunError::Failed`] if there is no such player, or the template fails on the stored data.
pub async fn render(
    store: &Store,
    template: PromptTemplate,
    user: UserId,
    platform: Platform,
) -> Result<PromptResult, RunError> {
    let snapshot = store.portrait(user).await?;
    let mut snapshot = snapshot.ok_or_else(|| RunError::Failed(format!("there is no player {user}")))?;
    let mut findings = Findings::default();
    if !snapshot.recent_summaries.is_empty() {
        let text = snapshot.recent_summaries.remove(0);
        findings.summary = Some(Summary { text, source: Source::Extraction });
    }
    let settings = Arc::new(StageSettings {
        drop_unsupported: false,
        duplicate_similarity: StageSettings::DUPLICATE_SIMILARITY,
        transcript_budget: StageSettings::TRANSCRIPT_BUDGET,
        template,
        conflict: ConflictKeeper::default(),
        breakup: false,
    });
    let snapshot = Arc::new(snapshot);
    // These two stages need only stored data; the others need a conversation.
    for begin in [game_state::begin, conflict::begin] {
        let context = Context {
            snapshot: Arc::clone(&snapshot),
            findings: Arc::new(findings.clone()),
            settings: Arc::clone(&settings),
        };
        if let Ok(Step::Done(decision)) = begin(&context) {
            findings.add(decision.output);
        }
    }
    let plain = prompt_builder::render_for(&snapshot, &findings, platform, &settings.template)
        .map_err(|error| RunError::Failed(error.to_string()))?;
    let left_out = plain.fitted.left_out.iter().map(|section| section.as_str().to_owned());
    Ok(PromptResult {
        user_id: user,
        platform,
        template: settings.template.name().to_owned(),
        token_count: plain.fitted.tokens,
        token_budget: platform.token_budget(),
        sections_left_out: left_out.collect(),
        cut: plain.fitted.cut,
        prompt: plain.fitted.text,
    })
}
