import { z } from "zod";

import { byId } from "./by-id.ts";
import { text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";
import { teamList } from "./teams.ts";

/** Names and types: Dixa's OpenAPI document. */
const member = z.object({
  teamId: text("none", "Id of the team, as in `teams`; added by this connector"),
  id: text("none", "Id of the agent, as in `agents`"),
  name: text("names", "The agent's name"),
  email: text("email_addresses", "The agent's email address"),
  phoneNumber: text("phone_numbers", "The agent's phone number"),
});

/** Members of teams: `GET /v1/teams/{teamId}/agents` of the Dixa API. */
export const teamMembers: ListedStream = {
  kind: "listed",
  name: "team_members",
  description: "Which agent is in which team",
  schema: member,
  primaryKey: ["teamId", "id"],
  list: { path: "/v1/teams/{teamId}/agents" },
  parents: { list: teamList, parameters: byId("teamId") },
  added: ["teamId"],
};
