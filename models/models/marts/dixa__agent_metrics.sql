{#
  One row an agent and day. What can't be given to an agent is under the agent `unknown`, so that the days' sums are
  those of all conversations.
-#}
with agents as (
    select * from {{ ref('int_dixa__agents') }}
),

events as (
    select
        {{ dixa.day('events.event_at') }} as date_day,
        events.conversation_id,
        events.event_type,
        coalesce(
            case when events.event_type = 'assigned' then events.assignee_id else events.agent_id end,
            agents.agent_id,
            'unknown'
        ) as agent_id
    from {{ ref('int_dixa__conversation_events') }} as events
    left join agents
        on lower(events.agent_email) = agents.agent_email and agents.is_first_of_email and events.agent_id is null
    where events.event_type in (
        'agent_reply', 'internal_note', 'assigned', 'claimed', 'offer_accepted', 'offer_rejected', 'closed'
    )
),

daily as (
    select
        date_day,
        agent_id,
        count(case when event_type = 'agent_reply' then 1 end) as count_agent_replies,
        count(distinct case when event_type = 'agent_reply' then conversation_id end) as count_conversations_replied_to,
        count(case when event_type = 'internal_note' then 1 end) as count_internal_notes,
        count(case when event_type = 'assigned' then 1 end) as count_assignments,
        count(case when event_type = 'claimed' then 1 end) as count_claims,
        count(case when event_type = 'offer_accepted' then 1 end) as count_offers_accepted,
        count(case when event_type = 'offer_rejected' then 1 end) as count_offers_rejected,
        count(case when event_type = 'closed' then 1 end) as count_conversations_closed
    from events
    group by 1, 2
),

{#- A conversation's first reply belongs to who wrote it, on the day of the reply. #}
first_replies as (
    select
        date_day,
        agent_id,
        count(*) as count_first_replies,
        sum(minutes) as sum_first_reply_minutes
    from (
        select
            {{ dixa.day('metrics.first_reply_at') }} as date_day,
            metrics.first_reply_time_calendar_minutes as minutes,
            coalesce(events.agent_id, agents.agent_id, 'unknown') as agent_id,
            row_number() over (partition by metrics.conversation_id order by events.event_id) as from_first
        from {{ ref('dixa__conversation_metrics') }} as metrics
        inner join {{ ref('int_dixa__conversation_events') }} as events
            on metrics.conversation_id = events.conversation_id
            and events.event_type = 'agent_reply'
            and metrics.first_reply_at = events.event_at
        left join agents
            on lower(events.agent_email) = agents.agent_email and agents.is_first_of_email and events.agent_id is null
    ) as ranked
    where from_first = 1
    group by 1, 2
),

ratings as (
    select
        {{ dixa.day('rated_at') }} as date_day,
        coalesce(agent_id, 'unknown') as agent_id,
        count(*) as count_ratings,
        count(case when is_satisfied then 1 end) as count_satisfied_ratings
    from {{ ref('dixa__csat') }}
    where rating_score is not null and rated_at is not null
    group by 1, 2
),

keys as (
    select date_day, agent_id from daily
    union distinct
    select date_day, agent_id from first_replies
    union distinct
    select date_day, agent_id from ratings
)

select
    {{ dbt.concat(["keys.agent_id", "'/'", "cast(keys.date_day as " ~ dbt.type_string() ~ ")"]) }} as agent_day_id,
    keys.agent_id,
    keys.date_day,
    agents.agent_name,
    {%- for column in [
        'count_agent_replies', 'count_conversations_replied_to', 'count_internal_notes', 'count_assignments',
        'count_claims', 'count_offers_accepted', 'count_offers_rejected', 'count_conversations_closed',
    ] %}
    coalesce(daily.{{ column }}, 0) as {{ column }},
    {%- endfor %}
    coalesce(first_replies.count_first_replies, 0) as count_first_replies,
    first_replies.sum_first_reply_minutes / first_replies.count_first_replies as avg_first_reply_time_calendar_minutes,
    coalesce(ratings.count_ratings, 0) as count_ratings,
    coalesce(ratings.count_satisfied_ratings, 0) as count_satisfied_ratings
from keys
left join agents on keys.agent_id = agents.agent_id
left join daily on keys.date_day = daily.date_day and keys.agent_id = daily.agent_id
left join first_replies on keys.date_day = first_replies.date_day and keys.agent_id = first_replies.agent_id
left join ratings on keys.date_day = ratings.date_day and keys.agent_id = ratings.agent_id
