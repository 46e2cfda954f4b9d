{# One row a message, field (to, cc, bcc) and recipient. -#}
{% for field, column in [('to', 'recipients'), ('cc', 'cc_recipients'), ('bcc', 'bcc_recipients')] -%}
select
    message_id,
    conversation_id,
    '{{ field }}' as recipient_field,
    {{ dixa.position() }} as recipient_position,
    {{ dixa.json_scalar('value') }} as recipient
from {{ ref('stg_dixa__messages') }}
{{ dixa.unnested(column) }}
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
