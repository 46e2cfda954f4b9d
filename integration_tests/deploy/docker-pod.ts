import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { type Container, type PodSpec } from "./manifests.ts";

const run = promisify(execFile);

export async function docker(...args: string[]): Promise<string> {
  try {
    return (await run("docker", args, { maxBuffer: 1 << 26 })).stdout.trim();
  } catch (error) {
    // The arguments, which the usual message shows, hold secrets and drown the reason.
    throw new Error((error as { stderr?: string }).stderr ?? "docker is missing", { cause: error });
  }
}

/** What a pod's container gets from elsewhere. */
export interface PodSurroundings {
  name: string;
  network: string;
  /** Instead of the manifest's registry. */
  image: string;
  /** Values of Secrets by name and key. */
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders of volumes by their name. */
  volumes: Readonly<Record<string, string>>;
  /** An empty folder. */
  nothing: string;
}

/** The pod's one container in the words of `docker run`: its rights, variables, mounts and limits, and nothing besides. */
export function dockerArguments(pod: PodSpec, surroundings: PodSurroundings): string[] {
  const { name, network, image } = surroundings;
  const [container] = pod.containers;
  const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;
  const memory = bytesOf(container.resources.limits["memory"] ?? "");
  return [
    ...["run", "--detach", "--name", name, "--network", network],
    ...["--user", `${runAsUser}:${runAsGroup}`],
    ...(fsGroup === undefined ? [] : ["--group-add", `${fsGroup}`]),
    // readOnlyRootFilesystem, capabilities and allowPrivilegeEscalation: the schema has no other values. seccomp's
    // RuntimeDefault is what Docker does by itself.
    ...["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    // What the image declares as a volume would be writable here, and is not where a cluster's runtime ignores it.
    ...["--volume", `${surroundings.nothing}:/data:ro`],
    ...["--memory", `${memory}`, "--memory-swap", `${memory}`],
    ...container.ports.flatMap(({ containerPort }) => ["--publish", `127.0.0.1::${containerPort}`]),
    ...environmentOf(container, surroundings).flatMap((variable) => ["--env", variable]),
    ...container.volumeMounts.flatMap((mount) => [
      "--volume",
      `${surroundings.volumes[mount.name] ?? ""}:${mount.mountPath}:ro`,
    ]),
    image,
    ...container.args,
  ];
}

function environmentOf({ env }: Container, { secrets }: PodSurroundings): string[] {
  return env.map(({ name, value, valueFrom: from }) => {
    const given = from === undefined ? value : secrets[from.secretKeyRef.name]?.[from.secretKeyRef.key];
    if (given === undefined) throw new Error(`${name} has no value`);
    return `${name}=${given}`;
  });
}

function bytesOf(quantity: string): number {
  const [, count, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  if (count === undefined) throw new Error(`a memory limit of ${quantity}`);
  return Number(count) * 2 ** (unit === "Mi" ? 20 : 30);
}
