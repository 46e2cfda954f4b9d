{#
  One row a queue and day, from the queue's first conversation to the last day on which anything happened anywhere:
  how many conversations were not closed at the day's end (open and pending), and what changed that.
-#}
with changes as (
    select
        coalesce(metrics.queue_id, 'none') as queue_id,
        {{ dixa.day('history.started_at') }} as date_day,
        case when history.status_number = 1 then 1 else 0 end as created,
        case when history.status_number > 1 and history.status <> 'closed' and history.previous_status = 'closed' then 1 else 0 end
            as reopened,
        case when history.status = 'closed' then 1 else 0 end as closed,
        case when history.status = 'pending' then 1 else 0 end
        - case when history.previous_status = 'pending' then 1 else 0 end as pending_change
    from (
        select
            *,
            lag(status) over (partition by conversation_id order by status_number) as previous_status
        from {{ ref('dixa__conversation_status_history') }}
    ) as history
    inner join {{ ref('dixa__conversation_metrics') }} as metrics
        on history.conversation_id = metrics.conversation_id
),

daily as (
    select
        queue_id,
        date_day,
        sum(created) as count_created,
        sum(reopened) as count_reopened,
        sum(closed) as count_closed,
        sum(pending_change) as pending_change
    from changes
    group by 1, 2
),

span as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from daily
),

dates as (
    {{ dixa.days('cast((select first_day from span) as ' ~ dixa.type_utc() ~ ')', '(select last_day from span)') | indent(4) }}
),

first_days as (
    select
        queue_id,
        min(date_day) as first_day
    from daily
    group by queue_id
)

select
    {{ dbt.concat(["first_days.queue_id", "'/'", "cast(dates.date_day as " ~ dbt.type_string() ~ ")"]) }} as queue_day_id,
    first_days.queue_id,
    queues.queue_name,
    dates.date_day,
    cast(coalesce(daily.count_created, 0) as {{ dbt.type_bigint() }}) as count_created,
    cast(coalesce(daily.count_reopened, 0) as {{ dbt.type_bigint() }}) as count_reopened,
    cast(coalesce(daily.count_closed, 0) as {{ dbt.type_bigint() }}) as count_closed,
    cast(sum(coalesce(daily.count_created, 0) + coalesce(daily.count_reopened, 0) - coalesce(daily.count_closed, 0)) over (
        partition by first_days.queue_id order by dates.date_day rows between unbounded preceding and current row
    ) as {{ dbt.type_bigint() }}) as count_backlog,
    cast(sum(coalesce(daily.pending_change, 0)) over (
        partition by first_days.queue_id order by dates.date_day rows between unbounded preceding and current row
    ) as {{ dbt.type_bigint() }}) as count_pending
from first_days
inner join dates on first_days.first_day <= dates.date_day
left join daily on first_days.queue_id = daily.queue_id and dates.date_day = daily.date_day
left join {{ ref('int_dixa__queues') }} as queues on first_days.queue_id = queues.queue_id
