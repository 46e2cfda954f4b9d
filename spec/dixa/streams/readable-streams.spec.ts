import { afterEach, expect, test } from "@jest/globals";

import { refusedStreams } from "../../../src/dixa/streams/readable-streams.ts";
import { dixaOf } from "../../support/dixa.ts";
import { listedStream } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";

let server: Loopback;

afterEach(() => server.close());

test("streams that Dixa refuses are named, and what fails otherwise is not", async () => {
  server = await Loopback.start(({ url = "" }, response) => {
    const status = Number(/\d\d\d/.exec(url)?.[0] ?? 200);
    response.writeHead(status).end('{"data":[]}');
  });
  const { origin } = server.url;
  const dixa = dixaOf({ exportsUrl: origin, apiUrl: origin });
  const of = (name: string, path: string) => listedStream({ name, list: { path } });
  const refused = await refusedStreams(
    dixa,
    [
      ...[of("whole", "/v1/whole"), of("rights", "/v1/403"), of("bought", "/v1/404"), of("down", "/v1/500")],
      listedStream({
        name: "flows",
        list: { path: "/v1/flows", query: { channel: "{channel}" } },
        parents: { values: [{ channel: "402" }] },
      }),
      listedStream({
        name: "members",
        list: { path: "/v1/{id}" },
        parents: { list: { path: "/v1/403" }, parameters: () => ({ id: "403" }) },
      }),
    ],
    {},
  );
  dixa.close();
  expect(refused).toEqual([
    { stream: "rights", status: 403 },
    { stream: "bought", status: 404 },
    { stream: "flows", status: 402 },
  ]);
  expect(server.requests).toHaveLength(5);
});
