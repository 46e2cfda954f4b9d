-- Made by npm run models:compile from models/, for tables as npm run demo makes them. Don't edit.
CREATE SCHEMA IF NOT EXISTS marts;

CREATE OR REPLACE VIEW marts.stg_dixa__business_hours AS
select
    cast("id" as TEXT) as schedule_id,
    cast("name" as TEXT) as schedule_name,
    cast("timezone" as TEXT) as timezone,
    cast("businessHours" as json) as business_hours,
    cast("exceptions" as json) as exceptions,
    cast(null as timestamp) as loaded_at
from (
    select
        *,
        row_number() over (
            partition by "id"
            order by "id"
        ) as dixa_row_number
    from "dixa"."main"."business_hours"
) as numbered
where dixa_row_number = 1;

CREATE OR REPLACE TABLE marts.int_dixa__business_schedule AS
with schedules as (
    select
        schedule_id,
        schedule_name,
        timezone,
        business_hours,
        exceptions,
        count(*) over () as schedules
    from "dixa"."marts"."stg_dixa__business_hours"
)

select
    schedule_id,
    schedule_name,
    timezone,
    business_hours,
    exceptions,
    md5(cast(coalesce(timezone, '') || coalesce(cast(business_hours as TEXT), '') || coalesce(cast(exceptions as TEXT), '') as TEXT)) as definition
from schedules
where schedules = 1;

CREATE OR REPLACE VIEW marts.stg_dixa__conversations AS
select
    cast("id" as bigint) as conversation_id,
    make_timestamp(cast("created_at" as bigint) * 1000) as created_at,
    make_timestamp(cast("updated_at" as bigint) * 1000) as updated_at,
    make_timestamp(cast("last_message_created_at" as bigint) * 1000) as last_message_created_at,
    cast("initial_channel" as TEXT) as channel,
    cast("status" as TEXT) as status,
    cast("direction" as TEXT) as direction,
    cast("subject" as TEXT) as subject,
    cast("requester_id" as TEXT) as requester_id,
    cast("requester_name" as TEXT) as requester_name,
    cast("requester_email" as TEXT) as requester_email,
    cast("requester_phone_number" as TEXT) as requester_phone_number,
    cast("requester_additional_emails" as json) as requester_additional_emails,
    cast("requester_additional_phone_numbers" as json) as requester_additional_phone_numbers,
    make_timestamp(cast("queued_at" as bigint) * 1000) as queued_at,
    cast("queue_id" as TEXT) as queue_id,
    cast("queue_name" as TEXT) as queue_name,
    make_timestamp(cast("assigned_at" as bigint) * 1000) as assigned_at,
    cast("assignee_id" as TEXT) as assignee_id,
    cast("assignee_name" as TEXT) as assignee_name,
    cast("assignee_email" as TEXT) as assignee_email,
    cast("assignee_phone_number" as TEXT) as assignee_phone_number,
    make_timestamp(cast("closed_at" as bigint) * 1000) as closed_at,
    cast("total_duration" as bigint) as total_duration,
    cast("handling_duration" as bigint) as handling_duration,
    cast("rating_score" as bigint) as rating_score,
    cast("rating_message" as TEXT) as rating_message,
    cast("ratings" as json) as ratings,
    cast("tags" as json) as tags,
    cast("tags_info" as json) as tags_info,
    cast("conversation_wrapup_notes" as json) as wrapup_notes,
    cast("custom_fields" as json) as custom_fields,
    cast("to_provisioned_phone_number_id" as TEXT) as to_provisioned_phone_number_id,
    cast("to_provisioned_phone_number_name" as TEXT) as to_provisioned_phone_number_name,
    cast("from_provisioned_phone_number_id" as TEXT) as from_provisioned_phone_number_id,
    cast("from_provisioned_phone_number_name" as TEXT) as from_provisioned_phone_number_name,
    cast("transferee_name" as TEXT) as transferee_name,
    cast("transferee_number" as TEXT) as transferee_number,
    make_timestamp(cast("transfer_time" as bigint) * 1000) as transferred_at,
    cast("originating_country" as TEXT) as originating_country,
    cast("dixa_email_integration_id" as TEXT) as email_integration_id,
    cast("dixa_email_integration_sender_name" as TEXT) as email_integration_sender_name,
    cast("forwarding_email" as TEXT) as forwarding_email,
    cast("facebook_page_id" as TEXT) as facebook_page_id,
    cast("facebook_page_name" as TEXT) as facebook_page_name,
    cast("widget_id" as TEXT) as widget_id,
    cast("widget_name" as TEXT) as widget_name,
    make_timestamp(cast("anonymized_at" as bigint) * 1000) as anonymized_at,
    cast(null as timestamp) as loaded_at
