-- outcomes_by_span: what runs report about conversations, by span
-- :width   integer       how many characters of a time name its span
-- :since   timestamptz   the earliest start of a run
select
  substr(to_char(e.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24'), 1, :width) as span,
  count(*) as runs,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'processed') = 'number' then case
              when cast(result ->> 'processed' as numeric) between 0 and 1e9 then cast(
                  cast(result ->> 'processed' as numeric) as bigint
                )
            end
        end
      ),
      0
    ) as bigint
  ) as processed,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'partial') = 'number' then case
              when cast(result ->> 'partial' as numeric) between 0 and 1e9 then cast(
                  cast(result ->> 'partial' as numeric) as bigint
                )
            end
        end
      ),
      0
    ) as bigint
  ) as partial,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'skipped') = 'number' then case
              when cast(result ->> 'skipped' as numeric) between 0 and 1e9 then cast(
                  cast(result ->> 'skipped' as numeric) as bigint
                )
            end
        end
      ),
      0
    ) as bigint
  ) as skipped,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'retrying') = 'number' then case
              when cast(result ->> 'retrying' as numeric) between 0 and 1e9 then cast(
                  cast(result ->> 'retrying' as numeric) as bigint
                )
            end
        end
      ),
      0
    ) as bigint
  ) as retrying,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'failed') = 'number' then case
              when cast(result ->> 'failed' as numeric) between 0 and 1e9 then cast(
                  cast(result ->> 'failed' as numeric) as bigint
                )
            end
        end
      ),
      0
    ) as bigint
  ) as failed,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'released') = 'number' then case
              when cast(result ->> 'released' as numeric) between 0 and 1e9 then cast(
                  cast(result ->> 'released' as numeric) as bigint
                )
            end
        end
      ),
      0
    ) as bigint
  ) as released
from (
  select started_at, cast(result as jsonb) as result
  from job_executions
  where started_at >= :since
    and started_at < 'infinity'
    -- [worked]
    and result #> '{conversations,0}' is not null
    -- [/worked]
) e
group by 1
order by 1
