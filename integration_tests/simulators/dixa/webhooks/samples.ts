/** Requests that make webhooks of every kind of authorization, and with filters; none of them sends anything. */
export function sampleWebhooks(count: number): Record<string, unknown>[] {
  const authorizations = [
    { _type: "BasicAuth", username: "webhook_user", password: "webhook-password-1" },
    { _type: "TokenAuth", value: "webhook-bearer-token-1" },
    { _type: "NoAuth" },
  ];
  const conditions = [
    { field: "InitialChannel", values: ["email", "pstn_phone"], _type: "IsOneOf" },
    { field: "OperationOrigin", values: ["ApiImport"], _type: "IsNotOneOf" },
  ];
  return Array.from({ length: count }, (_, index) => ({
    name: `Sample ${index}`,
    url: `https://user-${index}:url-password-1@hooks.example.com/dixa/${index}?key=url-key-1`,
    authorization: authorizations[index % authorizations.length],
    events: ["ConversationCreated", "ConversationClosed"].slice(0, (index % 2) + 1),
    enabled: false,
    customHeaders: index % 2 === 0 ? { "X-Api-Key": "custom-header-secret-1" } : {},
    ...(index % 3 === 0
      ? { filters: { Conversation: { strategy: "All", conditions, _type: "CombinedFilters" } } }
      : {}),
  }));
}