from (
    select
        *,
        row_number() over (
            partition by "id"
            order by "updated_at" desc
        ) as dixa_row_number
    from "dixa"."main"."conversations"
) as numbered
where dixa_row_number = 1;

CREATE OR REPLACE TABLE marts.int_dixa__business_calendar AS
with schedule as (
    select * from "dixa"."marts"."int_dixa__business_schedule"
),

span as (
    select
        cast(min(created_at) as date) as first_date,
        cast(

    (max(coalesce(updated_at, created_at)) + cast(2 as bigint) * interval 1 day) as date) as last_date
    from "dixa"."marts"."stg_dixa__conversations"
),

dates as (

    select date_day
    from (
        select
            cast(

        (cast(

        (cast((select first_date from span) as timestamp) + cast(-1 as bigint) * interval 1 day) as timestamp) + cast(ten_thousands.digit * 10000 + thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit as bigint) * interval 1 day) as date) as date_day
        from (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as ones
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as tens
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as hundreds
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as thousands
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3) as ten_thousands
    ) as spine
    where date_day <= (select last_date from span)

),

weekly as (
    select
        cast(json_extract_string(value, '$.dayOfWeek') as bigint) as weekday,
        lower(json_extract_string(value, '$.status')) as status,
        json_extract(value, '$.intervals') as intervals
    from schedule
    cross join lateral (
    select
        unnest(json_extract(business_hours, '$[*]')) as value,
        generate_subscripts(json_extract(business_hours, '$[*]'), 1) as position
) as element
),

exceptional as (
    select
        cast(json_extract_string(value, '$.recurring.dayOfMonth') as bigint) as day_of_month,
        cast(json_extract_string(value, '$.recurring.monthOfYear') as bigint) as month_of_year,
        cast(json_extract_string(value, '$.startDate') as date) as start_date,
        cast(json_extract_string(value, '$.nextDate') as date) as next_date,
        lower(json_extract_string(value, '$.status')) as status,
        json_extract(value, '$.intervals') as intervals
    from schedule
    cross join lateral (
    select
        unnest(json_extract(exceptions, '$[*]')) as value,
        generate_subscripts(json_extract(exceptions, '$[*]'), 1) as position
) as element
),

exceptional_dates as (
    select
        dates.date_day,
        exceptional.status,
        exceptional.intervals
    from dates
    inner join exceptional
        on dates.date_day = exceptional.start_date
        or dates.date_day = exceptional.next_date
        or (
            extract(day from dates.date_day) = exceptional.day_of_month
            and extract(month from dates.date_day) = exceptional.month_of_year
        )
),
hours as (
    select
        dates.date_day,
        weekly.status,
        weekly.intervals
    from dates
    inner join weekly on cast(extract(isodow from dates.date_day) as bigint) = weekly.weekday
    where dates.date_day not in (select date_day from exceptional_dates)

    union all

    select
        date_day,
        status,
        intervals
    from exceptional_dates
),

times as (
    select
        date_day,
        (
    cast(
    string_split(json_extract_string(value, '$.startTime'), ':')[ 1 ]
 as integer) * 60
    + cast(
    string_split(json_extract_string(value, '$.startTime'), ':')[ 2 ]
 as integer)
) as start_minute,
        (
    cast(
    string_split(json_extract_string(value, '$.endTime'), ':')[ 1 ]
 as integer) * 60
    + cast(
    string_split(json_extract_string(value, '$.endTime'), ':')[ 2 ]
 as integer)
) as end_minute
    from hours
    cross join lateral (
    select
        unnest(json_extract(intervals, '$[*]')) as value,
        generate_subscripts(json_extract(intervals, '$[*]'), 1) as position
) as element
    where status = 'open'
),

opened as (
    select distinct
        ((cast(times.date_day as timestamp) + times.start_minute * interval '1 minute') at time zone schedule.timezone) at time zone 'UTC' as start_at,
        ((cast(times.date_day as timestamp) + case when times.end_minute <= times.start_minute then times.end_minute + 1440 else times.end_minute end * interval '1 minute') at time zone schedule.timezone) at time zone 'UTC' as end_at
    from times
    cross join schedule
),

pieces as (
    select
        dates.date_day,
        cast(dates.date_day as timestamp) as start_at,
        cast(dates.date_day as timestamp) as end_at
    from dates
    cross join schedule

    union all

    select
        dates.date_day,
        greatest(opened.start_at, cast(dates.date_day as timestamp)) as start_at,
        least(
            opened.end_at,
            cast(

    (cast(dates.date_day as timestamp) + cast(1 as bigint) * interval 1 day) as timestamp)
        ) as end_at
    from dates
    inner join opened
        on opened.start_at < cast(

    (cast(dates.date_day as timestamp) + cast(1 as bigint) * interval 1 day) as timestamp)
        and opened.end_at > cast(dates.date_day as timestamp)
)

