import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo } from "node:net";

import { afterEach, expect, test } from "@jest/globals";

import { health } from "../../../src/relay/commands/health.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a relay that accepts webhooks is healthy, with or without a slash behind its address", async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.end('{"status":"ok"}');
  });
  await health(url);
  await health(`${url}/`);
  expect(asked).toEqual(["/readyz", "/readyz"]);
});

test.each([503, 404, 302])("an answer with status %i is no health", async (status) => {
  const url = await serve((_, response) => response.writeHead(status, { location: "/" }).end());
  await expect(health(url)).rejects.toMatchObject({
    name: "CommandError",
    message: `The relay does not accept webhooks now: ${url}/readyz answered with status ${status}.`,
  });
});

test("neither is silence, and it is not waited for any longer", async () => {
  const url = await serve(() => undefined);
  await expect(health(url, 50)).rejects.toThrow("within 50 ms");
});

test("neither is nobody, and what is no address is told", async () => {
  await expect(health("http://127.0.0.1:1")).rejects.toThrow("Nothing answers at http://127.0.0.1:1/readyz");
  await expect(health("relay:8080")).rejects.toThrow("is no address of a relay");
});
