import { afterAll } from "@jest/globals";
import nock from "nock";

// Merely importing nock patches Node's own modules, which all files of a worker share: a file that is run later, and that
// wants real sockets or a real proxy, would get nock's. So this is the only file that imports it (lint holds that).
afterAll(() => {
  nock.restore();
});

export { nock };
