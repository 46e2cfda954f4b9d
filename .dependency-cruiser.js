/**
 * The order of the folders: each may import itself and what stands behind it, types included. The two programs, source/
 * and relay/, don't know each other; both stand on dixa/, airbyte/, http/ and logging/.
 */
const GROUND = ["http", "logging"];
const DIXA = ["dixa", "airbyte/protocol", ...GROUND];
const SOURCE = ["dixa/streams", ...DIXA];
/** The configuration is what people write, in the program's units: it knows the coalescer's timings, and no folder above. */
const RELAY = ["relay/config", "relay/store", "relay/coalescer", ...GROUND];
const OUTSIDE = ["dixa/webhooks", "airbyte/api", ...DIXA];

const FOLDERS = {
  http: [],
  logging: [],
  "airbyte/protocol": [],
  "airbyte/api": ["airbyte/protocol", ...GROUND],
  dixa: DIXA,
  "dixa/streams": DIXA,
  "dixa/webhooks": DIXA,
  "source/output": SOURCE,
  "source/sync": ["source/output", ...SOURCE],
  "source/commands": ["source/sync", "source/output", ...SOURCE],
  "relay/coalescer": [],
  "relay/config": ["relay/coalescer", ...OUTSIDE],
  "relay/store": ["relay/coalescer", ...GROUND],
  "relay/accounts": [...RELAY, ...OUTSIDE],
  "relay/dispatch": RELAY,
  "relay/telemetry": RELAY,
  "relay/http": ["relay/accounts", "relay/dispatch", "relay/telemetry", ...RELAY, ...OUTSIDE],
  "relay/page": [
    "relay/http",
    "relay/accounts",
    "relay/dispatch",
    "relay/telemetry",
    "dixa/webhooks",
    ...RELAY,
  ],
  "relay/watch": ["relay/http", "relay/accounts", "relay/dispatch", "relay/telemetry", ...RELAY, ...OUTSIDE],
  "relay/commands": [
    "relay/watch",
    "relay/http",
    "relay/accounts",
    "relay/dispatch",
    "relay/telemetry",
    ...RELAY,
    ...OUTSIDE,
  ],
  /** Puts a replica of the relay together. */
  "relay/process": [
    "relay/watch",
    "relay/page",
    "relay/http",
    "relay/accounts",
    "relay/dispatch",
    "relay/telemetry",
    ...RELAY,
    ...OUTSIDE,
  ],
};

const folders = Object.keys(FOLDERS);
const filesOf = (names) => `^src/(${names.join("|")})/[^/]+$`;
/** In no folder: the programs. */
const ENTRANCES = "^src/[^/]+\\.ts$";
const VERSION = "^src/version\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(FOLDERS).map(([folder, below]) => ({
      name: `${folder}-imports-downwards`,
      comment: `src/${folder}/ may import ${below.length === 0 ? "no other folder" : below.join(", ")}.`,
      severity: "error",
      from: { path: filesOf([folder]) },
      to: { path: "^src/", pathNot: [filesOf([folder, ...below]), VERSION] },
    })),
    {
      name: "every-file-has-a-folder",
      comment:
        "A new folder of src/ gets its line in FOLDERS; the root of a folder holds no file that belongs in one of its folders.",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: [filesOf(folders), ENTRANCES] },
    },
    {
      name: "no-circles",
      comment:
        "Two files that import each other, by types or over others, are one file: divide them along another line.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|coverage|demo-data)/" },
    // Types too: they are gone from what is compiled.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"] },
  },
};
