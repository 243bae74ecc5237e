// node measure.mjs MODEL_FOLDER [--tenants 200] [--requests 3000]: memory and processor time of the worker in workerd, with
// weights as `fill.mjs` writes them. Linux.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { init, SentenceEncoder } from "lowrank";
import { load, textOf } from "./load.mjs";
import { putFiles, startLocal } from "./local.mjs";
import { randomClassifier, tenantName, VERSION } from "./make-tenants.mjs";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { tenants: { type: "string", default: "200" }, requests: { type: "string", default: "3000" } },
});
const [folder] = positionals;
const [tenants, requests] = [Number(values.tenants), Number(values.requests)];
const MB = 1e6;

/** The workerd process that this one started. */
function workerd() {
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ");
      const name = readFileSync(`/proc/${id}/comm`, "utf8").trim();
      if (name === "workerd" && Number(fields[1]) === process.pid) return id;
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error("there is no workerd process");
}

const status = (id, field) =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]) * 1024;
/** Milliseconds of processor time, all threads. */
const processor = (id) => {
  const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

await init({ build: "simd", threads: 1 });
const encoder = await SentenceEncoder.load(folder);
const names = readdirSync(folder).filter((name) => !name.startsWith("."));
const model = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
const { url, end } = await startLocal({
  vars: { MEASURE: "1" },
  async fill(models, adapters) {
    await putFiles(models, "all-MiniLM-L6-v2-f16", model);
    for (let i = 0; i < tenants; i++) {
      await putFiles(adapters, `${tenantName(i)}/${VERSION}`, randomClassifier(encoder, i));
      await adapters.put(`${tenantName(i)}/current`, VERSION);
    }
  },
});
encoder.dispose();
try {
  const id = workerd();
  const empty = status(id, "VmRSS");
  const cpuBefore = processor(id);
  const began = performance.now();
  await (await fetch(`${url}/health`)).json();
  const started = { seconds: (performance.now() - began) / 1000, cpu: processor(id) - cpuBefore };
  const show = async (when) => {
    const { memory } = await (await fetch(`${url}/memory`)).json();
    const [rss, peak] = [status(id, "VmRSS"), status(id, "VmHWM")].map((bytes) => (bytes / MB).toFixed(0));
    const linear = (memory.reserved / MB).toFixed(1);
    console.log(
      `${when}: linear memory ${linear} MB; process ${rss} MB, at most ${peak} MB, empty ${(empty / MB).toFixed(0)} MB`,
    );
  };
  console.log(`first answer after ${started.seconds.toFixed(2)} s, ${started.cpu} ms of processor time`);
  await show("encoder loaded");
  for (const count of [1, 16]) {
    const body = JSON.stringify({
      texts: Array.from({ length: count }, (_, i) => textOf(i + 3)),
      tenant: tenantName(0),
    });
    const post = () =>
      fetch(`${url}/classify`, { method: "POST", headers: { "content-type": "application/json" }, body });
    for (let i = 0; i < 20; i++) await (await post()).json();
    const before = processor(id);
    for (let i = 0; i < 50; i++) await (await post()).json();
    console.log(
      `${count} ${count === 1 ? "text" : "texts"}: ${((processor(id) - before) / 50).toFixed(1)} ms of processor time`,
    );
  }
  const before = processor(id);
  const result = await load(url, { tenants, requests, atOnce: 16, watch: (number) => show(`request ${number}`) });
  console.log(
    `${result.answered} answers of ${tenants} tenants, ${result.wrong.length} wrong, refused:`,
    result.refused,
  );
  console.log(
    `p50 ${result.p50.toFixed(0)} ms, p99 ${result.p99.toFixed(0)} ms, ${(result.answered / result.seconds).toFixed(0)} a second`,
  );
  console.log(
    `${((processor(id) - before) / (requests + tenants)).toFixed(1)} ms of processor time a request, in the mean`,
  );
  await show("end");
  process.exitCode = result.wrong.length > 0 ? 1 : 0;
} finally {
  await end();
}
