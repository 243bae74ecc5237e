// node scripts/queue/throughput.mjs [--seconds 1] [--workers 1] [--jobs 20] [--recovery] [--lock-seconds 30]: how long a queue's jobs take beside the same
// trainings one after another without a queue, and how soon a job goes on when its worker is killed. On Redis, MiniLM, one thread a job.
// Run by hand on a quiet machine, after `npm run build`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { JobQueue } from "../../packages/queue/dist/index.js";
import { Redis } from "../servers/redis.mjs";
import { trainingsIn, undisturbed } from "./jobs.mjs";
import { untilTold } from "./until-told.mjs";
import { Workers } from "./workers.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "1" },
    workers: { type: "string", default: "1" },
    jobs: { type: "string", default: "20" },
    recovery: { type: "boolean", default: false },
    "lock-seconds": { type: "string", default: "30" },
  },
});
const count = Number(values.jobs);
let folder, training, redis, workers, queue, interruption;

async function open() {
  folder = await mkdtemp(join(tmpdir(), "lowrank-throughput-"));
  training = await trainingsIn(folder);
  redis = await Redis.start();
  workers = new Workers(redis.address, Number(values["lock-seconds"]));
  queue = await JobQueue.open(redis.address);
}

/** Seconds that a function takes. */
async function timed(run) {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1_000;
}

async function until(holds) {
  while (!(await holds())) await sleep(20, undefined, { signal: interruption });
}

/** Steps of a training that takes so many seconds without a queue, in a process that has trained before. */
async function stepsOf(seconds) {
  const alone = (steps, name) => timed(() => undisturbed(training(steps, 0), join(folder, name)));
  await alone(4, "warm");
  const [short, long] = [await alone(8, "short"), await alone(48, "long")];
  const steps = Math.max(1, Math.round(8 + (40 * (seconds - short)) / (long - short)));
  return { steps, alone: await alone(steps, "whole") };
}

async function startWorkers(number) {
  for (let i = 0; i < number; i++) workers.start();
  await until(() => workers.events.filter(({ type }) => type === "ready").length === number);
}

async function throughput() {
  const { steps, alone } = await stepsOf(Number(values.seconds));
  const number = Number(values.workers);
  await startWorkers(number);
  const completed = () => workers.events.filter(({ type }) => type === "completed").length;
  const submit = (id) => queue.submit({ spec: training(steps, 0), out: join(folder, "runs", id) }, { id });
  const total = await timed(async () => {
    for (let i = 0; i < count; i++) await submit(`job-${i}`);
    await until(() => completed() === count);
  });
  return {
    steps,
    alone,
    workers: number,
    jobs: count,
    total,
    each: total / count,
    jobsAnHour: (3_600 * count) / total,
  };
}

/** From a worker's end by force to the step at which another one goes on. */
async function recovery() {
  await startWorkers(1);
  const seconds = [];
  for (let i = 0; i < count; i++) {
    const id = `job-${i}`;
    await queue.submit({ spec: training(100_000, 0), out: join(folder, "runs", id) }, { id });
    await until(async () => {
      const progress = (await queue.get(id))?.progress;
      // Before it trains it counts texts.
      return progress?.phase === "train" && progress.done > 30;
    });
    const [victim] = workers.running;
    workers.start();
    const resumed = () => workers.events.some((event) => event.id === id && event.resumedAfter > 0);
    victim.kill("SIGKILL");
    seconds.push(await timed(() => until(resumed)));
    await queue.cancel(id);
    await until(async () => (await queue.get(id)).state === "cancelled");
  }
  return { lockSeconds: Number(values["lock-seconds"]), seconds };
}

async function main(told) {
  interruption = told;
  await open();
  console.log(JSON.stringify(values.recovery ? await recovery() : await throughput()));
}

await untilTold(main, async () => {
  await workers?.stop("SIGKILL");
  await queue?.close();
  await redis?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});
