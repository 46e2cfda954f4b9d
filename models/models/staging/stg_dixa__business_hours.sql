{{ dixa.stage(
    stream='business_hours',
    key=['id'],
    columns=[
        ['id', 'text', 'schedule_id'],
        ['name', 'text', 'schedule_name'],
        ['timezone', 'text', 'timezone'],
        ['businessHours', 'json', 'business_hours'],
        ['exceptions', 'json', 'exceptions'],
    ],
) }}