select
    date_day,
    start_at,
    end_at,
    coalesce(
        sum((epoch_ms(end_at) - epoch_ms(start_at))) over (
            order by start_at, end_at rows between unbounded preceding and 1 preceding
        ),
        0
    ) as business_ms_before
from pieces;

CREATE OR REPLACE TABLE marts.int_dixa__conversation_versions AS
with streams as (
    select
        cast("id" as bigint) as conversation_id,
        'conversations' as stream,
        cast(count(*) as TEXT) || '/' || cast(sum((epoch_ms(make_timestamp(cast("updated_at" as bigint) * 1000)) - epoch_ms(cast('2020-01-01 00:00:00' as timestamp)))) as TEXT) as stream_version
    from "dixa"."main"."conversations"
    group by 1
    union all
    select
        cast("csid" as bigint) as conversation_id,
        'messages' as stream,
        cast(count(*) as TEXT) || '/' || cast(sum((epoch_ms(make_timestamp(cast("created_at" as bigint) * 1000)) - epoch_ms(cast('2020-01-01 00:00:00' as timestamp)))) as TEXT) as stream_version
    from "dixa"."main"."messages"
    group by 1
    union all
    select
        cast("conversationId" as bigint) as conversation_id,
        'activity_logs' as stream,
        cast(count(*) as TEXT) || '/' || cast(sum((epoch_ms((cast("activityTimestamp" as timestamp with time zone) at time zone 'UTC')) - epoch_ms(cast('2020-01-01 00:00:00' as timestamp)))) as TEXT) as stream_version
    from "dixa"."main"."activity_logs"
    group by 1
),
schedule as (
    select coalesce(max(definition), '') as definition
    from "dixa"."marts"."int_dixa__business_schedule"
)

select
    conversation_id,
    '2' || '|' || coalesce(max(case when stream = 'conversations' then stream_version end), '') || '|' || coalesce(max(case when stream = 'messages' then stream_version end), '') || '|' || coalesce(max(case when stream = 'activity_logs' then stream_version end), '') || '|' || max(schedule.definition) as version
from streams
cross join schedule
where conversation_id is not null
group by conversation_id
having max(case when stream = 'conversations' then 1 else 0 end) = 1;

CREATE OR REPLACE VIEW marts.stg_dixa__activity_logs AS
with activities as (
    select
        cast("id" as TEXT) as activity_id,
        cast("conversationId" as bigint) as conversation_id,
        (cast("activityTimestamp" as timestamp with time zone) at time zone 'UTC') as activity_at,
        cast("_type" as TEXT) as activity_type,
        cast("author" as json) as author,
        cast("attributes" as json) as attributes,
        cast(null as timestamp) as loaded_at
    from (
        select
            *,
            row_number() over (
                partition by "id"
                order by "activityTimestamp" desc
            ) as dixa_row_number
        from "dixa"."main"."activity_logs"
    ) as numbered
    where dixa_row_number = 1
)

select
    activity_id,
    conversation_id,
    activity_at,
    activity_type,
    json_extract_string(author, '$.id') as author_id,
    json_extract_string(author, '$.name') as author_name,
    json_extract_string(author, '$.email') as author_email,
    coalesce(
        json_extract_string(attributes, '$.agentId'),
        json_extract_string(attributes, '$.agent.id')
    ) as agent_id,
    coalesce(
        json_extract_string(attributes, '$.agentName'),
        json_extract_string(attributes, '$.agent.name')
    ) as agent_name,
    json_extract_string(attributes, '$.messageId') as message_id,
    lower(json_extract_string(attributes, '$.destinationType')) as destination_type,
    json_extract_string(attributes, '$.destinationId') as destination_id,
    json_extract_string(attributes, '$.destinationLabel') as destination_label,
    json_extract_string(attributes, '$.linkType') as link_type,
    coalesce(
        json_extract_string(attributes, '$.parent.csid'),
        json_extract_string(attributes, '$.parent')
    ) as parent_conversation_id,
    json_extract_string(attributes, '$.templateName') as template_name,
    json_extract_string(attributes, '$.tag') as tag_name,
    attributes,
    loaded_at
from activities;

