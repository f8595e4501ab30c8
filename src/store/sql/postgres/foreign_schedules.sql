-- foreign_schedules: schedules that call an endpoint which our jobs replace
-- needs: cron.job
-- Does not return the command, which contains the application's key.
select
  j.jobid::text as id,
  j.schedule::text as schedule,
  substring(j.command from '/tasks/(decay|process-conversations)') as endpoint
from cron.job j
where j.active and j.command ~ '/tasks/(decay|process-conversations)'
order by j.jobid
