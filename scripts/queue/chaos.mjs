// node scripts/queue/chaos.mjs [--server redis|postgres] [--jobs 200] [--between 4] [--seed 1]: two workers take short trainings from a queue; after
// every one to `between` jobs one of them, Redis, or PostgreSQL's connections are ended by force. Every job must end once, with the bits of an undisturbed
// training, and lose no more than what came after its last checkpoint. Run by hand, after `npm run build`.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { JobQueue } from "../../dist/queue-node.js";
import { Postgres } from "../servers/postgres.mjs";
import { Redis } from "../servers/redis.mjs";
import { trainingsIn, undisturbed } from "./jobs.mjs";
import { pseudorandom } from "./pseudorandom.mjs";
import { Workers } from "./workers.mjs";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "redis" },
    jobs: { type: "string", default: "200" },
    between: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
  },
});
const STEPS = 60;
const SEEDS = 3;
/** Steps between two checkpoints of a queue's job. */
const CHECKPOINT_EVERY = 25;

const random = pseudorandom(Number(values.seed));
const folder = await mkdtemp(join(tmpdir(), "lowrank-chaos-"));
const server = values.server === "postgres" ? await Postgres.start() : await Redis.start();
const workers = new Workers(server.address);
const queue = await JobQueue.open(server.address);
const counts = { workers: 0, server: 0, resumed: 0, repeated: 0 };
const faults = [];

/** How far each job was last seen to be. */
const seen = new Map();
workers.heard = (event) => {
  workers.events.push(event);
  const { type, id, resumedAfter } = event;
  if (type !== "begin") return;
  const before = seen.get(id) ?? 0;
  const from = resumedAfter ?? 0;
  if (resumedAfter !== null) counts.resumed += 1;
  counts.repeated += Math.max(0, before - from);
  if (before - from > CHECKPOINT_EVERY) faults.push(`${id} was at ${before} and goes on after ${from}`);
};

async function disturb() {
  if (random() < 0.75) {
    counts.workers += 1;
    return workers.killOne(random);
  }
  counts.server += 1;
  if (server instanceof Postgres) return server.cutConnections();
  await server.kill();
  await sleep(2_000 * random());
  return server.run();
}

/** How many jobs have ended; notes how far each is. */
async function ended(names) {
  const jobs = await Promise.all(names.map((name) => queue.get(name)));
  for (const job of jobs) if (job?.progress?.phase === "train") seen.set(job.id, job.progress.done);
  return jobs.filter((job) => ["completed", "failed", "cancelled"].includes(job?.state)).length;
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

try {
  const training = await trainingsIn(folder);
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
  for (let done = 0; done < names.length;) {
    await sleep(250);
    done = await ended(names);
    if (done < next) continue;
    next = done + 1 + Math.floor(Number(values.between) * random());
    // Anywhere in a training.
    await sleep(alone * random());
    await disturb();
    console.log(`${done} of ${names.length} have ended; ${JSON.stringify(counts)}`);
  }
  await workers.stop();
  await check(names, bits);
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(
    `${names.length} jobs of ${STEPS} steps in ${seconds} s on ${values.server}: ${counts.workers} workers killed,`,
  );
  console.log(
    `the server ${counts.server} times; ${counts.resumed} attempts went on, ${counts.repeated} steps were done twice.`,
  );
  console.log(faults.length === 0 ? "Every job ended once, with the bits of an undisturbed one." : faults.join("\n"));
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await workers.stop("SIGKILL");
  await queue.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
