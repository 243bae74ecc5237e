// node load.mjs [--model all-MiniLM-L6-v2] [--tenants 300] [--requests 6000] [--at-once 32]: starts the server with classifiers of
// random values, asks each tenant alone first, then all in disorder, and compares to the bit; tells the server's memory meanwhile.
// Exits with 1 where one answer is another, or none. `npm install` in ../edge-worker too, whose scripts it uses. Linux and macOS.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { init, SentenceEncoder } from "lowrank";
import { load } from "../edge-worker/load.mjs";
import { randomClassifier, tenantName, VERSION } from "../edge-worker/make-tenants.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "all-MiniLM-L6-v2" },
    tenants: { type: "string", default: "300" },
    requests: { type: "string", default: "6000" },
    "at-once": { type: "string", default: "32" },
  },
});
const [tenants, requests, atOnce] = [values.tenants, values.requests, values["at-once"]].map(Number);

const folder = mkdtempSync(join(tmpdir(), "node-server-load-"));
const places = { TENANTS: join(folder, "tenants"), JOBS: join(folder, "jobs") };

async function makeTenants() {
  await init({ threads: 1 });
  const encoder = await SentenceEncoder.load(values.model);
  for (let i = 0; i < tenants; i++) {
    const place = join(places.TENANTS, tenantName(i));
    mkdirSync(join(place, VERSION), { recursive: true });
    for (const [name, bytes] of Object.entries(randomClassifier(encoder, i)))
      writeFileSync(join(place, VERSION, name), bytes);
    writeFileSync(join(place, "current"), VERSION);
  }
  encoder.dispose();
}

/** The server as a user starts it; `url` is its address as soon as it has one. */
function startServer() {
  const env = { ...process.env, ...places, MODEL: values.model, PORT: "0" };
  const main = join(import.meta.dirname, "src/main.js");
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  const url = new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => {
      const found = /listening on (\S+)/.exec(String(text));
      if (found !== null) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { child, url };
}

const resident = async ({ pid }) =>
  Number((await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)])).stdout) * 1024;
const MB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

try {
  await makeTenants();
  const server = startServer();
  try {
    const url = await server.url;
    const watch = async (when) => {
      const { adapters, adapterBytes } = await (await fetch(`${url}/health`)).json();
      console.log(`${when}: ${MB(await resident(server.child))}, ${adapters} adapters of ${MB(adapterBytes)} in it`);
    };
    await watch("encoder loaded");
    const result = await load(url, { tenants, requests, atOnce, watch: (number) => watch(`request ${number}`) });
    await watch("end");
    const rate = (result.answered / result.seconds).toFixed(0);
    console.log(`${result.answered} answers of ${tenants} tenants, ${result.wrong.length} wrong, ${rate} a second`);
    console.log(`p50 ${result.p50.toFixed(0)} ms, p99 ${result.p99.toFixed(0)} ms`);
    for (const [status, count] of result.refused) console.log(`${count} with status ${status}`);
    process.exitCode = result.wrong.length > 0 || result.answered < requests ? 1 : 0;
  } finally {
    if (server.child.exitCode === null) {
      const ended = once(server.child, "exit");
      server.child.kill("SIGTERM");
      const [code] = await ended;
      console.log(`the server ended with ${code}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
