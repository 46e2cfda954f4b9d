import { pick, unit } from "../random.ts";
import { AGENTS, CUSTOMERS } from "./people.ts";
import { CSID_MARK, instantMark, UUID_MARK } from "./template.ts";

export const TEXTS = [
  "Hello, where is my refund?",
  'He said: "{\\"a\\": [1, 2]}"\n\nBest,\nAda',
  "Tak for hjælpen! 🙏 – vh Søren",
  "日本語のメッセージ",
  "",
];

/** One of the shapes that a row of `message_export` takes, with marks in it. */
export function messageShape(seed: number, variant: number, textBytes: number): Record<string, unknown> {
  const random = (salt: number) => unit(seed, variant, 100 + salt);
  const channel = pick(["email", "widgetchat", "pstnphone", "whatsapp"], random(1));
  const isInbound = random(2) < 0.6;
  const author = isInbound ? pick(CUSTOMERS, random(3)) : pick(AGENTS, random(3));
  const isPhone = channel === "pstnphone";
  const text = pick(TEXTS, random(4));
  const row: Record<string, unknown> = {
    id: UUID_MARK,
    csid: CSID_MARK,
    created_at: instantMark(0),
    initial_channel: channel,
    author_name: isPhone ? null : author.name,
    author_email: isPhone ? null : author.email,
    direction: isInbound ? "inbound" : "outbound",
    text: isPhone ? null : text.padEnd(textBytes, "."),
    from_phone_number: isPhone ? "+4500000001" : null,
    to_phone_number: isPhone ? "+4500000010" : null,
    duration: isPhone ? 190 : null,
    recording_url: isPhone ? "/private/org/call_recording/1" : null,
    voicemail_url: null,
    // Newer versions of Dixa's reference say a list, older ones a bare string.
    to: isPhone ? null : random(5) < 0.5 ? ["support@email.dixa.io"] : "support@email.dixa.io",
    from: isPhone ? null : author.email,
    cc: random(6) < 0.2 ? ["boss@example.org"] : [],
    bcc: [],
    attached_files: random(7) < 0.2 ? ["https://files.dixa.io/private/org/attachment/1"] : [],
    is_automated_message: random(8) < 0.1,
    chat_input_question: null,
    chat_input_answer: null,
    chat_menu_text: null,
    form_submission:
      random(9) < 0.1 ? { name: "Ada", email: "ada@example.org", phone: "+45", "Order no.": "1001" } : null,
  };
  if (random(10) < 0.3)
    for (const key of ["voicemail_url", "chat_menu_text"]) Reflect.deleteProperty(row, key);
  return row;
}
