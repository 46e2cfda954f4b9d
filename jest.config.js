/** @type {import("jest").Config} */
export default {
  roots: ["<rootDir>/spec", "<rootDir>/integration_tests"],
  testMatch: ["**/*.spec.ts"],
  extensionsToTreatAsEsm: [".ts"],
  injectGlobals: false,
  testEnvironment: "<rootDir>/spec/support/fast-environment.ts",
  // What hangs, hangs for ever; a busy machine must not be taken for it.
  testTimeout: 60_000,
  // One worker fewer than cores, the default, leaves one worker on two cores; most specs wait for child processes anyway.
  maxWorkers: "100%",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: {
          parser: { syntax: "typescript" },
          target: "es2024",
          experimental: { keepImportAttributes: true },
        },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
};
