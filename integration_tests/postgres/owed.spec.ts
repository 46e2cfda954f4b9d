import { describeOwedSyncs } from "../../spec/relay/store/owed-suite.ts";
import { postgresDatabases } from "./databases.ts";

describeOwedSyncs("the store in PostgreSQL", postgresDatabases().create);
