import { engineInfo } from "../../../ts/engine/engine.js";
import { LowrankError } from "../../../ts/errors/errors.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { mutateFile } from "./mutate-file.js";
import { Choices } from "./random.js";
import type { Target } from "./targets.js";

/** What a case may take: a little, and in proportion to its files. Time is left to whoever runs it, who can end it. */
const MEMORY = 64 * 2 ** 20;
const MEMORY_PER_BYTE = 100;

/** A case that went wrong. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly problem: string;
  readonly files: FileMap;
}

/** A target's files with one or two of them damaged, as the seed says. */
export function damagedFiles({ files }: Target, seed: number): FileMap {
  const choices = new Choices(seed);
  const names = Object.keys(files);
  const damaged = { ...files };
  for (let i = 0; i <= choices.below(2); i++) {
    const name = choices.pick(names);
    damaged[name] = mutateFile(name, files[name]!, choices);
  }
  return damaged;
}

function problemOf(error: unknown): string | null {
  if (!(error instanceof LowrankError))
    return `threw ${error instanceof Error ? (error.stack ?? String(error)) : String(error)}`;
  if (error.message.length >= 2000) return `a message of ${error.message.length} characters`;
  if (error.name === "MemoryError") return `ran out of memory: ${error.message}`;
  return null;
}

/** Reads damaged files: what is wrong with how that went, or null. Named errors are right. */
export async function runCase(target: Target, seed: number): Promise<Finding | null> {
  const files = damagedFiles(target, seed);
  const finding = (problem: string): Finding => ({ target: target.name, seed, problem, files });
  const size = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
  const before = engineInfo().memory;
  let problem: string | null = null;
  try {
    await target.read(files);
  } catch (error) {
    problem = problemOf(error);
  }
  const { used, peak } = engineInfo().memory;
  if (problem !== null) return finding(problem);
  if (used !== before.used) return finding(`left ${used - before.used} bytes in use`);
  if (peak - Math.max(before.peak, before.used) > MEMORY + MEMORY_PER_BYTE * size)
    return finding(`took ${peak} bytes for ${size}`);
  return null;
}

/** A finding in words, with the least of its files that can be shown. */
export function report(finding: Finding | null): string | null {
  if (finding === null) return null;
  const files = Object.entries(finding.files).map(([name, bytes]) => {
    const start = new TextDecoder().decode(bytes.subarray(0, 600));
    return `${name} (${bytes.length} bytes): ${JSON.stringify(start)}`;
  });
  return [`${finding.target}, seed ${finding.seed}: ${finding.problem.slice(0, 1500)}`, ...files].join("\n");
}
