import vm from "node:vm";

import { TestEnvironment } from "jest-environment-node";

/**
 * Jest's own environment for Node, with globals at their usual speed.
 *
 * Jest gives each file of tests a context whose global object is a proxy, to find at the end what a test has set there.
 * All code of the file then pays two calls for each `Math`, `Number` or `Uint8Array` that it names: a hundred times the
 * cost of a loop that does little else, and the hot paths do little else. An ordinary global object is as separate.
 */
export default class FastEnvironment extends TestEnvironment {
  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    const { createContext } = vm;
    // The constructor makes the context itself and takes none from outside.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...args);
    } finally {
      vm.createContext = createContext;
    }
  }
}
