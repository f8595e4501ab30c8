//! The snapshot of a player without a conversation, to render their prompt.

use std::collections::HashMap;

use uuid::Uuid;

use crate::domain::conversation::{Claim, Conversation, Earlier};
use crate::domain::ids::{ConversationId, Token, UserId};
use crate::domain::snapshot::Snapshot;
use crate::store::{Result, Store};

impl Store {
    /// A player's snapshot without a conversation, as if an empty one had just ended. None if there is no such player.
    pub async fn portrait(&self, user: UserId) -> Result<Option<Snapshot>> {
        let now = self.now().await?;
        let id = ConversationId(Uuid::nil());
        let nothing = Conversation {
            id,
            platform: "text".to_owned(),
            messages: serde_json::Value::Null,
            transcript_raw: None,
            started_at: now,
            last_message_at: now,
            score_delta: None,
            earlier: Some(Earlier { summary: None }),
        };
        let claim = Claim { conversation: id, user, token: Token(Uuid::nil()), attempt: 1, outages: 0, refusals: 0 };
        let snapshots = self.read(&[claim], HashMap::from([(id.0, nothing)]), now).await?;
        Ok(snapshots.into_iter().next().map(|(_, snapshot)| snapshot))
    }
}
