import { execFileSync } from "node:child_process";

import { beforeAll, describe, expect, test } from "@jest/globals";

import { additionOf, CONNECTOR_IMAGE, inside, RELAY_IMAGE } from "../support/images.ts";

const BASE = "debian:bookworm-slim";
/** Compressed, of what comes on top of the base. */
const MOST_BYTES = 50e6;

// BuildKit keeps the bases that it fetches to itself.
beforeAll(() => {
  const isHere = execFileSync("docker", ["image", "ls", "--quiet", BASE], { encoding: "utf8" }) !== "";
  if (!isHere) execFileSync("docker", ["pull", BASE], { stdio: "pipe" });
}, 300_000);

const RUNTIME = ["etc/ssl/cert.pem", "etc/ssl/certs/ca-certificates.crt", "usr/local/bin/node"];

describe.each([
  [CONNECTOR_IMAGE, ["cdx.json", "licenses.txt", "mjs"].map((type) => `airbyte/source-dixa.${type}`)],
  [RELAY_IMAGE, ["cdx.json", "licenses.txt", "mjs"].map((type) => `relay/dixa-relay.${type}`)],
])("%s", (image, own) => {
  test("adds Node, authorities and one program to its base: no npm, no yarn, no headers, at most 50 MB", async () => {
    const { files, compressedBytes } = await additionOf(image, BASE);
    expect(files.sort()).toEqual([...own, ...RUNTIME].sort());
    expect(compressedBytes).toBeLessThanOrEqual(MOST_BYTES);
  });

  test("lets everybody read and nobody but root write what it runs", () => {
    const paths = [...own, ...RUNTIME].map((path) => `/${path}`).join(" ");
    expect(inside(image, `find -L ${paths} -perm /022 -o ! -perm -444 -o ! -user root`)).toBe("");
  });

  test("runs as user 1000, given by number", () => {
    expect(inside(image, "id -u; id -g")).toBe("1000\n1000");
    const inspected = execFileSync("docker", ["image", "inspect", "--format", "{{.Config.User}}", image]);
    expect(inspected.toString().trim()).toBe("1000:1000");
  });
});
