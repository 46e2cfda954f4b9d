import { describeInvariants } from "./properties.ts";
import { memoryDatabase } from "./sqlite-database.ts";

describeInvariants("the relay on SQLite", () => Promise.resolve(memoryDatabase()), 60);
