{#
  One row a queue and day; a conversation belongs to the queue that it is in now. Each number is of what happened on that
  day. Conversations without a queue are under `none`.
-#}
with metrics as (
    select
        *,
        coalesce(queue_id, 'none') as queue_key
    from {{ ref('dixa__conversation_metrics') }}
),

created as (
    select
        queue_key,
        {{ dixa.day('created_at') }} as date_day,
        count(*) as count_conversations_created
    from metrics
    group by 1, 2
),

replied as (
    select
        queue_key,
        {{ dixa.day('first_reply_at') }} as date_day,
        count(*) as count_first_replies,
        avg(first_reply_time_calendar_minutes) as avg_first_reply_time_calendar_minutes,
        {{ dixa.median('first_reply_time_calendar_minutes') }} as median_first_reply_time_calendar_minutes,
        avg(first_reply_time_business_minutes) as avg_first_reply_time_business_minutes
    from metrics
    where first_reply_at is not null
    group by 1, 2
),

resolved as (
    select
        queue_key,
        {{ dixa.day('full_resolution_at') }} as date_day,
        count(*) as count_conversations_resolved,
        count(case when one_touch_resolution then 1 end) as count_one_touch_resolutions,
        avg(full_resolution_time_calendar_minutes) as avg_full_resolution_time_calendar_minutes
    from metrics
    where full_resolution_at is not null
    group by 1, 2
),

happened as (
    select
        metrics.queue_key,
        {{ dixa.day('events.event_at') }} as date_day,
        count(case when events.event_type = 'agent_reply' then 1 end) as count_agent_replies,
        count(case when events.event_type = 'customer_message' then 1 end) as count_customer_messages,
        count(case when events.event_type = 'transferred' then 1 end) as count_transfers,
        count(case when events.event_type = 'offered' then 1 end) as count_offers,
        count(case when events.event_type = 'offer_accepted' then 1 end) as count_offers_accepted,
        count(case when events.event_type = 'offer_rejected' then 1 end) as count_offers_rejected,
        count(case when events.event_type = 'offer_timed_out' then 1 end) as count_offers_timed_out
    from {{ ref('int_dixa__conversation_events') }} as events
    inner join metrics on events.conversation_id = metrics.conversation_id
    where events.event_type in (
        'agent_reply', 'customer_message', 'transferred', 'offered', 'offer_accepted', 'offer_rejected', 'offer_timed_out'
    )
    group by 1, 2
),

rated as (
    select
        coalesce(queue_id, 'none') as queue_key,
        {{ dixa.day('rated_at') }} as date_day,
        count(*) as count_ratings,
        count(case when is_satisfied then 1 end) as count_satisfied_ratings
    from {{ ref('dixa__csat') }}
    where rating_score is not null and rated_at is not null
    group by 1, 2
),

keys as (
    {%- for part in ['created', 'replied', 'resolved', 'happened', 'rated'] %}
    select queue_key, date_day from {{ part }}
    {{ "union distinct" if not loop.last }}
    {%- endfor %}
)

select
    {{ dbt.concat(["keys.queue_key", "'/'", "cast(keys.date_day as " ~ dbt.type_string() ~ ")"]) }} as queue_day_id,
    keys.queue_key as queue_id,
    keys.date_day,
    queues.queue_name,
    coalesce(created.count_conversations_created, 0) as count_conversations_created,
    coalesce(replied.count_first_replies, 0) as count_first_replies,
    replied.avg_first_reply_time_calendar_minutes,
    replied.median_first_reply_time_calendar_minutes,
    replied.avg_first_reply_time_business_minutes,
    coalesce(resolved.count_conversations_resolved, 0) as count_conversations_resolved,
    coalesce(resolved.count_one_touch_resolutions, 0) as count_one_touch_resolutions,
    resolved.avg_full_resolution_time_calendar_minutes,
    {%- for column in [
        'count_agent_replies', 'count_customer_messages', 'count_transfers', 'count_offers', 'count_offers_accepted',
        'count_offers_rejected', 'count_offers_timed_out',
    ] %}
    coalesce(happened.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    coalesce(rated.count_ratings, 0) as count_ratings,
    coalesce(rated.count_satisfied_ratings, 0) as count_satisfied_ratings
from keys
left join {{ ref('int_dixa__queues') }} as queues on keys.queue_key = queues.queue_id
{%- for part in ['created', 'replied', 'resolved', 'happened', 'rated'] %}
left join {{ part }} on keys.queue_key = {{ part }}.queue_key and keys.date_day = {{ part }}.date_day
{%- endfor %}
