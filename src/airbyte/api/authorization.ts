import { ApplicationToken, type ApplicationTokenOptions } from "./token.ts";

/** How requests identify themselves. An application (client id and secret) is what Airbyte documents today. */
export type AirbyteAuth =
  | { readonly mode: "client_credentials"; readonly clientId: string; readonly clientSecret: string }
  | { readonly mode: "basic"; readonly username: string; readonly password: string }
  | { readonly mode: "bearer"; readonly token: string }
  | { readonly mode: "none" };

/** Where the Authorization header of each request comes from. */
export interface Authorizer {
  /** Undefined: send none. */
  header(signal: AbortSignal | undefined): Promise<string | undefined>;
  /** Airbyte answered 401 to this header. True if another one can be had. */
  refused(header: string | undefined): boolean;
  close(): void;
}

export function authorizerOf(
  auth: AirbyteAuth,
  options: Pick<ApplicationTokenOptions, "sender" | "clock" | "timeoutMs">,
): Authorizer {
  switch (auth.mode) {
    case "client_credentials": {
      const { clientId, clientSecret } = auth;
      const token = new ApplicationToken({ ...options, clientId, clientSecret });
      return {
        header: async (signal) => `Bearer ${await token.get(signal)}`,
        refused: (header) => {
          token.discard(header?.replace(/^Bearer /, "") ?? "");
          return true;
        },
        close: () => {
          token.close();
        },
      };
    }
    case "basic":
      return fixed(`Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`);
    case "bearer":
      return fixed(`Bearer ${auth.token}`);
    case "none":
      return fixed(undefined);
  }
}

function fixed(header: string | undefined): Authorizer {
  return { header: () => Promise.resolve(header), refused: () => false, close: () => undefined };
}
