{#
  The schedule whose hours count, at most one row: the one that the variable names, else the only one that there is.
-#}
{% set wanted = var('dixa_business_hours_schedule') -%}
with schedules as (
    select
        schedule_id,
        schedule_name,
        timezone,
        business_hours,
        exceptions,
        count(*) over () as schedules
    from {{ ref('stg_dixa__business_hours') }}
    {%- if wanted is not none %}
    where schedule_id = '{{ wanted }}' or schedule_name = '{{ wanted | replace("'", "''") }}'
    {%- endif %}
)

select
    schedule_id,
    schedule_name,
    timezone,
    business_hours,
    exceptions,
    {{ dbt.hash(dbt.concat([
        "coalesce(timezone, '')",
        "coalesce(" ~ dixa.json_string("business_hours") ~ ", '')",
        "coalesce(" ~ dixa.json_string("exceptions") ~ ", '')",
    ])) }} as definition
from schedules
where schedules = 1
