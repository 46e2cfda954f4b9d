import manifest from "../package.json" with { type: "json" };

/** The version of package.json: the only place where it is written by hand for the programs. */
export const VERSION = manifest.version;
