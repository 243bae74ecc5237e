// node scripts/queue/chaos.mjs [--server redis|postgres] [--jobs 200] [--between 4] [--seed 1] [--minilm]: two workers take short trainings from a queue;
// after every one to `between` jobs one of them, Redis, PostgreSQL or its connections are ended by force. Every job must end once, with the bits of an
// undisturbed training, and lose no more than what came after its last checkpoint. The model is a tiny one, so that nearly all of a job's time are
// steps that a kill can meet; with --minilm most of it is that model's way into memory. Run by hand, after `npm run build`.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { JobQueue } from "../../packages/queue/dist/index.js";
import { Postgres } from "../servers/postgres.mjs";
import { Redis } from "../servers/redis.mjs";
import { trainingsIn, undisturbed } from "./jobs.mjs";
import { pseudorandom } from "./pseudorandom.mjs";
import { tinyModelIn } from "./tiny-model.mjs";
import { untilTold } from "./until-told.mjs";
import { Workers } from "./workers.mjs";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "redis" },
    jobs: { type: "string", default: "200" },
    between: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
    minilm: { type: "boolean", default: false },
  },
});
const STEPS = values.minilm ? 60 : 200;
const SEEDS = 3;
/** Steps between two checkpoints of a queue's job. */
const CHECKPOINT_EVERY = 25;

const random = pseudorandom(Number(values.seed));
const counts = { workers: 0, server: 0, connections: 0, resumed: 0, repeated: 0 };
const faults = [];
let folder, server, workers, queue;

async function open() {
  folder = await mkdtemp(join(tmpdir(), "lowrank-chaos-"));
  server = values.server === "postgres" ? await Postgres.start() : await Redis.start();
  workers = new Workers(server.address);
  workers.heard = hear;
  queue = await JobQueue.open(server.address);
}

/** How far each job was last seen to be. */
const seen = new Map();
function hear(event) {
  workers.events.push(event);
  const { type, id, resumedAfter } = event;
  if (type !== "begin") return;
  const before = seen.get(id) ?? 0;
  const from = resumedAfter ?? 0;
  if (resumedAfter !== null) counts.resumed += 1;
  counts.repeated += Math.max(0, before - from);
  if (before - from > CHECKPOINT_EVERY) faults.push(`${id} was at ${before} and continues after ${from}`);
}

async function disturb(told) {
  if (random() < 0.75) {
    counts.workers += 1;
    return workers.killOne(random);
  }
  if (server instanceof Postgres && random() < 0.5) {
    counts.connections += 1;
    return server.cutConnections();
  }
  counts.server += 1;
  await server.kill();
  await sleep(2_000 * random(), undefined, { signal: told });
  return server.run();
}

/** Takes out of some jobs those that have ended; notes how far each is. */
async function dropEnded(left) {
  const jobs = await Promise.all([...left].map((name) => queue.get(name)));
  for (const job of jobs) {
    if (job?.progress?.phase === "train") seen.set(job.id, job.progress.done);
    if (["completed", "failed", "cancelled"].includes(job?.state)) left.delete(job.id);
  }
}

async function check(names, bits) {
  for (const [i, name] of names.entries()) {
    const job = await queue.get(name);
    if (job?.state !== "completed") faults.push(`${name} is ${job?.state}: ${job?.error}`);
    const place = join(folder, "runs", name);
    if (String(await readdir(place)) !== "result") faults.push(`${name} has left ${await readdir(place)}`);
    const adapter = join(place, "result", "adapter_model.safetensors");
    if (!existsSync(adapter) || Buffer.compare(await readFile(adapter), bits[i % SEEDS]) !== 0)
      faults.push(`${name} has other bits than a training that nothing disturbs`);
  }
}

async function chaos(told) {
  await open();
  const training = await trainingsIn(folder, values.minilm ? {} : { model: await tinyModelIn(folder) });
  const bits = [];
  const before = performance.now();
  for (let seed = 0; seed < SEEDS; seed++) bits.push(await undisturbed(training(STEPS, seed), join(folder, `${seed}`)));
  const alone = (performance.now() - before) / SEEDS;
  const names = Array.from({ length: Number(values.jobs) }, (_, i) => `job-${i}`);
  for (const [i, name] of names.entries())
    await queue.submit({ spec: training(STEPS, i % SEEDS), out: join(folder, "runs", name) }, { id: name });
  const started = performance.now();
  workers.start();
  workers.start();
  let next = 1;
  const left = new Set(names);
  while (left.size > 0) {
    await sleep(250, undefined, { signal: told });
    await dropEnded(left);
    const done = names.length - left.size;
    if (done < next) continue;
    next = done + 1 + Math.floor(Number(values.between) * random());
    // Anywhere in a training.
    await sleep(alone * random(), undefined, { signal: told });
    await disturb(told);
    const seconds = Math.round((performance.now() - started) / 1_000);
    console.log(`${done} of ${names.length} have ended in ${seconds} s; ${JSON.stringify(counts)}`);
  }
  await workers.stop();
  await check(names, bits);
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(
    `${names.length} jobs of ${STEPS} steps in ${seconds} s on ${values.server}: ${counts.workers} workers killed, the server`,
  );
  console.log(
    `${counts.server} times, its connections ${counts.connections} times; ${counts.resumed} attempts went on, ${counts.repeated} steps were done twice.`,
  );
  console.log(faults.length === 0 ? "Every job ended once, with the bits of an undisturbed one." : faults.join("\n"));
  process.exitCode = faults.length === 0 ? 0 : 1;
}

await untilTold(chaos, async () => {
  await workers?.stop("SIGKILL");
  await queue?.close();
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});
