import { cpSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";

/** Starts workerd on a script in a folder, with the binaries of the package's `dist` beside it. Dispose of it. */
export function startWorkerd(
  folder: string,
  scriptPath: string,
  dist: string,
  bindings: Record<string, string> = {},
): Miniflare {
  cpSync(join(dist, "wasm"), join(folder, "wasm"), { recursive: true });
  return new Miniflare({
    modules: true,
    modulesRoot: folder,
    scriptPath,
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
    bindings,
    compatibilityDate: "2026-04-01",
    cf: false,
  });
}
