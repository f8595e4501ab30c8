-- needs: 0010
-- What a claim leaves as proof. The application knows nothing of our tokens: it moves conversations on by their status alone, and
-- its own claim changes processing_started_at.
alter table conversations add column if not exists claimed_at text check (claimed_at glob '????-??-??T??:??:??.??????Z');
alter table conversations add column if not exists closed_token text;
update conversations set claimed_at = processing_started_at where claim_token is not null and status = 'processing';
-- A token whose row is not in processing is void, and none of anybody's business.
create unique index if not exists conversations_one_claim_per_player on conversations (user_id)
    where claim_token is not null and status = 'processing';
drop index if exists conversations_one_claim_per_user;
-- Void tokens, which a claim looks for each time: none, as a rule.
create index if not exists conversations_void_claims on conversations (id)
    where claim_token is not null and status is not 'processing';
