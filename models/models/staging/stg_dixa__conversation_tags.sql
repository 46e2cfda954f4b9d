{# One row a conversation and tag. Names come from `tags`; ids and states where Dixa sends `tags_info`. -#}
with named as (
    select distinct
        conversation_id,
        {{ dixa.json_scalar('value') }} as tag_name
    from {{ ref('stg_dixa__conversations') }}
    {{ dixa.unnested('tags') }}
),

informed as (
    select
        conversation_id,
        {{ dixa.json_text('value', ['name']) }} as tag_name,
        max({{ dixa.json_text('value', ['id']) }}) as tag_id,
        max({{ dixa.json_text('value', ['is_deactivated']) }}) as is_deactivated
    from {{ ref('stg_dixa__conversations') }}
    {{ dixa.unnested('tags_info') }}
    group by 1, 2
)

select
    named.conversation_id,
    named.tag_name,
    informed.tag_id,
    case informed.is_deactivated when 'true' then true when 'false' then false end as is_deactivated
from named
left join informed
    on named.conversation_id = informed.conversation_id and named.tag_name = informed.tag_name
