-- needs: 0010
-- Proof of a claim. The application does not know our tokens: it changes only the status of conversations, and its own claim changes
-- processing_started_at.
alter table conversations add column if not exists claimed_at text check (claimed_at glob '????-??-??T??:??:??.??????Z');
alter table conversations add column if not exists closed_token text;
update conversations set claimed_at = processing_started_at where claim_token is not null and status = 'processing';
-- A token is void if its row is not in processing.
create unique index if not exists conversations_one_claim_per_player on conversations (user_id)
    where claim_token is not null and status = 'processing';
drop index if exists conversations_one_claim_per_user;
-- Void tokens, which each claim searches for. Usually there are none.
create index if not exists conversations_void_claims on conversations (id)
    where claim_token is not null and status is not 'processing';
