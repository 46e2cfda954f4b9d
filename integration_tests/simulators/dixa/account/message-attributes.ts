import { type Row } from "./table.ts";

/**
 * What the Dixa API says of a message that the export has as a flat row: one of the variants that its document names,
 * by the channel where that has one of its own.
 *
 * @param turn any number; it decides among the variants of a channel
 */
export function messageAttributes(message: Row, turn: number): Row {
  const direction = message["direction"] === "inbound" ? "Inbound" : "Outbound";
  const text = textOf(message, "text", "");
  const content = { value: text, _type: turn % 3 === 0 ? "Markdown" : "Text" };
  const attachments = ((message["attached_files"] ?? []) as string[]).map((url, index) => ({
    url,
    ...(index === 0 ? { prettyName: "Photo of Ada's shoes.jpg" } : {}),
  }));
  if (message["form_submission"] !== null && message["form_submission"] !== undefined) {
    const values = { ...(message["form_submission"] as Row), Interests: ["Product A", "Ada's friends"] };
    const html = { value: `<form>${text}</form>`, _type: "Html" };
    return { formSubmission: { values }, direction, content: html, _type: "MessengerFormAttributes" };
  }
  switch (message["initial_channel"]) {
    case "email":
      return email(message, { turn, text, direction, attachments });
    case "pstnphone":
      return call(message, { turn, text, direction });
    case "widgetchat":
      return {
        content: turn % 2 === 0 ? { value: `<p>${text}</p>`, _type: "Html" } : content,
        direction,
        attachments,
        isAutomated: message["is_automated_message"] === true,
        _type: "ChatAttributes",
      };
    default: {
      const kinds = ["WhatsApp", "Sms", "Twitter", "FacebookMessenger", "Generic"];
      return { content, direction, attachments, _type: `${String(kinds[turn % kinds.length])}Attributes` };
    }
  }
}

interface Told {
  turn: number;
  text: string;
  direction: string;
}

function email(message: Row, { turn, text, direction, attachments }: Told & { attachments: Row[] }): Row {
  const contact = (address: string, name?: string): Row => ({
    email: address,
    ...(name === undefined ? {} : { name }),
  });
  const isForm = turn % 5 === 1;
  const isTooLarge = turn % 7 === 2;
  const cc = (message["cc"] ?? []) as string[];
  return {
    emailContent: isTooLarge
      ? {
          file: {
            url: "https://files.dixa.io/private/org/email_stripped_content/1",
            prettyName: "Mail of Ada",
          },
          _type: "TooLarge",
        }
      : { content: { value: `<div>${text}</div>`, _type: "Html" }, _type: "Regular" },
    from: contact(textOf(message, "from", "ada@example.org"), textOf(message, "author_name", "Ada Example")),
    to: [contact("support@email.dixa.io", "Support")],
    cc: cc.map((address) => contact(address)),
    bcc: turn % 6 === 0 ? [contact("hidden@example.org", "Hidden Reader")] : [],
    ...(isForm ? { replyDefaultToEmails: [contact("reply.to@example.org", "Reply Name")] } : {}),
    isAutoReply: turn % 9 === 0,
    inlineImages: turn % 4 === 0 ? [{ url: "https://files.dixa.io/private/org/inline/1" }] : [],
    attachments,
    ...(turn % 8 === 0 ? { deliveryFailureReason: "550 5.1.1 <ada@example.org> user unknown" } : {}),
    direction,
    ...(turn % 2 === 0
      ? { originalContentUrl: { url: "https://files.dixa.io/private/org/email_original_data/1" } }
      : {}),
    _type: isForm ? "ContactFormAttributes" : "EmailAttributes",
  };
}

function call(message: Row, { turn, text, direction }: Told): Row {
  switch (turn % 3) {
    case 0:
      return {
        ...(turn % 2 === 0 ? { duration: 190 } : {}),
        recording: textOf(message, "recording_url", "/private/org/call_recording/1"),
        _type: "CallRecordingAttributes",
      };
    case 1:
      return {
        content: { value: `They said: ${text}`, _type: "Text" },
        utterance_start_ms: 1200,
        utterance_end_ms: 3400,
        direction,
        _type: "TranscriptAttributes",
      };
    default:
      return {
        from: textOf(message, "from_phone_number", "+4500000001"),
        // A number in the example of Dixa's document, a text in its schema.
        to: turn % 2 === 0 ? 4_500_000_010 : "+4500000010",
        direction,
        duration: 190,
        _type: "PhoneAttributes",
      };
  }
}

function textOf(row: Row, member: string, otherwise: string): string {
  const value = row[member];
  return typeof value === "string" ? value : otherwise;
}
