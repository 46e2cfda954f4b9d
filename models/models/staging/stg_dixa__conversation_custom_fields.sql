{# One row a conversation, custom field and value: fields with several choices have several. -#}
with fields as (
    select
        conversation_id,
        {{ dixa.position() }} as field_position,
        {{ dixa.json_text('value', ['attribute_id']) }} as attribute_id,
        {{ dixa.json_text('value', ['identifier']) }} as identifier,
        {{ dixa.json_text('value', ['data_type']) }} as data_type,
        {{ dixa.json_text('value', ['archived']) }} = 'true' as is_archived,
        {{ dixa.json_at('value', ['value']) }} as field_value
    from {{ ref('stg_dixa__conversations') }}
    {{ dixa.unnested('custom_fields') }}
)

select
    conversation_id,
    field_position,
    attribute_id,
    identifier,
    data_type,
    is_archived,
    1 as value_position,
    {{ dixa.json_scalar('field_value') }} as field_value
from fields
where not {{ dixa.is_json_array('field_value') }}

union all

select
    conversation_id,
    field_position,
    attribute_id,
    identifier,
    data_type,
    is_archived,
    {{ dixa.position() }} as value_position,
    {{ dixa.json_scalar('value') }} as field_value
from fields
{{ dixa.unnested('field_value') }}
where {{ dixa.is_json_array('field_value') }}