CREATE OR REPLACE VIEW marts.stg_dixa__messages AS
select
    cast("id" as TEXT) as message_id,
    cast("csid" as bigint) as conversation_id,
    make_timestamp(cast("created_at" as bigint) * 1000) as created_at,
    cast("initial_channel" as TEXT) as channel,
    cast("author_name" as TEXT) as author_name,
    cast("author_email" as TEXT) as author_email,
    cast("direction" as TEXT) as direction,
    cast("text" as TEXT) as message,
    cast("from" as TEXT) as sender,
    cast("to" as json) as recipients,
    cast("cc" as json) as cc_recipients,
    cast("bcc" as json) as bcc_recipients,
    cast("from_phone_number" as TEXT) as from_phone_number,
    cast("to_phone_number" as TEXT) as to_phone_number,
    cast("duration" as bigint) as duration,
    cast("recording_url" as TEXT) as recording_url,
    cast("voicemail_url" as TEXT) as voicemail_url,
    cast("attached_files" as json) as attached_files,
    cast("is_automated_message" as boolean) as is_automated,
    cast("chat_input_question" as TEXT) as chat_input_question,
    cast("chat_input_answer" as TEXT) as chat_input_answer,
    cast("chat_menu_text" as TEXT) as chat_menu_text,
    cast("form_submission" as json) as form_submission,
    cast(null as timestamp) as loaded_at
from (
    select
        *,
        row_number() over (
            partition by "id"
            order by "id"
        ) as dixa_row_number
    from "dixa"."main"."messages"
) as numbered
where dixa_row_number = 1;

CREATE OR REPLACE TABLE marts.int_dixa__conversation_events AS
with

versions as (
    select * from "dixa"."marts"."int_dixa__conversation_versions"
),

conversations as (
    select * from "dixa"."marts"."stg_dixa__conversations"
),

messages as (
    select
        message_id,
        conversation_id,
        created_at,
        lower(direction) as direction,
        coalesce(is_automated, false) as is_automated,
        author_email
    from "dixa"."marts"."stg_dixa__messages"
),

activities as (
    select * from "dixa"."marts"."stg_dixa__activity_logs"
),
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
        'created/' || cast(conversation_id as TEXT) as event_id,
        conversation_id,
        created_at as event_at,
        'created' as event_type,
        cast(null as TEXT) as activity_type,
        cast(null as TEXT) as agent_id,
        cast(null as TEXT) as agent_email,
        cast(null as TEXT) as assignee_id,
        cast(null as TEXT) as destination_type,
        cast(null as TEXT) as destination_id,
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
        cast(null as TEXT) as activity_type,
        cast(null as TEXT) as agent_id,
        agent_email,
        cast(null as TEXT) as assignee_id,
        cast(null as TEXT) as destination_type,
        cast(null as TEXT) as destination_id,
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
inner join versions on events.conversation_id = versions.conversation_id;

CREATE OR REPLACE TABLE marts.dixa__conversation_metrics AS
with

versions as (
    select * from "dixa"."marts"."int_dixa__conversation_versions"
),

conversations as (
    select * from "dixa"."marts"."stg_dixa__conversations"
),

events as (
    select * from "dixa"."marts"."int_dixa__conversation_events"
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
        max(case when event_type = 'closed' and coalesce(previous_type, '') <> 'closed' then event_at end) as last_closed_at,
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
        sum(cast((epoch_ms(coalesce(handling_events.next_at, counts.last_event_at)) - epoch_ms(handling_events.event_at)) as double precision) / 60000) as handling_time_minutes
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
            else greatest(counts.count_internal_notes, coalesce(cast(json_array_length(conversations.wrapup_notes) as bigint), 0))
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
            + (epoch_ms(least(calendar.end_at, instants.instant_at)) - epoch_ms(calendar.start_at))
        ) as business_ms
    from instants
    inner join "dixa"."marts"."int_dixa__business_calendar" as calendar
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
    cast((epoch_ms(replied.first_reply_at) - epoch_ms(replied.created_at)) as double precision) / 60000 as first_reply_time_calendar_minutes,
    cast(business.first_reply_ms - business.created_ms as double precision) / 60000
        as first_reply_time_business_minutes,
    cast((epoch_ms(replied.first_assigned_at) - epoch_ms(replied.created_at)) as double precision) / 60000 as first_assignment_time_calendar_minutes,
    cast((epoch_ms(replied.first_resolution_at) - epoch_ms(replied.created_at)) as double precision) / 60000
        as first_resolution_time_calendar_minutes,
    cast((epoch_ms(replied.full_resolution_at) - epoch_ms(replied.created_at)) as double precision) / 60000 as full_resolution_time_calendar_minutes,
    cast(business.full_resolution_ms - business.created_ms as double precision) / 60000
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
left join business on replied.conversation_id = business.conversation_id;

