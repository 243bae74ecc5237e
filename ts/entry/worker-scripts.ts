import { UnsupportedError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { Hello } from "../worker/protocol/messages.js";

/** What `scripts/bundle/script-runner.js` asks for; missing where a bundler made one script of all. */
interface ScriptRunner {
  /** Where a script may be, in the order of trying. */
  addresses: (name: string) => readonly string[];
  /** The error where it is at none of them. */
  missing: (name: string, failures: readonly unknown[]) => Error;
}

/** Says where the worker's scripts are: beside the file at the address that the caller gave, where the page's bundler put them, or beside this file. */
export function findScripts({ files, url, base }: Pick<Hello, "files" | "url" | "base">, own: string): void {
  const runner = (globalThis as { lowrankScript?: ScriptRunner }).lowrankScript;
  if (runner === undefined) return;
  const addresses = (name: string) => {
    const beside = (file: string) => new URL(`worker/${name}.js`, file).href;
    const places = [
      () => url !== null && beside(new URL(url, base ?? undefined).href),
      () => files?.[name],
      () => beside(own),
    ];
    return [...new Set(places.flatMap((place) => foundAt(place)))];
  };
  runner.addresses = addresses;
  runner.missing = (name, failures) => {
    const advice =
      "copy the folder lowrank/dist/worker of the same version there; if it is, see whether the network or a " +
      "Content-Security-Policy (script-src) stops it, and call again";
    const tried = addresses(name)
      .map((address) => clip(address, 200))
      .join(", ");
    const message = `the worker's script ${name}.js could not be run from ${tried}: ${advice}`;
    return new UnsupportedError(message, { op: "a worker", missing: `worker/${name}.js` }, { cause: failures[0] });
  };
}

/** An address, unless there is none: a blob's has nothing beside it. */
function foundAt(place: () => string | false | undefined): string[] {
  try {
    return [place() || []].flat();
  } catch {
    return [];
  }
}
