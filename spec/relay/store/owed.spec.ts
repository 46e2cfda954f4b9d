import { describeOwedSyncs } from "./owed-suite.ts";
import { sqliteDatabases } from "./sqlite-database.ts";

describeOwedSyncs("the store in an SQLite file", sqliteDatabases());
