import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Program, startProgram } from "./program.ts";

/** A TLS host with a certificate of a private CA, and room for other files beside it. */
export class PrivateHost {
  readonly folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.folder = folder;
    this.#server = server;
  }

  /** @param names that the certificate is for */
  static async start(names: readonly string[], answer: RequestListener): Promise<PrivateHost> {
    const folder = mkdtempSync(join(tmpdir(), "private-host-"));
    makeCertificates(folder, names);
    const file = (name: string) => readFileSync(join(folder, name));
    const server = createServer({ key: file("host.key"), cert: file("host.pem") }, answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PrivateHost(folder, server);
  }

  /** The file with the CA's certificate. */
  get ca(): string {
    return join(this.folder, "ca.pem");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.folder, { recursive: true });
  }
}

function makeCertificates(folder: string, names: readonly string[]): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ca = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Our own CA", "-days", "2"];
  openssl("req", "-x509", ...key, ...ca);
  openssl("req", ...key, "-keyout", "host.key", "-out", "host.csr", "-subj", "/CN=host.test");
  writeFileSync(join(folder, "names"), `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`);
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"];
  openssl("x509", "-req", "-in", "host.csr", "-out", "host.pem", ...signing);
}

/** A proxy in a process of its own, which takes every host for a port of this machine. */
export class ProxyProcess {
  /** Its port, then a line for each request. */
  readonly lines: string[] = [];
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** @param credentials `user:password`, which it wants */
  static async start(target: number, credentials: string): Promise<ProxyProcess> {
    const program = startProgram("spec/support/proxy.ts", [String(target), credentials]);
    const proxy = new ProxyProcess(program);
    await new Promise<void>((resolve) => {
      program.stdout.setEncoding("utf8").on("data", (text: string) => {
        proxy.lines.push(...text.trim().split("\n"));
        resolve();
      });
    });
    return proxy;
  }

  /** Its address with these credentials in it. */
  address(credentials: string): string {
    return `http://${credentials}@127.0.0.1:${this.lines[0] ?? ""}`;
  }

  /** The tunnels that were asked for, sorted. */
  get connects(): string[] {
    return this.lines.filter((line) => line.startsWith("CONNECT ")).sort();
  }

  kill(): void {
    this.#program.kill();
  }
}
