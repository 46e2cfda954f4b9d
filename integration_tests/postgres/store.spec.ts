import { describeStore } from "../../spec/relay/store/suite.ts";
import { postgresDatabases } from "./databases.ts";

describeStore("the store in PostgreSQL", postgresDatabases().create);
