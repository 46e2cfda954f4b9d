-- A reply that counts is one of at least one reply, never to a conversation that an agent began.
select conversation_id
from {{ ref('dixa__conversation_metrics') }}
where first_reply_at is not null and (count_agent_replies = 0 or is_agent_initiated)
