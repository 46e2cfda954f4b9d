{#
  What happened to each conversation, in one form, whatever stream told it: the one table that all metrics are computed
  from.

  `event_type`:
    created                  the conversation began (from `conversations`, so that it is always there)
    agent_reply              an agent wrote to the customer
    automatic_message        a message of Dixa itself that the log files under agents
    customer_message         the customer wrote
    internal_note, automatic_reply, offered, offer_accepted, offer_rejected, offer_timed_out, assigned, claimed,
    unassigned, transfer_initiated, transferred, transfer_failed, pending, closed, reopened, rated, linked_to_parent,
    unlinked_from_parent
    other                    everything else

  `assignee_id`: who has the conversation from this event on. `source`: the stream that told it.
-#}
{{ config(
    materialized=dixa.incremental_rows(),
    incremental_strategy='delete+insert',
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

messages as (
    select
        message_id,
        conversation_id,
        created_at,
        lower(direction) as direction,
        coalesce(is_automated, false) as is_automated,
        author_email
    from {{ ref('stg_dixa__messages') }}
    {{- dixa.only_changed() | indent(4) }}
),

activities as (
    select * from {{ ref('stg_dixa__activity_logs') }}
    {{- dixa.only_changed() | indent(4) }}
),

{#- A log that tells how the conversation began tells all of it; an older conversation's, or an import's, does not. #}
logs as (
    select
        conversation_id,
        max(case when activity_type in ('ConversationCreatedByCustomer', 'ConversationCreatedByAgent') then 1 else 0 end)
            as has_beginning
    from activities
    group by conversation_id
),

message_counts as (
    select
        conversation_id,
        count(*) as messages
    from messages
    group by conversation_id
),

reach as (
    select
        conversations.conversation_id,
        conversations.anonymized_at,
        coalesce(logs.has_beginning, 0) = 1 as is_complete,
        {#- Without a whole log the messages are asked, if there are any. #}
        coalesce(logs.has_beginning, 0) = 1 or coalesce(message_counts.messages, 0) = 0 as is_log_asked
    from conversations
    left join logs on conversations.conversation_id = logs.conversation_id
    left join message_counts on conversations.conversation_id = message_counts.conversation_id
),

logged as (
    select
        activities.activity_id as event_id,
        activities.conversation_id,
        activities.activity_at as event_at,
        case activities.activity_type
            when 'MessageAddedByAgent' then
                case
                    when messages.is_automated then 'automatic_message'
                    {#- No author means Dixa itself, unless the message says otherwise, or the author was forgotten. #}
                    when
                        activities.author_id is null
                        and messages.message_id is null
                        and reach.anonymized_at is null
                        then 'automatic_message'
                    else 'agent_reply'
                end
            when 'MessageAddedByCustomer' then 'customer_message'
            when 'NoteAdded' then 'internal_note'
            when 'ConversationAutoreplySent' then 'automatic_reply'
            when 'ConversationOffered' then 'offered'
            when 'ConversationOfferAccepted' then 'offer_accepted'
            when 'ConversationOfferRejected' then 'offer_rejected'
            when 'ConversationOfferTimeout' then 'offer_timed_out'
            when 'ConversationAssigned' then 'assigned'
            when 'ConversationClaimed' then 'claimed'
            when 'ConversationUnassigned' then 'unassigned'
            when 'TransferInitiated' then 'transfer_initiated'
            when 'TransferSuccessful' then 'transferred'
            when 'TransferFailed' then 'transfer_failed'
            when 'ConversationPending' then 'pending'
            when 'ConversationClosed' then 'closed'
            when 'ConversationReopened' then 'reopened'
            when 'ConversationRated' then 'rated'
            when 'ConversationLinkedToParent' then 'linked_to_parent'
            when 'ConversationUnlinkedToParent' then 'unlinked_from_parent'
            else 'other'
        end as event_type,
        activities.activity_type,
        activities.author_id as agent_id,
        coalesce(activities.author_email, messages.author_email) as agent_email,
        case
            when activities.activity_type = 'ConversationAssigned' then activities.agent_id
            when activities.activity_type in ('ConversationClaimed', 'ConversationOfferAccepted') then activities.author_id
            when activities.activity_type = 'TransferSuccessful' and activities.destination_type = 'agent'
                then activities.destination_id
        end as assignee_id,
        activities.destination_type,
        activities.destination_id,
        'activity_logs' as source,
        reach.is_complete,
        reach.is_log_asked
    from activities
    inner join reach on activities.conversation_id = reach.conversation_id
    left join messages
        on activities.conversation_id = messages.conversation_id and activities.message_id = messages.message_id
),

written as (
    select
        messages.message_id as event_id,
        messages.conversation_id,
        messages.created_at as event_at,
        case
            when messages.is_automated then 'automatic_message'
            when messages.direction = 'outbound' then 'agent_reply'
            when messages.direction = 'inbound' then 'customer_message'
            else 'other'
        end as event_type,
        case when messages.direction = 'outbound' then messages.author_email end as agent_email,
        reach.is_complete
    from messages
    inner join reach on messages.conversation_id = reach.conversation_id
    where not reach.is_log_asked
),

events as (
    select
        {{ dbt.concat(["'created/'", "cast(conversation_id as " ~ dbt.type_string() ~ ")"]) }} as event_id,
        conversation_id,
        created_at as event_at,
        'created' as event_type,
        cast(null as {{ dbt.type_string() }}) as activity_type,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        cast(null as {{ dbt.type_string() }}) as agent_email,
        cast(null as {{ dbt.type_string() }}) as assignee_id,
        cast(null as {{ dbt.type_string() }}) as destination_type,
        cast(null as {{ dbt.type_string() }}) as destination_id,
        'conversations' as source
    from conversations

    union all

    select
        event_id,
        conversation_id,
        event_at,
        event_type,
        activity_type,
        agent_id,
        agent_email,
        assignee_id,
        destination_type,
        destination_id,
        source
    from logged
    where is_log_asked or event_type not in ('agent_reply', 'automatic_message', 'customer_message')

    union all

    select
        event_id,
        conversation_id,
        event_at,
        event_type,
        cast(null as {{ dbt.type_string() }}) as activity_type,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        agent_email,
        cast(null as {{ dbt.type_string() }}) as assignee_id,
        cast(null as {{ dbt.type_string() }}) as destination_type,
        cast(null as {{ dbt.type_string() }}) as destination_id,
        'messages' as source
    from written
)

select
    events.event_id,
    events.conversation_id,
    events.event_at,
    events.event_type,
    events.activity_type,
    events.agent_id,
    events.agent_email,
    events.assignee_id,
    events.destination_type,
    events.destination_id,
    events.source,
    reach.is_complete,
    versions.version
from events
inner join reach on events.conversation_id = reach.conversation_id
inner join versions on events.conversation_id = versions.conversation_id
