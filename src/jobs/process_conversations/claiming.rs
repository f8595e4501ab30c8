//! Claims, and what the claimed need, where the database refuses one conversation among many (a trigger of the application's, a row that makes a
//! statement fail): the others are taken one by one, and that one bears it.

use crate::domain::conversation::Claim;
use crate::domain::ids::{ConversationId, ExecutionId};
use crate::domain::snapshot::Snapshot;
use crate::run::lifecycle::Run;
use crate::store::blame::{Blame, Verdict};
use crate::store::claims::Due;
use crate::store::{Another, Store, StoreError};

/// Where so many are refused and nothing is claimed, it is not them.
const ALL_REFUSED: usize = 100;

/// How claims are made.
#[derive(Debug, Default)]
pub struct Claiming {
    /// Whether one by one, since the database has refused several at once.
    apart: bool,
    claimed: bool,
    /// Whether a claim took a row that can't be read.
    lost: bool,
    refused: Vec<ConversationId>,
    /// Those that were refused since they were last asked for.
    new: Vec<(ConversationId, StoreError)>,
}

impl Claiming {
    /// Claims at most `most` conversations.
    pub async fn take(
        &mut self,
        store: &Store,
        due: &Due,
        execution: ExecutionId,
        most: usize,
    ) -> Result<Vec<Claim>, StoreError> {
        if !self.apart {
            match store.claim(due, execution, most).await {
                Err(error) if error.is_the_items(Another::Works) => {
                    tracing::warn!(error = %error, "the database refuses a claim; conversations are claimed one by one");
                    self.apart = true;
                }
                done => {
                    let (claims, unreadable) = done?;
                    self.lost |= unreadable > 0;
                    return Ok(claims);
                }
            }
        }
        self.take_apart(store, due, execution, most).await
    }

    async fn take_apart(
        &mut self,
        store: &Store,
        due: &Due,
        execution: ExecutionId,
        most: usize,
    ) -> Result<Vec<Claim>, StoreError> {
        let (mut claims, mut blame) = (Vec::new(), Blame::default());
        for id in store.due_conversations(due, most + self.refused.len() + ALL_REFUSED).await? {
            if claims.len() == most {
                break;
            }
            if self.refused.contains(&id) {
                continue;
            }
            match store.claim_if_free(due, execution, id).await {
                Ok(claim) => {
                    claims.extend(claim);
                    if claim.is_some() {
                        self.claimed = true;
                        self.refuse(blame.worked());
                    }
                }
                Err(error) => {
                    match blame.failed(id, error) {
                        Verdict::Item(id, error) if self.refused.len() + 1 >= ALL_REFUSED && !self.claimed => {
                            return Err(error.because(|why| {
                            format!("the first {ALL_REFUSED} conversations can't be claimed, {id} the last of them: {why}")
                        }));
                        }
                        Verdict::Item(id, error) => self.refuse(Some((id, error))),
                        Verdict::Waits => {}
                        Verdict::Server(_, error) => return Err(error),
                    }
                }
            }
        }
        match blame.end() {
            // Where others were claimed, the next claim asks for this one again.
            Some((_, error)) if claims.is_empty() => Err(error),
            _ => Ok(claims),
        }
    }

    fn refuse(&mut self, refused: Option<(ConversationId, StoreError)>) {
        let Some((id, error)) = refused else { return };
        tracing::error!(conversation = %id, error = %error, "conversation not claimed");
        self.refused.push(id);
        self.new.push((id, error));
    }

    /// Whether a claim took a conversation that it could not name, which is to be given back.
    pub const fn has_lost_any(&self) -> bool {
        self.lost
    }

    /// Those that the database has refused since this was last asked.
    pub fn refused(&mut self) -> Vec<(ConversationId, StoreError)> {
        std::mem::take(&mut self.new)
    }
}

/// What was read of several conversations.
type Snapshots = (Vec<(Claim, Snapshot)>, Vec<(Claim, StoreError)>);

/// What the claimed conversations need, and those for which it can't be read though it can for others, or though nothing but their rows is in
/// the way.
pub async fn snapshots(run: &Run, claims: &[Claim]) -> Result<Snapshots, StoreError> {
    let at_once = run.store.snapshots(claims, run.now).await;
    let error = match at_once {
        Ok(read) => return Ok((read, Vec::new())),
        Err(error) if error.is_the_items(Another::Works) => error,
        Err(error) => return Err(error),
    };
    tracing::warn!(error = %error, "what conversations need is read one by one");
    let (mut read, mut refused, mut blame) = (Vec::new(), Vec::new(), Blame::default());
    for claim in claims {
        match run.store.snapshots(std::slice::from_ref(claim), run.now).await {
            Ok(snapshot) => {
                read.extend(snapshot);
                refused.extend(blame.worked());
            }
            Err(error) => match blame.failed(*claim, error) {
                Verdict::Item(claim, error) => refused.push((claim, error)),
                Verdict::Waits => {}
                Verdict::Server(_, error) => return Err(error),
            },
        }
    }
    blame.end().map_or(Ok((read, refused)), |(_, error)| Err(error))
}
