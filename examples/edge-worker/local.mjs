// The worker in workerd on this machine, without an account: what the tests and `measure.mjs` run.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const here = import.meta.dirname;

/**
 * Bundles the worker as a deployment does and starts it. `fill` gets the bucket and, unless `kv` is false, the namespace; both
 * begin empty.
 *
 * @param {{ vars?: Record<string, string>, fill?: (models: any, adapters: any) => Promise<void>, inspector?: number, kv?: boolean }} options
 */
export async function startLocal({ vars = {}, fill, inspector, kv = true } = {}) {
  const bundle = mkdtempSync(join(tmpdir(), "lowrank-edge-"));
  const config = JSON.parse(readFileSync(join(here, "wrangler.jsonc"), "utf8").replace(/^\s*\/\/.*$/gm, ""));
  await build({
    entryPoints: [join(here, config.main)],
    outfile: join(bundle, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker"],
    external: ["*.wasm"],
    logLevel: "error",
  });
  const dist = dirname(createRequire(join(here, "package.json")).resolve("lowrank"));
  mkdirSync(join(bundle, "wasm"));
  for (const name of readdirSync(join(dist, "wasm")))
    if (name.endsWith(".wasm")) cpSync(join(dist, "wasm", name), join(bundle, "wasm", name));
  const runtime = new Miniflare({
    modules: true,
    modulesRoot: bundle,
    scriptPath: join(bundle, "worker.js"),
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings: { ...config.vars, ...vars },
    r2Buckets: config.r2_buckets.map(({ binding }) => binding),
    kvNamespaces: kv ? config.kv_namespaces.map(({ binding }) => binding) : [],
    host: "127.0.0.1",
    port: 0,
    inspectorPort: inspector,
    // Where a request seems to come from would be asked of a server; nothing here leaves the machine.
    cf: false,
  });
  const url = (await runtime.ready).origin;
  const inspectorUrl = inspector === undefined ? null : String(await runtime.getInspectorURL());
  await fill?.(await runtime.getR2Bucket("MODELS"), kv ? await runtime.getKVNamespace("ADAPTERS") : null);
  const end = async () => {
    await runtime.dispose();
    rmSync(bundle, { recursive: true });
  };
  return { url, inspectorUrl, end };
}

/** Puts files under `<folder>/<name>`, as the worker's bindings have them. */
export async function putFiles(place, folder, files) {
  const put = ([name, bytes]) => place.put(`${folder}/${name}`, new Uint8Array(bytes).buffer);
  await Promise.all(Object.entries(files).map(put));
}
