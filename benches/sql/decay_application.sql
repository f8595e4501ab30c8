-- An application that runs at the same time as decay: a random player returns and gains some points.
--
--   pgbench -n -M prepared -c 2 -R 500 -l -T 10 -D players=1000000 -f decay_application.sql

\set number random(1, :players)
-- Computes ids as decay_seed_postgres.sql does.
\set spread :number * 2654435761 % 4294967296
update users set relationship_score = least(relationship_score + 0.10, 100.00), updated_at = now()
where id = format('%s-%s-4%s-a%s-%s', lpad(to_hex(:spread::bigint), 8, '0'), lpad(to_hex(:spread::bigint * 7 % 65536), 4, '0'),
    lpad(to_hex(:spread::bigint * 11 % 4096), 3, '0'), lpad(to_hex(:spread::bigint * 13 % 4096), 3, '0'), lpad(to_hex(:number::bigint), 12, '0'))::uuid;
