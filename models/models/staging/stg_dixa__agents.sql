{{ dixa.stage(
    stream='agents',
    key=['id'],
    columns=[
        ['id', 'text', 'agent_id'],
        ['createdAt', 'timestamp', 'created_at'],
        ['displayName', 'text', 'agent_name'],
        ['email', 'text', 'agent_email'],
        ['avatarUrl', 'text', 'avatar_url'],
        ['phoneNumber', 'text', 'phone_number'],
        ['additionalEmails', 'json', 'additional_emails'],
        ['additionalPhoneNumbers', 'json', 'additional_phone_numbers'],
        ['firstName', 'text', 'first_name'],
        ['lastName', 'text', 'last_name'],
        ['middleNames', 'json', 'middle_names'],
        ['roles', 'json', 'roles'],
    ],
) }}
