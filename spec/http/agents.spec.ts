import { afterEach, describe, expect, test } from "@jest/globals";

import { proxySecrets } from "../../src/http/agents.ts";
import { HttpClient } from "../../src/http/client.ts";
import { Loopback } from "../support/loopback.ts";
import { SkippingClock } from "../support/skipping-clock.ts";

const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(body: string): Promise<Loopback> {
  const server = await Loopback.start((_, response) => response.end(body));
  open.push(() => server.close());
  return server;
}

/** What a GET brings with this environment; "nothing" if there is no way to the host. */
async function get(url: string | URL, env: Record<string, string>): Promise<string> {
  const client = new HttpClient({ clock: new SkippingClock(), userAgent: "spec/1.0", maxSockets: 2, env });
  open.push(() => {
    client.close();
  });
  const request = { url: new URL(url), headers: {}, retry: false };
  return client.send(request, (response) => response.text()).catch(() => "nothing");
}

describe("a proxy for plain HTTP", () => {
  test.each(["HTTP_PROXY", "http_proxy"])("is taken from %s", async (name) => {
    const proxy = await serve("by the proxy");
    expect(await get("http://host.invalid/a?b=c", { [name]: proxy.url.href })).toBe("by the proxy");
    expect(proxy.requests).toEqual(["GET http://host.invalid/a?b=c"]);
  });

  test("may be written without its scheme", async () => {
    const proxy = await serve("by the proxy");
    expect(await get("http://host.invalid/", { HTTP_PROXY: proxy.url.host })).toBe("by the proxy");
  });

  test("is not used for the hosts of NO_PROXY, in either case", async () => {
    const proxy = await serve("by the proxy");
    for (const name of ["NO_PROXY", "no_proxy"]) {
      const env = { HTTP_PROXY: proxy.url.href, [name]: "other.invalid,.host.invalid" };
      expect(await get("http://a.host.invalid/", env)).toBe("nothing");
      expect(await get("http://else.invalid/", env)).toBe("by the proxy");
    }
  });

  test("is never used for this machine", async () => {
    const [proxy, server] = [await serve("by the proxy"), await serve("directly")];
    const env = { HTTP_PROXY: proxy.url.href };
    for (const name of ["127.0.0.1", "localhost"]) {
      expect(await get(`http://${name}:${server.url.port}/`, env)).toBe("directly");
    }
    expect(proxy.requests).toEqual([]);
  });

  test("is none where the variable is empty", async () => {
    expect(await get("http://host.invalid/", { HTTP_PROXY: "", http_proxy: " " })).toBe("nothing");
  });
});

test("the credentials of proxies are known, in each form in which they could show", () => {
  const env = { HTTPS_PROXY: "http://ann:p%40ssword@proxy.test:3128", http_proxy: "proxy.test:3128" };
  const basic = Buffer.from("ann:p@ssword").toString("base64");
  expect(proxySecrets(env)).toEqual(["p%40ssword", "p@ssword", basic]);
  expect(proxySecrets({})).toEqual([]);
});
