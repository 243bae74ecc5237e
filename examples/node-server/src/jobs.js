import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { writeFilesAtomically } from "lowrank";
import { EventLog } from "./event-log.js";

const ENDED = ["done", "failed", "cancelled"];
const isEnded = ({ state }) => ENDED.includes(state);

/**
 * Training jobs, each in a folder and, while it runs, in a thread of its own. What was asked for and how it ended is written
 * down before it is told, so that a server that was stopped or killed goes on where it was.
 */
export class Jobs {
  #jobs = new Map();
  #running = new Set();
  #stopping = false;

  /**
   * @param {{ folder: string, model: string, build?: string, adapters: import("./folder-adapters.js").FolderAdapters, atOnce?: number, most?: number, keep?: number, patience?: number }} options
   * `most` jobs wait or run; of those that have ended, `keep` are known, and the one that ended first is forgotten, its folder too
   */
  constructor({ folder, model, build = "auto", adapters, atOnce = 1, most = 32, keep = 100, patience = 10_000 }) {
    Object.assign(this, { folder, model, build, adapters, atOnce, most, keep, patience });
  }

  /** Reads what earlier servers left, and goes on with what they did not end. */
  async open() {
    await mkdir(this.folder, { recursive: true });
    const found = [];
    for (const id of await readdir(this.folder)) {
      const text = await readFile(join(this.folder, id, "job.json"), "utf8").catch(() => null);
      // A folder without one was made by a server that ended at that moment: nobody was told of the job.
      if (text === null) continue;
      try {
        found.push({ ...JSON.parse(text), events: new EventLog() });
      } catch (error) {
        console.error(`${join(this.folder, id)}: the job is left out`, error);
      }
    }
    // In the order in which they came.
    for (const job of found.sort((a, b) => (a.created < b.created ? -1 : 1))) {
      this.#jobs.set(job.id, job);
      if (isEnded(job)) job.events.end(shown(job));
      else job.state = "waiting";
    }
    await this.#forget();
    this.#next();
  }

  get(id) {
    return this.#jobs.get(id);
  }

