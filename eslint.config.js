import js from "@eslint/js";
import simpleImportSort from "eslint-plugin-simple-import-sort";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "coverage", "node_modules", "demo-data", "**/.venv"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    plugins: { "simple-import-sort": simpleImportSort },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "simple-import-sort/imports": "error",
      "simple-import-sort/exports": "error",
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      // Numbers are what this program prints most; their text form is never ambiguous.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
  {
    // Bytes of a buffer and words of a typed array, at places that a bounds check has just allowed: TypeScript takes
    // each access for undefined, and a check per byte would halve the speed. In tests a wrong one fails the test.
    files: ["src/http/json-*.ts", "src/source/sync/row-set.ts", "spec/**", "integration_tests/**"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["spec/**", "integration_tests/**"],
    ignores: ["spec/support/nock.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { name: "nock", message: "Take it from spec/support/nock.ts, which takes its patches back." },
      ],
    },
  },
  {
    // AssemblyScript is no TypeScript, for all that it looks like it: its types are others.
    files: ["*.config.js", ".dependency-cruiser.js", "assembly/**"],
    ...tseslint.configs.disableTypeChecked,
  },
);
