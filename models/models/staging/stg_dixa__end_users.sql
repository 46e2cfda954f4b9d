{{ dixa.stage(
    stream='end_users',
    key=['id'],
    columns=[
        ['id', 'text', 'end_user_id'],
        ['createdAt', 'timestamp', 'created_at'],
        ['displayName', 'text', 'end_user_name'],
        ['email', 'text', 'end_user_email'],
        ['phoneNumber', 'text', 'phone_number'],
        ['additionalEmails', 'json', 'additional_emails'],
        ['additionalPhoneNumbers', 'json', 'additional_phone_numbers'],
        ['firstName', 'text', 'first_name'],
        ['lastName', 'text', 'last_name'],
        ['middleNames', 'json', 'middle_names'],
        ['avatarUrl', 'text', 'avatar_url'],
        ['externalId', 'text', 'external_id'],
        ['customAttributes', 'json', 'custom_attributes'],
    ],
) }}
