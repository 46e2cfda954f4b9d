{#
  One row a conversation and span of time in one status: `open`, `pending` or `closed`. A conversation begins open; the
  last span has no end. Where the log tells no closing of a closed conversation, its `closed_at` does.
-#}
{{ config(
    materialized=dixa.incremental_rows(),
    incremental_strategy='delete+insert',
    unique_key='conversation_id',
    post_hook="{% if is_incremental() %}{{ dixa.delete_vanished() }}{% endif %}",
    on_schema_change='fail',
) }}
{#- Needed in incremental runs only, where dbt does not see it. #}
{%- do ref('int_dixa__conversation_versions') %}

with
{%- if is_incremental() %}
changed as (
    {{ dixa.changed_conversations() | indent(4) }}
),
{%- endif %}

events as (
    select * from {{ ref('int_dixa__conversation_events') }}
    {{- dixa.only_changed() | indent(4) }}
),

conversations as (
    select
        conversation_id,
        created_at,
        closed_at,
        lower(status) as status
    from {{ ref('stg_dixa__conversations') }}
    {{- dixa.only_changed() | indent(4) }}
),

changes as (
    select
        conversation_id,
        event_id,
        event_at,
        case event_type when 'closed' then 'closed' when 'pending' then 'pending' else 'open' end as status,
        agent_id,
        0 as is_first,
        version
    from events
    where event_type in ('closed', 'pending', 'reopened')

    union all

    select
        events.conversation_id,
        events.event_id,
        events.event_at,
        'open' as status,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        1 as is_first,
        events.version
    from events
    where events.event_type = 'created'

    union all

    select
        conversations.conversation_id,
        'closed' as event_id,
        conversations.closed_at as event_at,
        'closed' as status,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        0 as is_first,
        created.version
    from conversations
    inner join events as created
        on conversations.conversation_id = created.conversation_id and created.event_type = 'created'
    left join (select distinct conversation_id from events where event_type = 'closed') as told
        on conversations.conversation_id = told.conversation_id
    where conversations.status = 'closed' and conversations.closed_at is not null and told.conversation_id is null
),

{#- Nothing happens before the beginning, whatever clocks say. #}
ordered as (
    select
        *,
        lag(status) over (partition by conversation_id order by is_first desc, event_at, event_id) as previous_status
    from changes
),

spans as (
    select
        conversation_id,
        status,
        event_at as started_at,
        agent_id as changed_by_agent_id,
        version,
        row_number() over (partition by conversation_id order by is_first desc, event_at, event_id) as status_number,
        lead(event_at) over (partition by conversation_id order by is_first desc, event_at, event_id) as ended_at
    from ordered
    where previous_status is null or previous_status <> status
)

select
    {{ dbt.concat(["cast(conversation_id as " ~ dbt.type_string() ~ ")", "'-'", "cast(status_number as " ~ dbt.type_string() ~ ")"]) }}
        as status_history_id,
    conversation_id,
    status_number,
    status,
    started_at,
    ended_at,
    {{ dixa.minutes_between('started_at', 'ended_at') }} as duration_calendar_minutes,
    changed_by_agent_id,
    version
from spans
