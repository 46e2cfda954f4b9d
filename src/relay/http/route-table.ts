import { type FastifyInstance } from "fastify";

interface Entry {
  readonly pattern: RegExp;
  readonly method: string;
}

/** Which methods each address takes, to tell a wrong method from a wrong address. */
export class RouteTable {
  readonly #entries: Entry[] = [];

  /** To be made before the routes are added. */
  constructor(app: FastifyInstance) {
    app.addHook("onRoute", ({ url, method }) => {
      const pattern = new RegExp(
        `^${url.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/:\w+/g, "[^/]+")}$`,
      );
      for (const name of [method].flat()) this.#entries.push({ pattern, method: name });
    });
  }

  methodsAt(url: string): string[] {
    const path = url.split("?", 1)[0] ?? "";
    const methods = this.#entries.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }
}
