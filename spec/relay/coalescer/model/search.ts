import { firstWorld, type Move, moves, normalised, type Rules, type World } from "./world.ts";

export interface Verdict {
  worlds: number;
  /** How to get to a watermark that claims more than a succeeded sync has read, if there is a way. */
  unsound: string[] | undefined;
  /** How to get to where nothing is left to do, and yet an event has not been read. */
  loss: string[] | undefined;
  /** Worlds from which no way leads to where all events are read and known to be. */
  dead: number;
  /** How to get to one of them. */
  death: string[] | undefined;
}

/** Visits every world that can be reached, breadth first, so that the ways found are the shortest. */
export function search(rules: Rules): Verdict {
  const first = normalised(firstWorld(rules));
  const numbers = new Map([[JSON.stringify(first), 0]]);
  const worlds: (World | undefined)[] = [first];
  const parents = [-1];
  const names = ["start"];
  const from: number[] = [];
  const to: number[] = [];
  const goals: number[] = [];
  let unsound: number | undefined;
  let loss: number | undefined;
  for (let number = 0; number < worlds.length; number++) {
    const world = worlds[number]!;
    // A world that has been expanded is only needed by its number.
    worlds[number] = undefined;
    if (world.relay.syncedSeq > world.covered) unsound ??= number;
    if (isDone(world, rules)) {
      if (world.covered < rules.events) loss ??= number;
      else goals.push(number);
    }
    for (const { name, world: next } of moves(world, rules)) visit(number, name, next);
  }

  function visit(number: number, name: string, next: Move["world"]): void {
    const after = normalised(next);
    const key = JSON.stringify(after);
    let reached = numbers.get(key);
    if (reached === undefined) {
      reached = worlds.length;
      numbers.set(key, reached);
      worlds.push(after);
      parents.push(number);
      names.push(name);
    }
    from.push(number);
    to.push(reached);
  }

  const wayTo = (number: number | undefined): string[] | undefined => {
    if (number === undefined) return undefined;
    const way: string[] = [];
    for (let at = number; at > 0; at = parents[at]!) way.unshift(names[at]!);
    return way;
  };
  const alive = backwards(worlds.length, from, to, goals);
  const dead = alive.reduce((count, isAlive) => count + (isAlive === 0 ? 1 : 0), 0);
  const death = dead === 0 ? undefined : alive.indexOf(0);
  return { worlds: worlds.length, unsound: wayTo(unsound), loss: wayTo(loss), dead, death: wayTo(death) };
}

/** The relay believes that all is read, and nothing is under way that could still read. */
function isDone({ events, relay, replicas, jobs }: World, rules: Rules): boolean {
  return (
    events === rules.events &&
    relay.syncedSeq === rules.events &&
    replicas.every((pending) => pending === null) &&
    jobs.every(({ status }) => status !== "queued" && status !== "running")
  );
}

/** Marks with 1 the numbers from which a goal can be reached. */
function backwards(count: number, from: number[], to: number[], goals: readonly number[]): Uint8Array {
  const starts = new Uint32Array(count + 1);
  for (const number of to) starts[number + 1]!++;
  for (let number = 0; number < count; number++) starts[number + 1]! += starts[number]!;
  const free = starts.slice();
  const before = new Uint32Array(from.length);
  for (const [index, number] of to.entries()) before[free[number]!++] = from[index]!;
  const alive = new Uint8Array(count);
  const queue = [...goals];
  for (const goal of goals) alive[goal] = 1;
  for (let number = queue.pop(); number !== undefined; number = queue.pop()) {
    for (let index = starts[number]!; index < starts[number + 1]!; index++) {
      const previous = before[index]!;
      if (alive[previous] === 1) continue;
      alive[previous] = 1;
      queue.push(previous);
    }
  }
  return alive;
}