  /** Jobs that have not ended. */
  get unfinished() {
    return [...this.#jobs.values()].filter((job) => !isEnded(job));
  }

  /** Whether another one would be too many. */
  get full() {
    return this.unfinished.length >= this.most;
  }

  get stopping() {
    return this.#stopping;
  }

  /** Whether a job is making that version. */
  isMaking(tenant, version) {
    return this.unfinished.some((job) => job.tenant === tenant && job.version === version);
  }

  /** A job that was checked; it is on disk when this resolves. */
  async create({ tenant, version, examples, settings }) {
    const id = randomUUID();
    const job = { id, tenant, version, settings, created: new Date().toISOString(), state: "new" };
    // Known before the first await: of two for one version, the second is refused.
    this.#jobs.set(id, { ...job, events: new EventLog() });
    try {
      const folder = join(this.folder, id);
      await mkdir(folder);
      const lines = examples.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join("");
      await writeFilesAtomically(folder, { "examples.jsonl": bytes(lines), "job.json": bytes(JSON.stringify(job)) });
    } catch (error) {
      this.#jobs.delete(id);
      throw error;
    }
    const known = this.#jobs.get(id);
    known.state = "waiting";
    this.#next();
    return known;
  }

  /** Ends a job that has not ended; what it left goes. One whose adapter is being published ends by itself. */
  async cancel(job) {
    if (isEnded(job)) return;
    // Its thread has ended, and what came of it is being kept: it is too late.
    if (this.#running.has(job) && job.thread === undefined) return job.ended;
    job.cancelled = true;
    if (job.thread === undefined) await this.#end(job, { state: "cancelled" });
    else await this.#abort(job);
  }

  /** Takes no further jobs and interrupts those that run: their checkpoints stay, and the next server goes on from them. */
  async stop() {
    this.#stopping = true;
    await Promise.all([...this.#running].map((job) => this.#abort(job)));
    for (const job of this.#jobs.values()) job.events.end(shown(job));
  }

  async #abort(job) {
    job.thread?.postMessage("abort");
    const timer = setTimeout(() => void job.thread?.terminate(), this.patience);
    await job.ended;
    clearTimeout(timer);
  }

  #next() {
    if (this.#stopping) return;
    for (const job of this.#jobs.values()) {
      if (this.#running.size >= this.atOnce) return;
      if (job.state === "waiting" && job.cancelled !== true && !this.#running.has(job)) this.#run(job);
    }
  }

  #run(job) {
    this.#running.add(job);
    const folder = join(this.folder, job.id);
    // One thread of arithmetic: the server's own answers need the others.
    const spec = {
      threads: 1,
      build: this.build,
      ...job.settings,
      model: this.model,
      data: join(folder, "examples.jsonl"),
    };
    const run = join(folder, "run");
    const thread = new Worker(new URL("./job-worker.js", import.meta.url), { workerData: { spec, run } });
    let outcome = { state: "lost", error: { code: "THREAD", message: "the thread ended without a word" } };
    thread.on("message", ({ event, end }) => {
      if (end !== undefined) outcome = end;
      else job.events.add(event);
    });
    thread.on("error", (error) => {
      console.error(error);
      outcome = { state: "failed", error: { code: "THREAD", message: "the thread failed; the server's log says how" } };
    });
    job.thread = thread;
    job.state = "running";
    job.events.add({ type: "state", ...shown(job) });
    job.ended = new Promise((resolve) => thread.once("exit", resolve))
      .then(() => this.#finish(job, outcome, run))
      .catch((error) => console.error(error))
      .finally(() => {
        this.#running.delete(job);
        this.#next();
      });
  }

  async #finish(job, outcome, run) {
    job.thread = undefined;
    if (job.cancelled) return this.#end(job, { state: "cancelled" });
    // It was not asked to end for good: it waits for the next server.
    if (this.#stopping && outcome.state !== "done" && outcome.state !== "failed") return void (job.state = "waiting");
    if (outcome.state === "done") {
      try {
        await this.adapters.publish(job.tenant, job.version, run);
      } catch (error) {
        console.error(error);
        return this.#end(job, { state: "failed", error: { code: "STORE", message: "the adapter could not be kept" } });
      }
    }
    return this.#end(job, outcome.state === "done" ? outcome : { ...outcome, state: "failed" });
  }

  async #end(job, outcome) {
    const { id, tenant, version, settings, created } = job;
    outcome.endedAt = new Date().toISOString();
    const ended = { id, tenant, version, settings, created, ...outcome };
    await writeFilesAtomically(join(this.folder, id), { "job.json": bytes(JSON.stringify(ended)) });
    Object.assign(job, outcome);
    if (outcome.state === "cancelled") await rm(join(this.folder, id, "run"), { recursive: true, force: true });
    job.events.end(shown(job));
    await this.#forget();
  }

  /** Forgets those that ended first, so that no more than `keep` are known. Their adapters are the tenants', and stay. */
  async #forget() {
    const ended = [...this.#jobs.values()].filter(isEnded).sort((a, b) => (endOf(a) < endOf(b) ? -1 : 1));
    const gone = ended.slice(0, Math.max(0, ended.length - this.keep));
    for (const { id } of gone) this.#jobs.delete(id);
    for (const { id } of gone) await rm(join(this.folder, id), { recursive: true, force: true });
  }
}

const endOf = ({ endedAt, created }) => endedAt ?? created;

/** What clients see of a job. */
export const shown = ({ id, tenant, version, created, state, accuracy, error }) => ({
  id, tenant, version, created, state,
  ...(accuracy === undefined ? {} : { accuracy }),
  ...(error === undefined ? {} : { error }),
});

const bytes = (text) => new TextEncoder().encode(text);
