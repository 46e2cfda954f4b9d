import { sqliteDatabases } from "./sqlite-database.ts";
import { describeStore } from "./suite.ts";

describeStore("the store in an SQLite file", sqliteDatabases());
