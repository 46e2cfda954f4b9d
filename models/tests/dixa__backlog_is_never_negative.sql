select queue_day_id
from {{ ref('dixa__daily_backlog') }}
where count_backlog < 0 or count_pending < 0 or count_pending > count_backlog
