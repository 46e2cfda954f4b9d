import { connect, type Socket } from "node:net";

import { type Attack } from "./hostile-requests.ts";

const DRIP_MS = 200;
/** Longer than the relay lets anybody take. */
const PATIENCE_MS = 40_000;

export interface AttackResult {
  kind: string;
  /** Status of each answer that came. */
  statuses: number[];
  /** The relay left the connection open for longer than it may. */
  isStuck: boolean;
  answer: string;
}

/** Carries out one attack on a connection of its own, and returns what the relay said before the connection ended. */
export async function carryOut({ kind, chunks, then }: Attack, port: number): Promise<AttackResult> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    answer += chunk;
  });
  // A relay that hangs up in the middle of our sending is in its right.
  socket.on("error", () => undefined);
  const closed = new Promise<boolean>((resolve) => {
    socket.once("close", () => {
      resolve(false);
    });
    socket.once("end", () => {
      socket.end();
    });
  });
  let drip: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  try {
    for (const chunk of chunks) await write(socket, chunk);
    if (then === "hang_up") socket.destroy();
    if (then === "half_close") socket.end();
    if (then === "drip") drip = setInterval(() => socket.write("x"), DRIP_MS);
    const late = new Promise<boolean>((resolve) => {
      patience = setTimeout(resolve, PATIENCE_MS, true);
    });
    const isStuck = await Promise.race([closed, late]);
    return { kind, statuses: statusesIn(answer), isStuck, answer };
  } finally {
    clearInterval(drip);
    clearTimeout(patience);
    socket.destroy();
  }
}

async function write(socket: Socket, chunk: Buffer): Promise<void> {
  if (socket.destroyed || !socket.writable) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      resolve();
    };
    socket.once("close", done);
    socket.write(chunk, () => {
      socket.off("close", done);
      resolve();
    });
  });
}

function statusesIn(answer: string): number[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}