CREATE OR REPLACE VIEW marts.stg_dixa__conversation_ratings AS
select
    cast(null as bigint) as conversation_id,
    cast(null as TEXT) as rating_id,
    cast(null as TEXT) as rating_type,
    cast(null as bigint) as rating_score,
    cast(null as TEXT) as rating_comment,
    cast(null as TEXT) as rating_status,
    cast(null as TEXT) as channel,
    cast(null as TEXT) as agent_id,
    cast(null as TEXT) as end_user_id,
    cast(null as TEXT) as language,
    cast(null as json) as timestamps,
    cast(null as timestamp) as loaded_at
from (select 1 as no_table) as absent
where 1 = 0;

CREATE OR REPLACE VIEW marts.stg_dixa__export_ratings AS
select
    conversation_id,
    element.position as rating_position,
    json_extract_string(value, '$.rating_type') as rating_type,
    cast(json_extract_string(value, '$.rating_score') as bigint) as rating_score,
    json_extract_string(value, '$.rating_message') as rating_comment,
    json_extract_string(value, '$.rating_status') as rating_status,
    json_extract_string(value, '$.rating_language') as rating_language,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_created_timestamp') as bigint), 0) as bigint) * 1000)
        as created_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_offered_timestamp') as bigint), 0) as bigint) * 1000)
        as offered_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_modified_timestamp') as bigint), 0) as bigint) * 1000)
        as modified_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_rated_timestamp') as bigint), 0) as bigint) * 1000)
        as rated_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_scheduled_timestamp') as bigint), 0) as bigint) * 1000)
        as scheduled_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_scheduled_for_timestamp') as bigint), 0) as bigint) * 1000)
        as scheduled_for_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_unscheduled_timestamp') as bigint), 0) as bigint) * 1000)
        as unscheduled_at,
    make_timestamp(cast(nullif(cast(json_extract_string(value, '$.rating_cancelled_timestamp') as bigint), 0) as bigint) * 1000)
        as cancelled_at
from "dixa"."marts"."stg_dixa__conversations"
cross join lateral (
    select
        unnest(json_extract(ratings, '$[*]')) as value,
        generate_subscripts(json_extract(ratings, '$[*]'), 1) as position
) as element

union all

select
    conversation_id,
    1 as rating_position,
    cast(null as TEXT) as rating_type,
    rating_score,
    rating_message as rating_comment,
    'rated' as rating_status,
    cast(null as TEXT) as rating_language,
    cast(null as timestamp) as created_at,
    cast(null as timestamp) as offered_at,
    cast(null as timestamp) as modified_at,
    cast(null as timestamp) as rated_at,
    cast(null as timestamp) as scheduled_at,
    cast(null as timestamp) as scheduled_for_at,
    cast(null as timestamp) as unscheduled_at,
    cast(null as timestamp) as cancelled_at
from "dixa"."marts"."stg_dixa__conversations"
where rating_score is not null and coalesce(cast(json_array_length(ratings) as bigint), 0) = 0;

CREATE OR REPLACE TABLE marts.dixa__csat AS
with detailed as (
    select
        cast(conversation_id as TEXT) || '-' || rating_id || '-' || coalesce(rating_type, '')
            as csat_id,
        conversation_id,
        lower(rating_type) as rating_type,
        lower(rating_status) as rating_status,
        rating_score,
        rating_comment,
        agent_id,
        language,
        (cast(json_extract_string(timestamps, '$.offered_at') as timestamp with time zone) at time zone 'UTC') as offered_at,
        (cast(json_extract_string(timestamps, '$.rated_at') as timestamp with time zone) at time zone 'UTC') as rated_at
    from "dixa"."marts"."stg_dixa__conversation_ratings"
),

exported as (
    select
        cast(conversation_id as TEXT) || '-' || cast(rating_position as TEXT)
            as csat_id,
        conversation_id,
        lower(rating_type) as rating_type,
        lower(rating_status) as rating_status,
        rating_score,
        rating_comment,
        cast(null as TEXT) as agent_id,
        rating_language as language,
        offered_at,
        rated_at
    from "dixa"."marts"."stg_dixa__export_ratings"
    where conversation_id not in (select conversation_id from detailed)
),

ratings as (
    select * from detailed
    union all
    select * from exported
)

select
    ratings.csat_id,
    ratings.conversation_id,
    ratings.rating_type,
    ratings.rating_status,
    ratings.rating_score,
    ratings.rating_comment,
    case
        when ratings.rating_score is null then null
        when ratings.rating_type = 'nps' then ratings.rating_score >= 9
        when ratings.rating_type = 'thumbsupordown' then ratings.rating_score >= 1
        else ratings.rating_score >= 4
    end as is_satisfied,
    ratings.language,
    ratings.offered_at,
    coalesce(ratings.rated_at, case when ratings.rating_score is not null then conversations.updated_at end) as rated_at,
    coalesce(ratings.agent_id, conversations.assignee_id) as agent_id,
    conversations.queue_id,
    conversations.queue_name,
    conversations.channel
