// npm run test:edge: the edge worker of examples/ by wrangler itself, as its README says: what a deployment would upload, and
// `wrangler dev` with a model in its local bucket. Nothing leaves the machine.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUp, stepsForDist } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { explain } from "./setup/report.mjs";
import { wranglerModules } from "./setup/steps/wrangler.mjs";

const example = join(root, "examples/edge-worker");
const model = join(root, "test/golden/encoders/distilbert");
const state = mkdtempSync(join(tmpdir(), "lowrank-wrangler-"));
const wrangler = join(example, "node_modules/.bin/wrangler");
const env = { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(state, "logs") };

function run(program, ...args) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: example, env, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
}

function check(what, holds, got) {
  if (!holds) throw new Error(`${what}: got ${JSON.stringify(got)}`);
  console.log(`✓ ${what}`);
}

/** Starts `wrangler dev` and gives its address, and what ends it. */
async function dev() {
  const args = ["dev", "--ip", "127.0.0.1", "--port", "0", "--persist-to", state, "--var", "MODEL:tiny"];
  // A group of its own: workerd is a child of wrangler's, and ends with it.
  const child = spawn(wrangler, args, { cwd: example, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const url = await new Promise((resolve, reject) => {
    const hear = (text) => {
      output += text;
      const found = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(output);
      if (found !== null) resolve(found[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`wrangler dev ended with ${code}:\n${output}`)));
  });
  const end = async () => {
    const ended = once(child, "exit");
    process.kill(-child.pid, "SIGTERM");
    await ended;
  };
  return { url, end };
}

async function test() {
  const upload = run(wrangler, "deploy", "--dry-run", "--outdir", join(state, "bundle"));
  const size = Number(/gzip: ([\d.]+) KiB/.exec(upload)?.[1]);
  // Two builds of the kernels are 246 of them; wrangler puts in whatever a page would fetch when it needs it: tokenizers other than BERT's,
  // encoders unlike it, readers of GGUF files. What readers of tables find in them, bounds for a stranger's chat template and PEFT's
  // warnings took 15 more. A deployment may have 3 MiB.
  check("a deployment uploads less than 470 KiB", size < 470, size);
  for (const file of ["config.json", "tokenizer.json", "model.safetensors"])
    run(
      wrangler,
      "r2",
      "object",
      "put",
      `models/tiny/${file}`,
      "--file",
      join(model, file),
      "--local",
      "--persist-to",
      state,
    );
  const { url, end } = await dev();
  try {
    const post = (path, body) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const { vectors } = await (await post("/embed", { texts: ["a text", "another"] })).json();
    const right = vectors?.length === 2 && vectors.flat().every(Number.isFinite) && vectors[0].length > 8;
    check("/embed gives vectors with the model of the local bucket", right, vectors);
    const unknown = await post("/classify", { tenant: "nobody", texts: ["a"] });
    check("a tenant that KV does not have is unknown", unknown.status === 404, unknown.status);
  } finally {
    await end();
  }
}

try {
  await setUp([...stepsForDist, wranglerModules]);
  await test();
} catch (error) {
  explain(error);
} finally {
  rmSync(state, { recursive: true, force: true });
}
