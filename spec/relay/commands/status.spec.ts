import { expect, test } from "@jest/globals";

import { status, type StatusOptions } from "../../../src/relay/commands/status.ts";
import { type ConnectionView, type CredentialView } from "../../../src/relay/http/schemas.ts";

const PAGE = 100;

const connection = (index: number) =>
  ({ connection_id: `c${index}`, name: "", state_text: "up to date" }) as ConnectionView;

/** The lines for an account whose connections are listed in this order at each look. */
async function run(orderAt: (look: number) => readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  let looks = 0;
  const page = (offset: number) => {
    const order = orderAt(looks++);
    return { connections: order.slice(offset, offset + PAGE).map(connection), total: order.length };
  };
  const client: StatusOptions["client"] = {
    credentials: () => Promise.reject(new Error("nobody asks for the others")),
    credential: () => {
      const { connections, total } = page(0);
      return Promise.resolve({
        ...({ credential_id: "k", name: "Dixa", seq: 0, last_event_at: null } as CredentialView),
        ...{ pending_since: null, connections, total_connections: total },
      });
    },
    connections: (_, offset) => Promise.resolve(page(offset)),
  };
  await status({ client, credentialId: "k", asJson: false, now: 0, print: (line) => lines.push(line) });
  return lines;
}

const all = Array.from({ length: 250 }, (_, index) => index);

test("an account is shown with all its connections, page by page", async () => {
  const lines = await run(() => all);
  expect(lines.slice(2).map((line) => line.trim().split(" ")[0])).toEqual(all.map((index) => `c${index}`));
});

test("connections that change their place between two pages are shown once, and missed ones are told of", async () => {
  const moved = [...all.slice(150, 200), ...all.slice(0, 150), ...all.slice(200)];
  const lines = await run((look) => (look === 0 ? all : moved));
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.at(-1)).toBe("  and 50 more, which changed meanwhile: ask again");
  expect(lines).toHaveLength(2 + 200 + 1);
});

test("connections that go away between two pages end the list", async () => {
  const lines = await run((look) => (look === 0 ? all : all.slice(0, 90)));
  expect(lines).toHaveLength(2 + 100);
});
