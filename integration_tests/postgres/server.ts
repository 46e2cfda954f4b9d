import { execFile, spawnSync } from "node:child_process";
import { access, chown, constants, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import pg from "pg";

const run = promisify(execFile);

export interface PostgresServer {
  /** Of a new, empty database. */
  createDatabase(): Promise<string>;
  /** Like a crash: clients are cut off, and the server recovers from its log. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  stop(): Promise<void>;
}

/** Who a server runs as: PostgreSQL refuses to be root. */
interface Identity {
  uid?: number;
  gid?: number;
}

/**
 * Starts a PostgreSQL server of its own, with a new data folder, on a Unix socket, with durability as it is shipped.
 *
 * @throws Error when no PostgreSQL is installed, saying how to get it
 */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = await findBinaries();
  const identity = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "relay-postgres-"));
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid ?? identity.uid);
  const data = join(folder, "data");
  const options = { ...identity, cwd: folder, env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } };
  await run(
    join(bin, "initdb"),
    ["-D", data, "-U", "relay", "--auth=trust", "-E", "UTF8", "--no-sync"],
    options,
  );
  const pgCtl = async (...args: string[]) => {
    // To /dev/null: a server that inherits a pipe keeps its reader waiting.
    await run(
      join(bin, "pg_ctl"),
      ["-D", data, "-w", "-t", "60", "-l", join(folder, "server.log"), ...args],
      options,
    );
  };
  const settings = `-c listen_addresses='' -c unix_socket_directories='${folder}' -c max_connections=60`;
  await pgCtl("-o", settings, "start");
  const kill = () => {
    spawnSync(join(bin, "pg_ctl"), ["-D", data, "-m", "immediate", "stop"], options);
  };
  process.once("exit", kill);

  const urlOf = (database: string) =>
    `postgresql://relay@localhost/${database}?host=${encodeURIComponent(folder)}`;
  let databases = 0;
  return {
    async createDatabase() {
      const name = `relay_${++databases}`;
      const client = new pg.Client({ connectionString: urlOf("postgres") });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${name}`);
      } finally {
        await client.end();
      }
      return urlOf(name);
    },
    restart: (mode) => pgCtl("-m", mode, "-o", settings, "restart"),
    async stop() {
      process.off("exit", kill);
      await pgCtl("-m", "immediate", "stop");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findBinaries(): Promise<string> {
  const debian = "/usr/lib/postgresql";
  const versions = await readdir(debian).catch(() => []);
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(debian, version, "bin")),
  ];
  for (const folder of folders) {
    const programs = ["initdb", "pg_ctl", "postgres"].map((program) =>
      access(join(folder, program), constants.X_OK),
    );
    if (
      await Promise.all(programs).then(
        () => true,
        () => false,
      )
    )
      return folder;
  }
  throw new Error(
    "no PostgreSQL server found: initdb, pg_ctl and postgres must be in PATH or in /usr/lib/postgresql/*/bin " +
      "(Debian and Ubuntu: apt-get install postgresql)",
  );
}

async function unprivileged(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const passwd = await readFile("/etc/passwd", "utf8");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] =
      passwd
        .split("\n")
        .find((line) => line.startsWith(`${name}:`))
        ?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user postgres or nobody");
}
