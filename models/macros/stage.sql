{#
  The select of a staging view: one row a primary key, with real types and snake_case names.

  columns: a list of [name as Dixa sends it, kind, name in the view]; kinds are those of dixa.converted.
  key, latest: names as Dixa sends them; of rows with the same key, the one with the largest `latest` counts, then the
  one that was loaded last.

  A table or column that isn't there gives nulls, so that optional streams stay optional; a table without its key is an
  error. Names are found in whatever case the destination wrote them.
#}
{% macro stage(stream, columns, key, latest=none) %}
{%- set relation = dixa.raw_relation(stream) -%}
{%- set found = dixa.raw_columns(relation) -%}
{%- if execute and relation is not none -%}
  {%- for name in key if name | lower not in found -%}
    {{ exceptions.raise_compiler_error(relation ~ " has no column " ~ name ~ ": it is no table of the stream " ~ stream) }}
  {%- endfor -%}
{%- endif -%}
select
{%- for name, kind, alias in columns %}
    {{ dixa.converted(found.get(name | lower), kind) }} as {{ alias }},
{%- endfor %}
    {{ dixa.converted(found.get('_airbyte_extracted_at'), 'timestamp') }} as loaded_at
{%- if relation is none %}
from (select 1 as no_table) as absent
where 1 = 0
{%- elif var('dixa_deduplicate') %}
from (
    select
        *,
        row_number() over (
            partition by {% for name in key %}{{ found[name | lower].quoted }}{{ ", " if not loop.last }}{% endfor %}
            order by {{ dixa.newest_first(found, [latest, '_airbyte_extracted_at'], key) }}
        ) as dixa_row_number
    from {{ relation }}
) as numbered
where dixa_row_number = 1
{%- else %}
from {{ relation }}
{%- endif %}
{%- endmacro %}

{% macro newest_first(found, names, key) %}
{%- set there = [] -%}
{%- for name in names if name is not none and name | lower in found -%}
  {%- do there.append(found[name | lower].quoted ~ ' desc') -%}
{%- endfor -%}
{{ there | join(', ') if there else found[key[0] | lower].quoted }}
{%- endmacro %}

{# The raw table of a stream, or none if the destination has none. #}
{% macro raw_relation(stream) %}
  {% set table = source('dixa', stream) %}
  {{ return(load_relation(table) if execute else none) }}
{% endmacro %}

{# The columns of a table by their names in lower case. #}
{% macro raw_columns(relation) %}
  {% set found = {} %}
  {% if relation is not none %}
    {% for column in adapter.get_columns_in_relation(relation) %}
      {% do found.update({column.name | lower: column}) %}
    {% endfor %}
  {% endif %}
  {{ return(found) }}
{% endmacro %}

{#
  A column as the kind that a view promises: text, integer, number, boolean, json, timestamp (from any timestamp or
  ISO 8601 text, in UTC), epoch_ms (from milliseconds since 1970). No column: null of that kind.
#}
{% macro converted(column, kind) %}
  {%- if kind == 'text' -%} {%- set type = dbt.type_string() -%}
  {%- elif kind == 'integer' -%} {%- set type = dbt.type_bigint() -%}
  {%- elif kind == 'number' -%} {%- set type = dixa.type_double() -%}
  {%- elif kind == 'boolean' -%} {%- set type = dbt.type_boolean() -%}
  {%- elif kind == 'json' -%} {%- set type = dixa.type_json() -%}
  {%- elif kind in ('timestamp', 'epoch_ms') -%} {%- set type = dixa.type_utc() -%}
  {%- else -%} {{ exceptions.raise_compiler_error("no kind of column: " ~ kind) }}
  {%- endif -%}
  {%- if column is none -%}
    cast(null as {{ type }})
  {%- elif kind == 'json' -%}
    {{ dixa.to_json(column.quoted, column.dtype | lower) }}
  {%- elif kind == 'epoch_ms' and 'time' not in column.dtype | lower and 'date' not in column.dtype | lower -%}
    {{ dixa.from_epoch_ms(column.quoted) }}
  {%- elif kind in ('timestamp', 'epoch_ms') -%}
    {{ dixa.to_utc(column.quoted, column.dtype | lower) }}
  {%- else -%}
    cast({{ column.quoted }} as {{ type }})
  {%- endif -%}
{% endmacro %}
