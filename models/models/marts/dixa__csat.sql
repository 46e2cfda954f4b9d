{#
  One row a question that a customer was asked, answered or not. From `conversation_ratings` where that stream has the
  conversation, else from the ratings in the conversation export.
-#}
with detailed as (
    select
        {{ dbt.concat(["cast(conversation_id as " ~ dbt.type_string() ~ ")", "'-'", "rating_id", "'-'", "coalesce(rating_type, '')"]) }}
            as csat_id,
        conversation_id,
        lower(rating_type) as rating_type,
        lower(rating_status) as rating_status,
        rating_score,
        rating_comment,
        agent_id,
        language,
        {{ dixa.to_utc(dixa.json_text('timestamps', ['offered_at']), 'text') }} as offered_at,
        {{ dixa.to_utc(dixa.json_text('timestamps', ['rated_at']), 'text') }} as rated_at
    from {{ ref('stg_dixa__conversation_ratings') }}
),

exported as (
    select
        {{ dbt.concat(["cast(conversation_id as " ~ dbt.type_string() ~ ")", "'-'", "cast(rating_position as " ~ dbt.type_string() ~ ")"]) }}
            as csat_id,
        conversation_id,
        lower(rating_type) as rating_type,
        lower(rating_status) as rating_status,
        rating_score,
        rating_comment,
        cast(null as {{ dbt.type_string() }}) as agent_id,
        rating_language as language,
        offered_at,
        rated_at
    from {{ ref('stg_dixa__export_ratings') }}
    where conversation_id not in (select conversation_id from detailed)
),

ratings as (
    select * from detailed
    union all
    select * from exported
)

select
    ratings.csat_id,
    ratings.conversation_id,
    ratings.rating_type,
    ratings.rating_status,
    ratings.rating_score,
    ratings.rating_comment,
    {#- The share of these among the answered is the CSAT score. #}
    case
        when ratings.rating_score is null then null
        when ratings.rating_type = 'nps' then ratings.rating_score >= 9
        when ratings.rating_type = 'thumbsupordown' then ratings.rating_score >= 1
        else ratings.rating_score >= 4
    end as is_satisfied,
    ratings.language,
    ratings.offered_at,
    coalesce(ratings.rated_at, case when ratings.rating_score is not null then conversations.updated_at end) as rated_at,
    coalesce(ratings.agent_id, conversations.assignee_id) as agent_id,
    conversations.queue_id,
    conversations.queue_name,
    conversations.channel
from ratings
inner join {{ ref('stg_dixa__conversations') }} as conversations
    on ratings.conversation_id = conversations.conversation_id