from ratings
inner join "dixa"."marts"."stg_dixa__conversations" as conversations
    on ratings.conversation_id = conversations.conversation_id;

CREATE OR REPLACE VIEW marts.stg_dixa__agents AS
select
    cast(null as TEXT) as agent_id,
    cast(null as timestamp) as created_at,
    cast(null as TEXT) as agent_name,
    cast(null as TEXT) as agent_email,
    cast(null as TEXT) as avatar_url,
    cast(null as TEXT) as phone_number,
    cast(null as json) as additional_emails,
    cast(null as json) as additional_phone_numbers,
    cast(null as TEXT) as first_name,
    cast(null as TEXT) as last_name,
    cast(null as json) as middle_names,
    cast(null as json) as roles,
    cast(null as timestamp) as loaded_at
from (select 1 as no_table) as absent
where 1 = 0;

CREATE OR REPLACE TABLE marts.int_dixa__agents AS
with named as (
    select
        agent_id,
        agent_name,
        lower(agent_email) as agent_email,
        1 as preference,
        cast(null as timestamp) as seen_at
    from "dixa"."marts"."stg_dixa__agents"

    union all

    select
        assignee_id as agent_id,
        assignee_name as agent_name,
        lower(assignee_email) as agent_email,
        2 as preference,
        max(updated_at) as seen_at
    from "dixa"."marts"."stg_dixa__conversations"
    where assignee_id is not null
    group by 1, 2, 3
),

numbered as (
    select
        *,
        row_number() over (partition by agent_id order by preference, seen_at desc, agent_name, agent_email) as from_best
    from named
)

select
    agent_id,
    agent_name,
    agent_email,
    row_number() over (partition by agent_email order by preference, seen_at desc, agent_id) = 1 as is_first_of_email
from numbered
where from_best = 1;

CREATE OR REPLACE TABLE marts.dixa__agent_metrics AS
with agents as (
    select * from "dixa"."marts"."int_dixa__agents"
),

