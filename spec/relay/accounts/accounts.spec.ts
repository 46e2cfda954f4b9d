import { sqliteDatabases } from "../store/sqlite-database.ts";
import { describeAccounts } from "./account-suite.ts";

describeAccounts("accounts in an SQLite file", sqliteDatabases());
