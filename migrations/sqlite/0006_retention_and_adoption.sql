-- Retention (specification, part 06): finished executions by their end, so that a scan finds old ones at a cost that does not grow
-- with the rest.
create index if not exists job_executions_finished on job_executions (coalesce(completed_at, started_at))
    where status in ('completed', 'failed');

-- Leases by run: `recover` and a scan look up the lease of each record. Measured with 200 running executions: no difference with 20
-- leases, 96 ms against 0.4 ms with 1,000 leases, as left behind by audits whose programs never release them.
create index if not exists job_leases_execution on job_leases (execution_id);
