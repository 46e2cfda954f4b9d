import { z } from "zod";

import { text } from "./fields.ts";
import { type List, type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const team = z.object({
  id: text("none", "The team's id"),
  name: text("none", "The team's name for people"),
});

/** The list of teams, which other streams go through too. */
export const teamList: List = { path: "/v1/teams" };

/** Teams: `GET /v1/teams` of the Dixa API. */
export const teams: ListedStream = {
  kind: "listed",
  name: "teams",
  description: "Teams that agents are grouped in",
  schema: team,
  primaryKey: ["id"],
  list: teamList,
};
