import { AGENTS } from "./data/people.ts";

/** `GET /v1/organization`. */
export const organization = {
  data: {
    id: "99999999-9999-4999-8999-999999999999",
    name: "Example Shop",
    subdomain: "example",
    status: "Active",
  },
};

/** `GET /v1/agents`; all of them fit one page. */
export function agents(pageLimit: number): unknown {
  const data = AGENTS.slice(0, pageLimit).map(({ id, name, email }) => ({
    id,
    displayName: name,
    email,
    createdAt: "2021-12-01T12:46:36.581Z[GMT]",
  }));
  return { data, meta: {} };
}
