{#
  How much of a stream there is of each conversation, and when it was loaded: a change of either means that the
  conversation's rows changed. Without Airbyte's load time the rows' own time is taken.
#}
{% macro stream_version(stream, conversation, cursor, kind) %}
{%- set relation = dixa.raw_relation(stream) -%}
{%- set found = dixa.raw_columns(relation) -%}
{%- set loaded = found.get('_airbyte_extracted_at') -%}
{%- if relation is none -%}
select
    cast(null as {{ dbt.type_bigint() }}) as conversation_id,
    '{{ stream }}' as stream,
    cast(null as {{ dbt.type_string() }}) as stream_version
from (select 1 as no_table) as absent
where 1 = 0
{%- else -%}
select
    cast({{ found[conversation | lower].quoted }} as {{ dbt.type_bigint() }}) as conversation_id,
    '{{ stream }}' as stream,
    {{ dbt.concat([
        "cast(count(*) as " ~ dbt.type_string() ~ ")",
        "'/'",
        "cast(sum(" ~ dixa.ms_between(
            "cast('2020-01-01 00:00:00' as " ~ dixa.type_utc() ~ ")",
            dixa.converted(loaded, 'timestamp') if loaded else dixa.converted(found[cursor | lower], kind)
        ) ~ ") as " ~ dbt.type_string() ~ ")",
    ]) }} as stream_version
from {{ relation }}
group by 1
{%- endif -%}
{% endmacro %}

{#
  The conversations that an incremental model has to compute again: those whose rows are not those that it was computed
  from. Compared conversation by conversation, so that a row that came late, in whatever order streams were loaded, or
  that is gone is never missed.
#}
{% macro changed_conversations() %}
select versions.conversation_id
from {{ ref('int_dixa__conversation_versions') }} as versions
left join (
    select conversation_id, min(version) as version
    from {{ this }}
    group by conversation_id
) as computed
    on versions.conversation_id = computed.conversation_id
where computed.version is null or computed.version <> versions.version
{% endmacro %}

{# After an incremental run: rows of conversations that the warehouse no longer holds go. #}
{% macro delete_vanished() %}
delete from {{ this }}
where conversation_id not in (select conversation_id from {{ ref('int_dixa__conversation_versions') }})
{% endmacro %}

{# In a model: only the conversations that have to be computed. #}
{% macro only_changed() -%}
{%- if is_incremental() %}
where conversation_id in (select conversation_id from changed)
{%- endif -%}
{%- endmacro %}

{# Several rows a conversation can be taken out and put in again everywhere but in BigQuery: there the table is made anew. #}
{% macro incremental_rows() %}
  {{ return('table' if target.type == 'bigquery' else 'incremental') }}
{% endmacro %}

{% macro one_row_strategy() %}
  {{ return('merge' if target.type == 'bigquery' else 'delete+insert') }}
{% endmacro %}
