{# Who did it is absent where Dixa itself did. The members of `attributes` differ by the kind of activity. -#}
with activities as (
    {{ dixa.stage(
        stream='activity_logs',
        key=['id'],
        latest='activityTimestamp',
        columns=[
            ['id', 'text', 'activity_id'],
            ['conversationId', 'integer', 'conversation_id'],
            ['activityTimestamp', 'timestamp', 'activity_at'],
            ['_type', 'text', 'activity_type'],
            ['author', 'json', 'author'],
            ['attributes', 'json', 'attributes'],
        ],
    ) | indent(4) }}
)

select
    activity_id,
    conversation_id,
    activity_at,
    activity_type,
    {{ dixa.json_text('author', ['id']) }} as author_id,
    {{ dixa.json_text('author', ['name']) }} as author_name,
    {{ dixa.json_text('author', ['email']) }} as author_email,
    coalesce(
        {{ dixa.json_text('attributes', ['agentId']) }},
        {{ dixa.json_text('attributes', ['agent', 'id']) }}
    ) as agent_id,
    coalesce(
        {{ dixa.json_text('attributes', ['agentName']) }},
        {{ dixa.json_text('attributes', ['agent', 'name']) }}
    ) as agent_name,
    {{ dixa.json_text('attributes', ['messageId']) }} as message_id,
    lower({{ dixa.json_text('attributes', ['destinationType']) }}) as destination_type,
    {{ dixa.json_text('attributes', ['destinationId']) }} as destination_id,
    {{ dixa.json_text('attributes', ['destinationLabel']) }} as destination_label,
    {{ dixa.json_text('attributes', ['linkType']) }} as link_type,
    coalesce(
        {{ dixa.json_text('attributes', ['parent', 'csid']) }},
        {{ dixa.json_text('attributes', ['parent']) }}
    ) as parent_conversation_id,
    {{ dixa.json_text('attributes', ['templateName']) }} as template_name,
    {{ dixa.json_text('attributes', ['tag']) }} as tag_name,
    attributes,
    loaded_at
from activities
