-- The shortest claim that one could write by hand, on a table whose only index besides the key is made for it. It ignores ended
-- calls, other conversations of the same player, and the rollout.
--
--   pgbench -n -M prepared -c 10 -j 2 -t 600 -f claims_bare.sql

update claims set status = 'processing', processing_attempts = processing_attempts + 1, processing_started_at = now(),
    updated_at = now(), claimed_by = '00000000-0000-4000-8000-000000000001', claim_token = gen_random_uuid()
where id = (
    select id from claims
    where status = 'active' and last_message_at <= now() - interval '15 minutes' and claim_token is null
        and processing_attempts < 3 and (next_attempt_at is null or next_attempt_at <= now())
    order by last_message_at limit 1 for no key update skip locked)
returning id, user_id, claim_token, processing_attempts, provider_outages;
