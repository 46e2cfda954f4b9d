-- Nothing gets lost between the raw tables and the answers.
select conversations.conversation_id
from {{ ref('stg_dixa__conversations') }} as conversations
left join {{ ref('dixa__conversation_metrics') }} as metrics
    on conversations.conversation_id = metrics.conversation_id
where metrics.conversation_id is null
