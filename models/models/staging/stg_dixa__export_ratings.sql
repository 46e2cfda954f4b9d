{#
  One row a conversation and rating, from the `ratings` of the conversation export; where a conversation has none there,
  the single rating of older surveys.
-#}
{% set instants = ['created', 'offered', 'modified', 'rated', 'scheduled', 'scheduled_for', 'unscheduled', 'cancelled'] -%}
select
    conversation_id,
    {{ dixa.position() }} as rating_position,
    {{ dixa.json_text('value', ['rating_type']) }} as rating_type,
    cast({{ dixa.json_text('value', ['rating_score']) }} as {{ dbt.type_bigint() }}) as rating_score,
    {{ dixa.json_text('value', ['rating_message']) }} as rating_comment,
    {{ dixa.json_text('value', ['rating_status']) }} as rating_status,
    {{ dixa.json_text('value', ['rating_language']) }} as rating_language,
    {%- for instant in instants %}
    {{ dixa.from_epoch_ms("nullif(cast(" ~ dixa.json_text('value', ['rating_' ~ instant ~ '_timestamp']) ~ " as " ~ dbt.type_bigint() ~ "), 0)") }}
        as {{ instant }}_at{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref('stg_dixa__conversations') }}
{{ dixa.unnested('ratings') }}

union all

select
    conversation_id,
    1 as rating_position,
    cast(null as {{ dbt.type_string() }}) as rating_type,
    rating_score,
    rating_message as rating_comment,
    'rated' as rating_status,
    cast(null as {{ dbt.type_string() }}) as rating_language,
    {%- for instant in instants %}
    cast(null as {{ dixa.type_utc() }}) as {{ instant }}_at{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref('stg_dixa__conversations') }}
where rating_score is not null and {{ dixa.json_length('ratings') }} = 0
