{# One row a conversation. What each number means, and what it is computed from: docs/metrics.md. -#}
{{ config(
    materialized='incremental',
    incremental_strategy=dixa.one_row_strategy(),
    unique_key='conversation_id',
    post_hook="{% if is_incremental() %}{{ dixa.delete_vanished() }}{% endif %}",
    on_schema_change='fail',
) }}

with
{%- if is_incremental() %}
changed as (
    {{ dixa.changed_conversations() | indent(4) }}
),
{%- endif %}

versions as (
    select * from {{ ref('int_dixa__conversation_versions') }}
    {{- dixa.only_changed() | indent(4) }}
),

conversations as (
    select * from {{ ref('stg_dixa__conversations') }}
    {{- dixa.only_changed() | indent(4) }}
),

events as (
    select * from {{ ref('int_dixa__conversation_events') }}
    {{- dixa.only_changed() | indent(4) }}
),

counts as (
    select
        conversation_id,
        max(case when is_complete then 1 else 0 end) = 1 as is_complete,
        max(case when activity_type = 'ConversationCreatedByAgent' then 1 else 0 end) = 1 as is_begun_by_agent,
        max(case when activity_type = 'ConversationCreatedByCustomer' then 1 else 0 end) = 1 as is_begun_by_customer,
        min(case when event_type = 'agent_reply' then event_at end) as first_agent_reply_at,
        min(case when assignee_id is not null then event_at end) as first_assigned_at,
        max(event_at) as last_event_at,
        count(case when event_type = 'agent_reply' then 1 end) as count_agent_replies,
        count(case when event_type = 'customer_message' then 1 end) as count_customer_messages,
        count(case when event_type in ('automatic_message', 'automatic_reply') then 1 end) as count_automatic_messages,
        count(case when event_type = 'internal_note' then 1 end) as count_internal_notes,
        count(case when event_type = 'transferred' then 1 end) as count_transfers,
        count(case when event_type = 'transferred' and destination_type = 'agent' then 1 end) as count_transfers_to_agents,
        count(case when event_type = 'transferred' and destination_type = 'queue' then 1 end) as count_transfers_to_queues,
        count(case when event_type = 'transfer_failed' then 1 end) as count_transfers_failed,
        count(case when event_type = 'transfer_initiated' then 1 end) as count_transfers_initiated,
        count(case when event_type = 'linked_to_parent' then 1 end)
            > count(case when event_type = 'unlinked_from_parent' then 1 end) as is_linked_to_parent,
        count(case when event_type = 'offered' then 1 end) as count_offers,
        count(case when event_type = 'offer_accepted' then 1 end) as count_offers_accepted,
        count(case when event_type = 'offer_rejected' then 1 end) as count_offers_rejected,
        count(case when event_type = 'offer_timed_out' then 1 end) as count_offers_timed_out,
        count(distinct assignee_id) as unique_assignees
    from events
    group by conversation_id
),

status_events as (
    select
        conversation_id,
        event_at,
        event_type,
        lag(event_type) over (partition by conversation_id order by event_at, event_id) as previous_type,
        row_number() over (partition by conversation_id order by event_at desc, event_id desc) as from_last
    from events
    where event_type in ('closed', 'pending', 'reopened')
),

statuses as (
    select
        conversation_id,
        min(case when event_type = 'closed' then event_at end) as first_closed_at,
        {#- Of closings without a reopening between them the first counts. #}
        max(case when event_type = 'closed' and coalesce(previous_type, '') <> 'closed' then event_at end) as last_closed_at,
        {#- Coming back from pending is no reopening of what was done; what came before the log begins is taken as closed. #}
        count(case when event_type = 'reopened' and coalesce(previous_type, 'closed') = 'closed' then 1 end) as count_reopens,
        max(case when from_last = 1 then event_type end) as last_type
    from status_events
    group by conversation_id
),

handling_events as (
    select
        conversation_id,
        event_at,
        assignee_id,
        lead(event_at) over (partition by conversation_id order by event_at, event_id) as next_at
    from events
    where
        assignee_id is not null
        or event_type in ('unassigned', 'closed', 'pending')
        or (event_type = 'transferred' and destination_type = 'queue')
),

handling as (
    select
        handling_events.conversation_id,
        sum({{ dixa.minutes_between(
            'handling_events.event_at', 'coalesce(handling_events.next_at, counts.last_event_at)'
        ) }}) as handling_time_minutes
    from handling_events
    inner join counts on handling_events.conversation_id = counts.conversation_id
    where handling_events.assignee_id is not null
    group by handling_events.conversation_id
),

joined as (
    select
        conversations.conversation_id,
        conversations.channel,
        conversations.direction,
        conversations.status,
        conversations.requester_id,
        conversations.queue_id,
        conversations.queue_name,
        conversations.assignee_id,
        conversations.assignee_name,
        conversations.created_at,
        conversations.updated_at,
        conversations.anonymized_at,
        counts.is_complete,
        {#- Who wrote first, where the log does not say who began. #}
        counts.is_begun_by_agent
        or (not counts.is_begun_by_customer and coalesce(lower(conversations.direction) = 'outbound', false))
            as is_agent_initiated,
        coalesce(lower(conversations.status) = 'closed', statuses.last_type = 'closed', false) as is_closed,
        counts.first_agent_reply_at,
        case when counts.is_complete then counts.first_assigned_at end as first_assigned_at,
        case when counts.is_complete then statuses.first_closed_at end as first_closed_at,
        case
            when statuses.last_type = 'closed' then statuses.last_closed_at
            else coalesce(conversations.closed_at, statuses.last_closed_at)
        end as last_closed_at,
        coalesce(statuses.count_reopens, 0) as count_reopens,
        case when counts.is_complete then coalesce(handling.handling_time_minutes, 0) end as handling_time_minutes,
        counts.is_linked_to_parent,
        case
            when counts.is_complete then counts.count_internal_notes
            else greatest(counts.count_internal_notes, {{ dixa.json_length('conversations.wrapup_notes') }})
        end as count_internal_notes,
        greatest(counts.last_event_at, coalesce(conversations.last_message_created_at, counts.last_event_at))
            as last_activity_at,
        counts.count_agent_replies,
        counts.count_customer_messages,
        counts.count_automatic_messages,
        counts.count_transfers,
        counts.count_transfers_to_agents,
        counts.count_transfers_to_queues,
        counts.count_transfers_failed,
        counts.count_transfers_initiated,
        counts.count_offers,
        counts.count_offers_accepted,
        counts.count_offers_rejected,
        counts.count_offers_timed_out,
        counts.unique_assignees,
        versions.version
    from conversations
    inner join versions on conversations.conversation_id = versions.conversation_id
    inner join counts on conversations.conversation_id = counts.conversation_id
    left join statuses on conversations.conversation_id = statuses.conversation_id
    left join handling on conversations.conversation_id = handling.conversation_id
),

replied as (
    select
        *,
        case when not is_agent_initiated then first_agent_reply_at end as first_reply_at,
        first_closed_at as first_resolution_at,
        case when is_closed then last_closed_at end as full_resolution_at
    from joined
),

{#- Business time is the difference of two readings of one clock that only runs in open hours. #}
instants as (
    select conversation_id, 'created' as instant, created_at as instant_at from replied
    union all
    select conversation_id, 'first_reply' as instant, first_reply_at as instant_at from replied
    where first_reply_at is not null
    union all
    select conversation_id, 'full_resolution' as instant, full_resolution_at as instant_at from replied
    where full_resolution_at is not null
),

readings as (
    select
        instants.conversation_id,
        instants.instant,
        max(
            calendar.business_ms_before
            + {{ dixa.ms_between('calendar.start_at', 'least(calendar.end_at, instants.instant_at)') }}
        ) as business_ms
    from instants
    inner join {{ ref('int_dixa__business_calendar') }} as calendar
        on cast(instants.instant_at as date) = calendar.date_day and calendar.start_at <= instants.instant_at
    group by instants.conversation_id, instants.instant
),

business as (
    select
        conversation_id,
        max(case when instant = 'created' then business_ms end) as created_ms,
        max(case when instant = 'first_reply' then business_ms end) as first_reply_ms,
        max(case when instant = 'full_resolution' then business_ms end) as full_resolution_ms
    from readings
    group by conversation_id
)

select
    replied.conversation_id,
    replied.channel,
    replied.direction,
    replied.status,
    replied.requester_id,
    replied.queue_id,
    replied.queue_name,
    replied.assignee_id,
    replied.assignee_name,
    replied.created_at,
    replied.updated_at,
    replied.anonymized_at,
    replied.last_activity_at,
    replied.is_complete,
    replied.is_agent_initiated,
    replied.is_closed,
    replied.is_linked_to_parent,
    replied.first_reply_at,
    replied.first_assigned_at,
    replied.first_resolution_at,
    replied.full_resolution_at,
    {{ dixa.minutes_between('replied.created_at', 'replied.first_reply_at') }} as first_reply_time_calendar_minutes,
    cast(business.first_reply_ms - business.created_ms as {{ dixa.type_double() }}) / 60000
        as first_reply_time_business_minutes,
    {{ dixa.minutes_between('replied.created_at', 'replied.first_assigned_at') }} as first_assignment_time_calendar_minutes,
    {{ dixa.minutes_between('replied.created_at', 'replied.first_resolution_at') }}
        as first_resolution_time_calendar_minutes,
    {{ dixa.minutes_between('replied.created_at', 'replied.full_resolution_at') }} as full_resolution_time_calendar_minutes,
    cast(business.full_resolution_ms - business.created_ms as {{ dixa.type_double() }}) / 60000
        as full_resolution_time_business_minutes,
    replied.handling_time_minutes,
    replied.count_agent_replies,
    replied.count_agent_replies as number_of_agent_replies,
    replied.count_customer_messages,
    replied.count_automatic_messages,
    replied.count_internal_notes,
    replied.count_reopens,
    replied.count_transfers,
    replied.count_transfers_to_agents,
    replied.count_transfers_to_queues,
    replied.count_transfers_failed,
    replied.count_transfers_initiated,
    replied.count_offers,
    replied.count_offers_accepted,
    replied.count_offers_rejected,
    replied.count_offers_timed_out,
    replied.unique_assignees,
    case when replied.is_closed then replied.count_agent_replies = 1 and replied.count_reopens = 0 end
        as one_touch_resolution,
    replied.version
from replied
left join business on replied.conversation_id = business.conversation_id
