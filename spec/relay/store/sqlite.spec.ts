import { describePageQueries } from "./page-suite.ts";
import { sqliteDatabases } from "./sqlite-database.ts";
import { describeStore } from "./suite.ts";

describeStore("the store in an SQLite file", sqliteDatabases());
describePageQueries("what a store in an SQLite file tells the page", sqliteDatabases());
