{#
  Every agent that any stream names, with a name and an address where one is known: `agents` first, then what the newest
  conversation says.
-#}
with named as (
    select
        agent_id,
        agent_name,
        lower(agent_email) as agent_email,
        1 as preference,
        cast(null as {{ dixa.type_utc() }}) as seen_at
    from {{ ref('stg_dixa__agents') }}

    union all

    select
        assignee_id as agent_id,
        assignee_name as agent_name,
        lower(assignee_email) as agent_email,
        2 as preference,
        max(updated_at) as seen_at
    from {{ ref('stg_dixa__conversations') }}
    where assignee_id is not null
    group by 1, 2, 3
),

numbered as (
    select
        *,
        row_number() over (partition by agent_id order by preference, seen_at desc, agent_name, agent_email) as from_best
    from named
)

select
    agent_id,
    agent_name,
    agent_email,
    {#- Two agents may share an address; a reply by address alone goes to one of them. #}
    row_number() over (partition by agent_email order by preference, seen_at desc, agent_id) = 1 as is_first_of_email
from numbered
where from_best = 1
