-- outcomes_by_span: what runs report about conversations, by span
-- :width   integer   how many characters of a time name its span
-- :since   text      the earliest start of a run
select
  substr(e.started_at, 1, :width) as span,
  count(*) as runs,
  cast(
    sum(
      case
        when json_type(result, '$.processed') = 'integer'
          and json_extract(result, '$.processed') between 0 and 1000000000 then json_extract(result, '$.processed')
        else 0
      end
    ) as bigint
  ) as processed,
  cast(
    sum(
      case
        when json_type(result, '$.partial') = 'integer'
          and json_extract(result, '$.partial') between 0 and 1000000000 then json_extract(result, '$.partial')
        else 0
      end
    ) as bigint
  ) as partial,
  cast(
    sum(
      case
        when json_type(result, '$.skipped') = 'integer'
          and json_extract(result, '$.skipped') between 0 and 1000000000 then json_extract(result, '$.skipped')
        else 0
      end
    ) as bigint
  ) as skipped,
  cast(
    sum(
      case
        when json_type(result, '$.retrying') = 'integer'
          and json_extract(result, '$.retrying') between 0 and 1000000000 then json_extract(result, '$.retrying')
        else 0
      end
    ) as bigint
  ) as retrying,
  cast(
    sum(
      case
        when json_type(result, '$.failed') = 'integer'
          and json_extract(result, '$.failed') between 0 and 1000000000 then json_extract(result, '$.failed')
        else 0
      end
    ) as bigint
  ) as failed,
  cast(
    sum(
      case
        when json_type(result, '$.released') = 'integer'
          and json_extract(result, '$.released') between 0 and 1000000000 then json_extract(result, '$.released')
        else 0
      end
    ) as bigint
  ) as released
from (
  select started_at, result
  from job_executions
  where started_at >= :since
    and started_at < '9999'
    -- [worked]
    and case when json_valid(result) then json_type(result, '$.conversations[0]') end is not null
    -- [/worked]
) e
group by 1
order by 1
