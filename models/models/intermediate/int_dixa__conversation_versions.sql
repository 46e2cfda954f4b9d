{#
  A text a conversation that changes whenever anything changes that its metrics are computed from. The number in front
  is that of the models' own logic: a higher one makes them compute everything again.
-#}
with streams as (
    {{ dixa.stream_version('conversations', 'id', 'updated_at', 'epoch_ms') | indent(4) }}
    union all
    {{ dixa.stream_version('messages', 'csid', 'created_at', 'epoch_ms') | indent(4) }}
    union all
    {{ dixa.stream_version('activity_logs', 'conversationId', 'activityTimestamp', 'timestamp') | indent(4) }}
),

{#- One row, also where there is no schedule. #}
schedule as (
    select coalesce(max(definition), '') as definition
    from {{ ref('int_dixa__business_schedule') }}
)

select
    conversation_id,
    {{ dbt.concat([
        "'2'",
        "'|'",
        "coalesce(max(case when stream = 'conversations' then stream_version end), '')",
        "'|'",
        "coalesce(max(case when stream = 'messages' then stream_version end), '')",
        "'|'",
        "coalesce(max(case when stream = 'activity_logs' then stream_version end), '')",
        "'|'",
        "max(schedule.definition)",
    ]) }} as version
from streams
cross join schedule
where conversation_id is not null
group by conversation_id
{#- A conversation that is known by its messages or activities only has no metrics yet. #}
having max(case when stream = 'conversations' then 1 else 0 end) = 1
