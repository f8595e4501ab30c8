-- Retention (specification, part 06): finished executions by their end, so that a scan finds the old ones at a cost that does not
-- grow with what is kept.
create index if not exists job_executions_finished on job_executions (coalesce(completed_at, started_at))
    where status in ('completed', 'failed');
