import { describeInvariants } from "../../spec/relay/store/properties.ts";
import { postgresDatabases } from "./databases.ts";

describeInvariants("the relay on PostgreSQL", postgresDatabases().create, 15);
