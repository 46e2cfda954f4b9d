import { describeAccounts } from "../../spec/relay/accounts/account-suite.ts";
import { describePageQueries } from "../../spec/relay/store/page-suite.ts";
import { describeStore } from "../../spec/relay/store/suite.ts";
import { postgresDatabases } from "./databases.ts";

const { create } = postgresDatabases();
describeStore("the store in PostgreSQL", create);
describePageQueries("what a store in PostgreSQL tells the page", create);
describeAccounts("accounts in PostgreSQL", create);
