{# What differs between warehouses about time. All instants are in UTC. #}

{% macro from_epoch_ms(ms) %}{{ return(adapter.dispatch('from_epoch_ms', 'dixa')(ms)) }}{% endmacro %}
{% macro default__from_epoch_ms(ms) %}make_timestamp(cast({{ ms }} as bigint) * 1000){% endmacro %}
{% macro postgres__from_epoch_ms(ms) %}(timestamp 'epoch' + cast({{ ms }} as bigint) * interval '1 millisecond'){% endmacro %}
{% macro snowflake__from_epoch_ms(ms) %}to_timestamp_ntz(cast({{ ms }} as bigint), 3){% endmacro %}
{% macro bigquery__from_epoch_ms(ms) %}timestamp_millis(cast({{ ms }} as int64)){% endmacro %}

{# A timestamp of any type, or ISO 8601 text, as an instant in UTC. One without a zone is in UTC already. #}
{% macro to_utc(column, dtype) %}{{ return(adapter.dispatch('to_utc', 'dixa')(column, dtype)) }}{% endmacro %}
{% macro default__to_utc(column, dtype) -%}
{%- if dtype in ('timestamp', 'timestamp without time zone', 'datetime') -%}
{{ column }}
{%- else -%}
(cast({{ column }} as timestamp with time zone) at time zone 'UTC')
{%- endif -%}
{%- endmacro %}
{% macro snowflake__to_utc(column, dtype) -%}
{%- if 'ntz' in dtype -%}
{{ column }}
{%- else -%}
cast(convert_timezone('UTC', {{ 'to_timestamp_tz(' ~ column ~ ')' if 'char' in dtype or dtype == 'text' else column }}) as timestamp_ntz)
{%- endif -%}
{%- endmacro %}
{% macro bigquery__to_utc(column, dtype) %}cast({{ column }} as timestamp){% endmacro %}

{# An instant so many days later. dbt's own macro gives a time without a zone in BigQuery. #}
{% macro plus_days(instant, days) -%}
cast({{ dbt.dateadd('day', days, instant) }} as {{ dixa.type_utc() }})
{%- endmacro %}

{# Milliseconds from one instant to another. #}
{% macro ms_between(start, end) %}{{ return(adapter.dispatch('ms_between', 'dixa')(start, end)) }}{% endmacro %}
{% macro default__ms_between(start, end) %}(epoch_ms({{ end }}) - epoch_ms({{ start }})){% endmacro %}
{% macro postgres__ms_between(start, end) -%}
cast(round(extract(epoch from ({{ end }} - {{ start }})) * 1000) as bigint)
{%- endmacro %}
{% macro snowflake__ms_between(start, end) %}datediff('millisecond', {{ start }}, {{ end }}){% endmacro %}
{% macro bigquery__ms_between(start, end) %}timestamp_diff({{ end }}, {{ start }}, millisecond){% endmacro %}

{% macro minutes_between(start, end) -%}
cast({{ dixa.ms_between(start, end) }} as {{ dixa.type_double() }}) / 60000
{%- endmacro %}

{# The day of an instant, in the time zone of the variable dixa_timezone. #}
{% macro day(instant) -%}
{%- if var('dixa_timezone') == 'UTC' -%}
cast({{ instant }} as date)
{%- else -%}
{{ adapter.dispatch('local_day', 'dixa')(instant, var('dixa_timezone')) }}
{%- endif -%}
{%- endmacro %}
{% macro default__local_day(instant, zone) -%}
cast(({{ instant }} at time zone 'UTC') at time zone '{{ zone }}' as date)
{%- endmacro %}
{% macro snowflake__local_day(instant, zone) %}cast(convert_timezone('UTC', '{{ zone }}', {{ instant }}) as date){% endmacro %}
{% macro bigquery__local_day(instant, zone) %}date({{ instant }}, '{{ zone }}'){% endmacro %}

{# Minutes after midnight of a day in a time zone, as an instant. #}
{% macro local_to_utc(date, minutes, zone) %}{{ return(adapter.dispatch('local_to_utc', 'dixa')(date, minutes, zone)) }}{% endmacro %}
{% macro default__local_to_utc(date, minutes, zone) -%}
((cast({{ date }} as timestamp) + {{ minutes }} * interval '1 minute') at time zone {{ zone }}) at time zone 'UTC'
{%- endmacro %}
{% macro snowflake__local_to_utc(date, minutes, zone) -%}
convert_timezone({{ zone }}, 'UTC', dateadd('minute', {{ minutes }}, cast({{ date }} as timestamp_ntz)))
{%- endmacro %}
{% macro bigquery__local_to_utc(date, minutes, zone) -%}
timestamp(datetime_add(cast({{ date }} as datetime), interval {{ minutes }} minute), {{ zone }})
{%- endmacro %}

{# 1 for Monday to 7 for Sunday. #}
{% macro iso_weekday(date) %}{{ return(adapter.dispatch('iso_weekday', 'dixa')(date)) }}{% endmacro %}
{% macro default__iso_weekday(date) %}cast(extract(isodow from {{ date }}) as bigint){% endmacro %}
{% macro snowflake__iso_weekday(date) %}dayofweekiso({{ date }}){% endmacro %}
{% macro bigquery__iso_weekday(date) %}mod(extract(dayofweek from {{ date }}) + 5, 7) + 1{% endmacro %}

{# The middle value of a group. #}
{% macro median(value) %}{{ return(adapter.dispatch('median', 'dixa')(value)) }}{% endmacro %}
{% macro default__median(value) %}median({{ value }}){% endmacro %}
{% macro postgres__median(value) %}percentile_cont(0.5) within group (order by {{ value }}){% endmacro %}
{% macro bigquery__median(value) %}approx_quantiles({{ value }}, 2)[safe_offset(1)]{% endmacro %}

{# A select of `date_day`: every day from the first to the last, 40,000 at most. #}
{% macro days(first, last) %}
select date_day
from (
    select
        cast({{ dbt.dateadd('day', 'ten_thousands.digit * 10000 + thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit', first) }} as date) as date_day
    from {{ dixa.digits('ones') }}
    cross join {{ dixa.digits('tens') }}
    cross join {{ dixa.digits('hundreds') }}
    cross join {{ dixa.digits('thousands') }}
    cross join (select 0 as digit union all select 1 union all select 2 union all select 3) as ten_thousands
) as spine
where date_day <= {{ last }}
{% endmacro %}

{% macro digits(alias) -%}
(select 0 as digit{% for digit in range(1, 10) %} union all select {{ digit }}{% endfor %}) as {{ alias }}
{%- endmacro %}

{# `08:30` as minutes after midnight. #}
{% macro minute_of_day(text) -%}
(
    cast({{ dbt.split_part(text, "':'", 1) }} as {{ dbt.type_int() }}) * 60
    + cast({{ dbt.split_part(text, "':'", 2) }} as {{ dbt.type_int() }})
)
{%- endmacro %}
