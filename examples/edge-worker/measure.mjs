// node measure.mjs MODEL_FOLDER [--tenants 200] [--requests 3000] [--limit MIB]: memory and processor time of the worker in workerd, with
// weights as `fill.mjs` writes them. Linux.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { init, SentenceEncoder } from "lowrank";
import { load, send, textOf } from "./load.mjs";
import { putFiles, startLocal } from "./local.mjs";
import { randomClassifier, tenantName, VERSION } from "./make-tenants.mjs";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    tenants: { type: "string", default: "200" },
    requests: { type: "string", default: "3000" },
    limit: { type: "string" },
  },
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

/**
 * Lets the process have so many bytes more of memory of its own than it has now, all its parts together: Linux refuses more, to V8 for
 * the heap and for linear memory alike.
 */
function limitTo(id, bytes) {
  const most = status(id, "VmData") + bytes;
  execFileSync("prlimit", ["--pid", id, `--data=${most}:${most}`]);
}

const status = (id, field) =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]) * 1024;
/** Milliseconds of processor time, all threads. */
const processor = (id) => {
  const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

/** Asks the worker's own V8 for the memory of its isolate: JavaScript's heap, and what lies in buffers, linear memory included. */
async function isolate(address) {
  const WebSocket = globalThis.WebSocket ?? (await import("ws")).default;
  const targets = await (await fetch(`${address.replace("ws:", "http:").replace(/\/$/, "")}/json`)).json();
  const socket = new WebSocket(targets[0].webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const waiting = new Map();
  let calls = 0;
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  const ask = (method) =>
    new Promise((resolve) => {
      waiting.set(++calls, resolve);
      socket.send(JSON.stringify({ id: calls, method }));
    });
  let [most, stopped] = [0, false];
  const sample = async () => {
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await ask("Runtime.getHeapUsage");
    const all = usedSize + embedderHeapUsedSize + backingStorageSize;
    most = Math.max(most, all);
    return { heap: usedSize, buffers: backingStorageSize, all };
  };
  const watching = (async () => {
    while (!stopped) {
      await sample();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  const end = async () => {
    stopped = true;
    await watching;
    socket.close();
  };
  return { sample, end, most: () => most };
}

await init({ build: "simd", threads: 1 });
const encoder = await SentenceEncoder.load(folder);
const names = readdirSync(folder).filter((name) => !name.startsWith("."));
const model = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
const { url, inspectorUrl, end } = await startLocal({
  inspector: 0,
  vars: { MEASURE: "1" },
  async fill(models, adapters) {
    await putFiles(models, "all-MiniLM-L6-v2-f16", model);
    for (let i = 0; i < tenants; i++) {
      await putFiles(adapters, tenantName(i), { current: new TextEncoder().encode(VERSION) });
      await putFiles(adapters, `${tenantName(i)}/${VERSION}`, randomClassifier(encoder, i));
    }
  },
});
encoder.dispose();
try {
  const id = workerd();
  const memory = await isolate(inspectorUrl);
  const [empty, emptyData] = [status(id, "VmRSS"), status(id, "VmData")];
  if (values.limit !== undefined) limitTo(id, Number(values.limit) * 2 ** 20);
  const cpuBefore = processor(id);
  const began = performance.now();
  await (await fetch(`${url}/health`)).json();
  const started = { seconds: (performance.now() - began) / 1000, cpu: processor(id) - cpuBefore };
  const show = async (when) => {
    const linear = (await (await fetch(`${url}/memory`)).json()).memory.reserved;
    const { heap, buffers, all } = await memory.sample();
    const [resident, most] = [status(id, "VmRSS"), memory.most()];
    const shown = {
      linear,
      heap,
      buffers,
      isolate: all,
      "isolate at most": most,
      process: resident,
      "process empty": empty,
      "data beyond empty": status(id, "VmData") - emptyData,
    };
    const parts = Object.entries(shown).map(([name, bytes]) => `${name} ${(bytes / MB).toFixed(1)}`);
    console.log(`${when}, MB: ${parts.join(", ")}`);
  };
  console.log(`first answer after ${started.seconds.toFixed(2)} s, ${started.cpu} ms of processor time`);
  await show("encoder loaded");
  for (const count of [1, 16]) {
    const body = JSON.stringify({
      texts: Array.from({ length: count }, (_, i) => textOf(i + 3)),
      tenant: tenantName(0),
    });
    const post = () =>
      send(`${url}/classify`, { method: "POST", headers: { "content-type": "application/json" }, body });
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
  await memory.end();
  process.exitCode = result.wrong.length > 0 ? 1 : 0;
} finally {
  await end();
}
