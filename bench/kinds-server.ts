import { createServer } from "node:http";
import { type AddressInfo } from "node:net";

/** A server in Dixa's place: `rows` notes a conversation and as many agents, and conversations that all changed once. */
const [conversations = 0, rows = 0] = process.argv.slice(2).map(Number);
const START = Date.UTC(2024, 0, 1);
const PAGE = 100;

const agent = (id: number) => ({
  ...{
    id: `agent-${id}`,
    createdAt: "2024-01-01T00:00:00Z",
    displayName: `Agent ${id}`,
    email: `a${id}@example.com`,
  },
  ...{ additionalEmails: [], additionalPhoneNumbers: [], middleNames: [], roles: ["Agent"] },
});
const exported = JSON.stringify(
  Array.from({ length: conversations }, (_, id) => ({ id, updated_at: START + id * 1000, status: "closed" })),
);
const note = (id: number) => ({
  ...{ id: `note-${id}`, authorId: `agent-${id}`, createdAt: "2024-01-01T00:00:00.000Z", csid: 1 },
  message: "Called back, no answer; tries again tomorrow.".repeat(4),
});
const notes = JSON.stringify({
  data: Array.from({ length: rows / Math.max(1, conversations) }, (_, id) => note(id)),
});

const server = createServer(({ url = "" }, response) => {
  const { pathname, searchParams } = new URL(url, "http://dixa");
  if (pathname === "/v1/agents") {
    const from = Number(searchParams.get("pageKey") ?? 0);
    const data = Array.from({ length: Math.min(PAGE, rows - from) }, (_, index) => agent(from + index));
    const meta = from + PAGE < rows ? { next: `/v1/agents?pageKey=${from + PAGE}` } : {};
    response.end(JSON.stringify({ data, meta }));
  } else if (pathname === "/v1/conversation_export") {
    const isFirst = Number(searchParams.get("updated_after")) < START;
    response.end(isFirst ? exported : "[]");
  } else response.end(pathname.endsWith("/notes") ? notes : "{}");
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
