{#
  The open hours of the schedule as pieces that never cross midnight UTC, with the business minutes that passed before
  each. Every day begins with an empty piece, so that any instant has a last piece that began before it. Empty without a
  schedule.
-#}
with schedule as (
    select * from {{ ref('int_dixa__business_schedule') }}
),

span as (
    select
        cast(min(created_at) as date) as first_date,
        {#- A little ahead, so that the calendar of today need not be computed again tomorrow. #}
        cast({{ dbt.dateadd('day', 2, 'max(coalesce(updated_at, created_at))') }} as date) as last_date
    from {{ ref('stg_dixa__conversations') }}
),

dates as (
    {{ dixa.days(dixa.plus_days('cast((select first_date from span) as ' ~ dixa.type_utc() ~ ')', -1), '(select last_date from span)') | indent(4) }}
),

weekly as (
    select
        cast({{ dixa.json_text('value', ['dayOfWeek']) }} as {{ dbt.type_bigint() }}) as weekday,
        lower({{ dixa.json_text('value', ['status']) }}) as status,
        {{ dixa.json_at('value', ['intervals']) }} as intervals
    from schedule
    {{ dixa.unnested('business_hours') }}
),

exceptional as (
    select
        cast({{ dixa.json_text('value', ['recurring', 'dayOfMonth']) }} as {{ dbt.type_bigint() }}) as day_of_month,
        cast({{ dixa.json_text('value', ['recurring', 'monthOfYear']) }} as {{ dbt.type_bigint() }}) as month_of_year,
        cast({{ dixa.json_text('value', ['startDate']) }} as date) as start_date,
        cast({{ dixa.json_text('value', ['nextDate']) }} as date) as next_date,
        lower({{ dixa.json_text('value', ['status']) }}) as status,
        {{ dixa.json_at('value', ['intervals']) }} as intervals
    from schedule
    {{ dixa.unnested('exceptions') }}
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

{#- An exception takes the place of the whole day. #}
hours as (
    select
        dates.date_day,
        weekly.status,
        weekly.intervals
    from dates
    inner join weekly on {{ dixa.iso_weekday('dates.date_day') }} = weekly.weekday
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
        {{ dixa.minute_of_day(dixa.json_text('value', ['startTime'])) }} as start_minute,
        {{ dixa.minute_of_day(dixa.json_text('value', ['endTime'])) }} as end_minute
    from hours
    {{ dixa.unnested('intervals') }}
    where status = 'open'
),

opened as (
    select distinct
        {{ dixa.local_to_utc('times.date_day', 'times.start_minute', 'schedule.timezone') }} as start_at,
        {#- 00:00 as an end is the next midnight. #}
        {{ dixa.local_to_utc(
            'times.date_day',
            'case when times.end_minute <= times.start_minute then times.end_minute + 1440 else times.end_minute end',
            'schedule.timezone'
        ) }} as end_at
    from times
    cross join schedule
),

pieces as (
    select
        dates.date_day,
        cast(dates.date_day as {{ dixa.type_utc() }}) as start_at,
        cast(dates.date_day as {{ dixa.type_utc() }}) as end_at
    from dates
    cross join schedule

    union all

    select
        dates.date_day,
        greatest(opened.start_at, cast(dates.date_day as {{ dixa.type_utc() }})) as start_at,
        least(
            opened.end_at,
            {{ dixa.plus_days('cast(dates.date_day as ' ~ dixa.type_utc() ~ ')', 1) }}
        ) as end_at
    from dates
    inner join opened
        on opened.start_at < {{ dixa.plus_days('cast(dates.date_day as ' ~ dixa.type_utc() ~ ')', 1) }}
        and opened.end_at > cast(dates.date_day as {{ dixa.type_utc() }})
)

select
    date_day,
    start_at,
    end_at,
    coalesce(
        sum({{ dixa.ms_between('start_at', 'end_at') }}) over (
            order by start_at, end_at rows between unbounded preceding and 1 preceding
        ),
        0
    ) as business_ms_before
from pieces
