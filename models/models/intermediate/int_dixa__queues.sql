{# Every queue that any stream names, with one name: that of `queues`, else the one in the newest conversation. -#}
with named as (
    select
        queue_id,
        queue_name,
        1 as preference,
        cast(null as {{ dixa.type_utc() }}) as seen_at
    from {{ ref('stg_dixa__queues') }}

    union all

    select
        queue_id,
        queue_name,
        2 as preference,
        max(updated_at) as seen_at
    from {{ ref('stg_dixa__conversations') }}
    where queue_id is not null
    group by 1, 2
),

numbered as (
    select
        *,
        row_number() over (partition by queue_id order by preference, seen_at desc, queue_name) as from_best
    from named
)

select
    queue_id,
    queue_name
from numbered
where from_best = 1