events as (
    select
        cast(events.event_at as date) as date_day,
        events.conversation_id,
        events.event_type,
        coalesce(
            case when events.event_type = 'assigned' then events.assignee_id else events.agent_id end,
            agents.agent_id,
            'unknown'
        ) as agent_id
    from "dixa"."marts"."int_dixa__conversation_events" as events
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
first_replies as (
    select
        date_day,
        agent_id,
        count(*) as count_first_replies,
        sum(minutes) as sum_first_reply_minutes
    from (
        select
            cast(metrics.first_reply_at as date) as date_day,
            metrics.first_reply_time_calendar_minutes as minutes,
            coalesce(events.agent_id, agents.agent_id, 'unknown') as agent_id,
            row_number() over (partition by metrics.conversation_id order by events.event_id) as from_first
        from "dixa"."marts"."dixa__conversation_metrics" as metrics
        inner join "dixa"."marts"."int_dixa__conversation_events" as events
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
        cast(rated_at as date) as date_day,
        coalesce(agent_id, 'unknown') as agent_id,
        count(*) as count_ratings,
        count(case when is_satisfied then 1 end) as count_satisfied_ratings
    from "dixa"."marts"."dixa__csat"
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
    keys.agent_id || '/' || cast(keys.date_day as TEXT) as agent_day_id,
    keys.agent_id,
    keys.date_day,
    agents.agent_name,
    coalesce(daily.count_agent_replies, 0) as count_agent_replies,
    coalesce(daily.count_conversations_replied_to, 0) as count_conversations_replied_to,
    coalesce(daily.count_internal_notes, 0) as count_internal_notes,
    coalesce(daily.count_assignments, 0) as count_assignments,
    coalesce(daily.count_claims, 0) as count_claims,
    coalesce(daily.count_offers_accepted, 0) as count_offers_accepted,
    coalesce(daily.count_offers_rejected, 0) as count_offers_rejected,
    coalesce(daily.count_conversations_closed, 0) as count_conversations_closed,
    coalesce(first_replies.count_first_replies, 0) as count_first_replies,
    first_replies.sum_first_reply_minutes / first_replies.count_first_replies as avg_first_reply_time_calendar_minutes,
    coalesce(ratings.count_ratings, 0) as count_ratings,
    coalesce(ratings.count_satisfied_ratings, 0) as count_satisfied_ratings
from keys
left join agents on keys.agent_id = agents.agent_id
left join daily on keys.date_day = daily.date_day and keys.agent_id = daily.agent_id
left join first_replies on keys.date_day = first_replies.date_day and keys.agent_id = first_replies.agent_id
left join ratings on keys.date_day = ratings.date_day and keys.agent_id = ratings.agent_id;

CREATE OR REPLACE TABLE marts.dixa__conversation_status_history AS
with

events as (
    select * from "dixa"."marts"."int_dixa__conversation_events"
),

conversations as (
    select
        conversation_id,
        created_at,
        closed_at,
        lower(status) as status
    from "dixa"."marts"."stg_dixa__conversations"
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
        cast(null as TEXT) as agent_id,
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
        cast(null as TEXT) as agent_id,
        0 as is_first,
        created.version
    from conversations
    inner join events as created
        on conversations.conversation_id = created.conversation_id and created.event_type = 'created'
    left join (select distinct conversation_id from events where event_type = 'closed') as told
        on conversations.conversation_id = told.conversation_id
    where conversations.status = 'closed' and conversations.closed_at is not null and told.conversation_id is null
),
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
    cast(conversation_id as TEXT) || '-' || cast(status_number as TEXT)
        as status_history_id,
    conversation_id,
    status_number,
    status,
    started_at,
    ended_at,
    cast((epoch_ms(ended_at) - epoch_ms(started_at)) as double precision) / 60000 as duration_calendar_minutes,
    changed_by_agent_id,
    version
from spans;

CREATE OR REPLACE VIEW marts.stg_dixa__queues AS
select
    cast(null as TEXT) as queue_id,
    cast(null as TEXT) as queue_name,
    cast(null as boolean) as is_default,
    cast(null as TEXT) as organization_id,
    cast(null as json) as queue_thresholds,
    cast(null as TEXT) as sla_calculation_method,
    cast(null as bigint) as offer_timeout,
    cast(null as TEXT) as offering_algorithm,
    cast(null as TEXT) as member_list_type,
    cast(null as json) as usages,
    cast(null as bigint) as wrapup_timeout,
    cast(null as bigint) as priority,
    cast(null as boolean) as is_offering_abandoned_conversations,
    cast(null as json) as do_not_offer_timeouts,
    cast(null as boolean) as is_do_not_offer_enabled,
    cast(null as boolean) as is_preferred_agent_enabled,
    cast(null as json) as preferred_agent_timeouts,
    cast(null as bigint) as preferred_agent_offline_timeout,
    cast(null as bigint) as personal_agent_offline_timeout,
    cast(null as boolean) as is_restricted,
    cast(null as timestamp) as loaded_at
from (select 1 as no_table) as absent
where 1 = 0;

CREATE OR REPLACE TABLE marts.int_dixa__queues AS
with named as (
    select
        queue_id,
        queue_name,
        1 as preference,
        cast(null as timestamp) as seen_at
    from "dixa"."marts"."stg_dixa__queues"

    union all

    select
        queue_id,
        queue_name,
        2 as preference,
        max(updated_at) as seen_at
    from "dixa"."marts"."stg_dixa__conversations"
    where queue_id is not null
    group by 1, 2
),

numbered as (
    select
        *,
        row_number() over (partition by queue_id order by preference, seen_at desc, queue_name) as from_best
    from named
)

select
    queue_id,
    queue_name
from numbered
where from_best = 1;

CREATE OR REPLACE TABLE marts.dixa__daily_backlog AS
with changes as (
    select
        coalesce(metrics.queue_id, 'none') as queue_id,
        cast(history.started_at as date) as date_day,
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
        from "dixa"."marts"."dixa__conversation_status_history"
    ) as history
    inner join "dixa"."marts"."dixa__conversation_metrics" as metrics
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

    select date_day
    from (
        select
            cast(

        (cast((select first_day from span) as timestamp) + cast(ten_thousands.digit * 10000 + thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit as bigint) * interval 1 day) as date) as date_day
        from (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as ones
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as tens
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as hundreds
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9) as thousands
        cross join (select 0 as digit union all select 1 union all select 2 union all select 3) as ten_thousands
    ) as spine
    where date_day <= (select last_day from span)

),

first_days as (
    select
        queue_id,
        min(date_day) as first_day
    from daily
    group by queue_id
)

select
    first_days.queue_id || '/' || cast(dates.date_day as TEXT) as queue_day_id,
    first_days.queue_id,
    queues.queue_name,
    dates.date_day,
    cast(coalesce(daily.count_created, 0) as bigint) as count_created,
    cast(coalesce(daily.count_reopened, 0) as bigint) as count_reopened,
    cast(coalesce(daily.count_closed, 0) as bigint) as count_closed,
    cast(sum(coalesce(daily.count_created, 0) + coalesce(daily.count_reopened, 0) - coalesce(daily.count_closed, 0)) over (
        partition by first_days.queue_id order by dates.date_day rows between unbounded preceding and current row
    ) as bigint) as count_backlog,
    cast(sum(coalesce(daily.pending_change, 0)) over (
        partition by first_days.queue_id order by dates.date_day rows between unbounded preceding and current row
    ) as bigint) as count_pending
from first_days
inner join dates on first_days.first_day <= dates.date_day
left join daily on first_days.queue_id = daily.queue_id and dates.date_day = daily.date_day
left join "dixa"."marts"."int_dixa__queues" as queues on first_days.queue_id = queues.queue_id;

CREATE OR REPLACE TABLE marts.dixa__queue_metrics AS
with metrics as (
    select
        *,
        coalesce(queue_id, 'none') as queue_key
    from "dixa"."marts"."dixa__conversation_metrics"
),

created as (
    select
        queue_key,
        cast(created_at as date) as date_day,
        count(*) as count_conversations_created
    from metrics
    group by 1, 2
),

replied as (
    select
        queue_key,
        cast(first_reply_at as date) as date_day,
        count(*) as count_first_replies,
        avg(first_reply_time_calendar_minutes) as avg_first_reply_time_calendar_minutes,
        median(first_reply_time_calendar_minutes) as median_first_reply_time_calendar_minutes,
        avg(first_reply_time_business_minutes) as avg_first_reply_time_business_minutes
    from metrics
    where first_reply_at is not null
    group by 1, 2
),

resolved as (
    select
        queue_key,
        cast(full_resolution_at as date) as date_day,
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
        cast(events.event_at as date) as date_day,
        count(case when events.event_type = 'agent_reply' then 1 end) as count_agent_replies,
        count(case when events.event_type = 'customer_message' then 1 end) as count_customer_messages,
        count(case when events.event_type = 'transferred' then 1 end) as count_transfers,
        count(case when events.event_type = 'offered' then 1 end) as count_offers,
        count(case when events.event_type = 'offer_accepted' then 1 end) as count_offers_accepted,
        count(case when events.event_type = 'offer_rejected' then 1 end) as count_offers_rejected,
        count(case when events.event_type = 'offer_timed_out' then 1 end) as count_offers_timed_out
    from "dixa"."marts"."int_dixa__conversation_events" as events
    inner join metrics on events.conversation_id = metrics.conversation_id
    where events.event_type in (
        'agent_reply', 'customer_message', 'transferred', 'offered', 'offer_accepted', 'offer_rejected', 'offer_timed_out'
    )
    group by 1, 2
),

rated as (
    select
        coalesce(queue_id, 'none') as queue_key,
        cast(rated_at as date) as date_day,
        count(*) as count_ratings,
        count(case when is_satisfied then 1 end) as count_satisfied_ratings
    from "dixa"."marts"."dixa__csat"
    where rating_score is not null and rated_at is not null
    group by 1, 2
),

keys as (
    select queue_key, date_day from created
    union distinct
    select queue_key, date_day from replied
    union distinct
    select queue_key, date_day from resolved
    union distinct
    select queue_key, date_day from happened
    union distinct
    select queue_key, date_day from rated

)

select
    keys.queue_key || '/' || cast(keys.date_day as TEXT) as queue_day_id,
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
    coalesce(happened.count_agent_replies, 0) as count_agent_replies,
    coalesce(happened.count_customer_messages, 0) as count_customer_messages,
    coalesce(happened.count_transfers, 0) as count_transfers,
    coalesce(happened.count_offers, 0) as count_offers,
    coalesce(happened.count_offers_accepted, 0) as count_offers_accepted,
    coalesce(happened.count_offers_rejected, 0) as count_offers_rejected,
    coalesce(happened.count_offers_timed_out, 0) as count_offers_timed_out,
    coalesce(rated.count_ratings, 0) as count_ratings,
    coalesce(rated.count_satisfied_ratings, 0) as count_satisfied_ratings
from keys
left join "dixa"."marts"."int_dixa__queues" as queues on keys.queue_key = queues.queue_id
left join created on keys.queue_key = created.queue_key and keys.date_day = created.date_day
left join replied on keys.queue_key = replied.queue_key and keys.date_day = replied.date_day
left join resolved on keys.queue_key = resolved.queue_key and keys.date_day = resolved.date_day
left join happened on keys.queue_key = happened.queue_key and keys.date_day = happened.date_day
left join rated on keys.queue_key = rated.queue_key and keys.date_day = rated.date_day;
