{# What differs between warehouses, and dbt has no macro for: types, JSON. #}

{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'dixa')()) }}{% endmacro %}
{% macro default__type_double() %}double precision{% endmacro %}
{% macro bigquery__type_double() %}float64{% endmacro %}

{# Instants, always in UTC. #}
{% macro type_utc() %}{{ return(adapter.dispatch('type_utc', 'dixa')()) }}{% endmacro %}
{% macro default__type_utc() %}timestamp{% endmacro %}
{% macro snowflake__type_utc() %}timestamp_ntz{% endmacro %}

{% macro type_json() %}{{ return(adapter.dispatch('type_json', 'dixa')()) }}{% endmacro %}
{% macro default__type_json() %}json{% endmacro %}
{% macro postgres__type_json() %}jsonb{% endmacro %}
{% macro snowflake__type_json() %}variant{% endmacro %}

{# A column of JSON, whether the destination wrote JSON or text. #}
{% macro to_json(column, dtype) %}{{ return(adapter.dispatch('to_json', 'dixa')(column, dtype)) }}{% endmacro %}
{% macro default__to_json(column, dtype) %}cast({{ column }} as {{ dixa.type_json() }}){% endmacro %}
{% macro snowflake__to_json(column, dtype) -%}
{{ 'parse_json' if 'char' in dtype or dtype in ('text', 'string') else 'to_variant' }}({{ column }})
{%- endmacro %}
{% macro bigquery__to_json(column, dtype) -%}
{{ column if dtype == 'json' else 'parse_json(' ~ column ~ ')' }}
{%- endmacro %}

{# The value at a path of member names, as text; null where there is none. #}
{% macro json_text(json, path) %}{{ return(adapter.dispatch('json_text', 'dixa')(json, path)) }}{% endmacro %}
{% macro default__json_text(json, path) %}json_extract_string({{ json }}, '$.{{ path | join(".") }}'){% endmacro %}
{% macro postgres__json_text(json, path) %}({{ json }} #>> '{{ "{" ~ path | join(",") ~ "}" }}'){% endmacro %}
{% macro snowflake__json_text(json, path) %}cast(get_path({{ json }}, '{{ path | join(".") }}') as varchar){% endmacro %}
{% macro bigquery__json_text(json, path) %}json_value({{ json }}, '$.{{ path | join(".") }}'){% endmacro %}

{# The value at a path, as JSON. #}
{% macro json_at(json, path) %}{{ return(adapter.dispatch('json_at', 'dixa')(json, path)) }}{% endmacro %}
{% macro default__json_at(json, path) %}json_extract({{ json }}, '$.{{ path | join(".") }}'){% endmacro %}
{% macro postgres__json_at(json, path) %}({{ json }} #> '{{ "{" ~ path | join(",") ~ "}" }}'){% endmacro %}
{% macro snowflake__json_at(json, path) %}get_path({{ json }}, '{{ path | join(".") }}'){% endmacro %}
{% macro bigquery__json_at(json, path) %}json_query({{ json }}, '$.{{ path | join(".") }}'){% endmacro %}

{# A JSON string as the text in it; other values as they are written. #}
{% macro json_scalar(json) %}{{ return(adapter.dispatch('json_scalar', 'dixa')(json)) }}{% endmacro %}
{% macro default__json_scalar(json) %}json_extract_string({{ json }}, '$'){% endmacro %}
{% macro postgres__json_scalar(json) %}({{ json }} #>> '{}'){% endmacro %}
{% macro snowflake__json_scalar(json) %}cast({{ json }} as varchar){% endmacro %}
{% macro bigquery__json_scalar(json) %}coalesce(json_value({{ json }}, '$'), nullif(to_json_string({{ json }}), 'null')){% endmacro %}

{# Behind a table in FROM: its rows once for each element of a JSON array, as `value`; dixa.position() is its place. #}
{% macro unnested(json) %}{{ return(adapter.dispatch('unnested', 'dixa')(json)) }}{% endmacro %}
{% macro default__unnested(json) -%}
cross join lateral (
    select
        unnest(json_extract({{ json }}, '$[*]')) as value,
        generate_subscripts(json_extract({{ json }}, '$[*]'), 1) as position
) as element
{%- endmacro %}
{% macro postgres__unnested(json) -%}
cross join lateral jsonb_array_elements(
    case when jsonb_typeof({{ json }}) = 'array' then {{ json }} else '[]' end
) with ordinality as element (value, position)
{%- endmacro %}
{% macro snowflake__unnested(json) -%}
cross join lateral flatten(input => {{ json }}) as element
{%- endmacro %}
{% macro bigquery__unnested(json) -%}
cross join unnest(json_query_array({{ json }}, '$')) as value with offset as value_offset
{%- endmacro %}

{# The place of an unnested element, from 1 on. #}
{% macro position() %}{{ return(adapter.dispatch('position', 'dixa')()) }}{% endmacro %}
{% macro default__position() %}element.position{% endmacro %}
{% macro snowflake__position() %}element.index + 1{% endmacro %}
{% macro bigquery__position() %}value_offset + 1{% endmacro %}

{# How many elements a JSON array has; 0 for null. #}
{% macro json_length(json) %}{{ return(adapter.dispatch('json_length', 'dixa')(json)) }}{% endmacro %}
{% macro default__json_length(json) %}coalesce(cast(json_array_length({{ json }}) as bigint), 0){% endmacro %}
{% macro postgres__json_length(json) -%}
case when jsonb_typeof({{ json }}) = 'array' then jsonb_array_length({{ json }}) else 0 end
{%- endmacro %}
{% macro snowflake__json_length(json) %}coalesce(array_size({{ json }}), 0){% endmacro %}
{% macro bigquery__json_length(json) %}coalesce(array_length(json_query_array({{ json }}, '$')), 0){% endmacro %}

{% macro is_json_array(json) %}{{ return(adapter.dispatch('is_json_array', 'dixa')(json)) }}{% endmacro %}
{% macro default__is_json_array(json) %}coalesce(json_type({{ json }}) = 'ARRAY', false){% endmacro %}
{% macro postgres__is_json_array(json) %}coalesce(jsonb_typeof({{ json }}) = 'array', false){% endmacro %}
{% macro snowflake__is_json_array(json) %}coalesce(is_array({{ json }}), false){% endmacro %}
{% macro bigquery__is_json_array(json) %}coalesce(json_type({{ json }}) = 'array', false){% endmacro %}

{# JSON as text. #}
{% macro json_string(json) %}{{ return(adapter.dispatch('json_string', 'dixa')(json)) }}{% endmacro %}
{% macro default__json_string(json) %}cast({{ json }} as {{ dbt.type_string() }}){% endmacro %}
{% macro snowflake__json_string(json) %}to_json({{ json }}){% endmacro %}
{% macro bigquery__json_string(json) %}to_json_string({{ json }}){% endmacro %}
