import { type Dataset } from "../data/dataset.ts";
import { AGENTS, CUSTOMERS } from "../data/people.ts";
import { hash } from "../random.ts";
import { seconds, withZoneName } from "./instants.ts";
import { messageAttributes } from "./message-attributes.ts";
import { type Row } from "./table.ts";

export type ChildName = "messages" | "notes" | "ratings";

const MINUTE_MS = 60_000;
const people = new Map([...AGENTS, ...CUSTOMERS].map(({ id, email }) => [email, id]));

/** What `/v1/conversations/{id}/…` answers: the same account as the exports, as the Dixa API tells it. */
export class ConversationChildren {
  readonly #dataset: Dataset;
  readonly #goneShare: number;

  /** @param goneShare share of conversations, 0 to 1, that are in the export and whose children answer 404 */
  constructor(dataset: Dataset, goneShare: number) {
    this.#dataset = dataset;
    this.#goneShare = goneShare;
  }

  /** Undefined if there is no such conversation, or it is gone. */
  list(id: number, child: ChildName): Row[] | undefined {
    const found = this.#dataset.conversation(id);
    if (found === undefined || this.isGone(id)) return undefined;
    const conversation = JSON.parse(found.text) as Row;
    switch (child) {
      case "messages":
        return this.#messages(id);
      case "notes":
        return this.#notes(id, conversation);
      case "ratings":
        return ratings(id, conversation);
    }
  }

  isGone(id: number): boolean {
    return hash(7, id, 70) / 2 ** 32 < this.#goneShare;
  }

  #messages(id: number): Row[] {
    return this.#dataset.messagesOf(id).map((text) => {
      const message = JSON.parse(text) as Row & { id: string; created_at: number };
      const turn = hash(3, id, message.created_at);
      const author = people.get(String(message["author_email"]));
      return {
        id: message.id,
        authorId: author ?? CUSTOMERS[turn % CUSTOMERS.length]?.id,
        ...(turn % 3 === 0 ? { externalId: `<${message.id}@mail.example.org>` } : {}),
        createdAt: withZoneName(message.created_at, this.#dataset.zoneNames, turn),
        attributes: messageAttributes(message, turn),
      };
    });
  }

  /** The notes that the export has as texts. */
  #notes(id: number, conversation: Row): Row[] {
    const texts = (conversation["conversation_wrapup_notes"] ?? []) as string[];
    return texts.map((message, index) => {
      const random = hash(id, index, 71).toString(16).padStart(8, "0");
      return {
        id: `${random}-4e00-4000-8000-${String(id).padStart(11, "0")}${index % 10}`,
        authorId: AGENTS[(id + index) % AGENTS.length]?.id,
        createdAt: withZoneName(createdAt(conversation) + index * MINUTE_MS, this.#dataset.zoneNames, id),
        csid: id,
        message,
      };
    });
  }
}

function createdAt(conversation: Row): number {
  return Number(conversation["created_at"] ?? conversation["updated_at"]);
}

/** Where the export has a rating, a survey of one or of three questions, perhaps answered in part; else now and then one that is scheduled. */
function ratings(id: number, conversation: Row): Row[] {
  const exported = (conversation["ratings"] ?? []) as Row[];
  const [first] = exported;
  const turn = hash(5, id, 72);
  if (first === undefined && turn % 4 !== 0) return [];
  const at = createdAt(conversation);
  const survey = `${turn.toString(16).padStart(8, "0")}-4f00-4000-8000-${String(id).padStart(12, "0")}`;
  const types = first !== undefined && turn % 2 === 0 ? ["Nps", "Csat", "ThumbsUpOrDown"] : ["Csat"];
  return types.map((ratingType, question) => {
    const isRated = first !== undefined && (question === 0 || turn % 8 === 0);
    return {
      id: survey,
      ratingType,
      ...(isRated ? { ratingScore: first["rating_score"] } : {}),
      ...(isRated && question === 0 ? { ratingComment: first["rating_message"] } : {}),
      ...(turn % 5 === 0 ? {} : { agentId: conversation["assignee_id"] ?? AGENTS[0]?.id }),
      userId: conversation["requester_id"] ?? CUSTOMERS[0]?.id,
      conversationChannel: turn % 2 === 0 ? "Email" : "WidgetChat",
      ratingStatus: isRated ? "Rated" : first === undefined ? "Scheduled" : "Offered",
      ...(turn % 3 === 0 ? {} : { language: "en" }),
      timestamps: {
        created_at: seconds(at),
        scheduled_at: seconds(at),
        scheduled_for: seconds(at + MINUTE_MS),
        modified_at: seconds(at + 3 * MINUTE_MS),
        ...(first === undefined ? {} : { offered_at: seconds(at + MINUTE_MS) }),
        ...(isRated ? { rated_at: seconds(at + 3 * MINUTE_MS) } : {}),
      },
    };
  });
}
