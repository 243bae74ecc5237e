import { CURRENT } from "./folder-adapters.js";
import { shown } from "./jobs.js";
import { problem } from "./problem.js";
import { readJson } from "./read-json.js";

/** As the server of adapters has them. */
const NAME = /^(?=.{1,64}$)[a-z0-9](?:[a-z0-9_-]|\.(?=[a-z0-9]))*$/;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What a request may say of a run: nothing that names a file, or takes this machine's memory. Values are checked by the run. */
const SETTINGS = [
  "steps",
  "epochs",
  "batchSize",
  "learningRate",
  "seed",
  "rank",
  "recipe",
  "headOnly",
  "baseline",
  "dropout",
];
const MOST_STEPS = 10_000;
const MOST_EXAMPLES = 20_000;
/** Characters of a setting that is a text: names, such as a recipe's. */
const LONGEST_SETTING = 100;
/** Bodies that are read at once: all of them are in memory. */
const MOST_AT_ONCE = 4;
let reading = 0;

/** Too many of something: the client may ask again. */
const busy = (detail, after) => problem(503, "BUSY", detail, { "retry-after": after });

/**
 * `POST /jobs`, `GET /jobs/:id`, `GET /jobs/:id/events`, `DELETE /jobs/:id`; null for another address.
 *
 * @param {Request} request
 * @param {import("./jobs.js").Jobs} jobs
 * @param {{ maxBodyBytes?: number }} options bytes of a request's body, examples and settings; default 16 MiB
 */
export async function answerJobs(request, jobs, { maxBodyBytes = 16 * 2 ** 20 } = {}) {
  const parts = new URL(request.url).pathname.split("/").slice(1);
  if (parts[0] !== "jobs" || parts.length > 3) return null;
  if (parts.length === 1) {
    if (request.method !== "POST") return notAllowed("POST");
    return create(request, jobs, maxBodyBytes);
  }
  const job = ID.test(parts[1]) ? jobs.get(parts[1]) : undefined;
  if (job === undefined) return problem(404, "JOB", "there is no such job");
  if (parts.length === 3) {
    if (parts[2] !== "events") return null;
    if (request.method !== "GET") return notAllowed("GET");
    return events(request, job);
  }
  if (request.method === "GET") return Response.json(shown(job));
  if (request.method !== "DELETE") return notAllowed("GET, DELETE");
  await jobs.cancel(job);
  return Response.json(shown(job));
}

async function create(request, jobs, maxBodyBytes) {
  if (jobs.stopping) return busy("the server is stopping", "5");
  // Before anything is read.
  if (jobs.full) return busy("too many jobs wait already", "60");
  if (reading >= MOST_AT_ONCE) return busy("too many jobs are coming in already", "5");
  reading++;
  const fields = await readJson(request, maxBodyBytes).finally(() => reading--);
  if (fields instanceof Response) return fields;
  const wrong = problemOf(fields);
  if (wrong !== null) return problem(422, "CONFIG", wrong);
  const { tenant, version, examples, settings = {} } = fields;
  if (await jobs.adapters.has(tenant, version)) return taken(version);
  // From here to the job's being known nothing is awaited.
  if (jobs.isMaking(tenant, version)) return taken(version);
  if (jobs.full) return busy("too many jobs wait already", "60");
  const job = await jobs.create({ tenant, version, examples, settings });
  return Response.json(shown(job), { status: 202, headers: { location: `/jobs/${job.id}` } });
}

const taken = (version) =>
  problem(409, "VERSION", `there is a version ${version}, or a job that makes it: choose another`);

function problemOf({ tenant, version, examples, settings = {}, ...others }) {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `there is no field ${JSON.stringify(unknown)}`;
  for (const [field, name] of Object.entries({ tenant, version }))
    if (typeof name !== "string" || !NAME.test(name)) return `${field} is a name of lower-case letters and digits`;
  // The file that names the current one lies beside the versions.
  if (version === CURRENT) return `version: ${JSON.stringify(CURRENT)} is taken, choose another`;
  if (!Array.isArray(examples) || examples.length < 2 || examples.length > MOST_EXAMPLES)
    return `examples is a list of 2 to ${MOST_EXAMPLES} { text, label }`;
  const place = examples.findIndex((one) => typeof one?.text !== "string" || typeof one?.label !== "string");
  if (place >= 0) return `examples: number ${place} is no { text, label } of two strings`;
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return "settings is an object";
  const strange = Object.keys(settings).find((name) => !SETTINGS.includes(name));
  if (strange !== undefined)
    return `settings: there is no ${JSON.stringify(strange)} (there are ${SETTINGS.join(", ")})`;
  const nested = Object.keys(settings).find((name) => settings[name] instanceof Object);
  if (nested !== undefined) return `settings: ${nested} is a number, a text, true or false`;
  const long = Object.keys(settings).find((name) => String(settings[name]).length > LONGEST_SETTING);
  if (long !== undefined) return `settings: ${long} has at most ${LONGEST_SETTING} characters`;
  const { steps = 1, epochs = 1, batchSize = 1, rank = 1 } = settings;
  if (!(steps <= MOST_STEPS && epochs <= 100 && batchSize <= 256 && rank <= 64))
    return `settings: at most ${MOST_STEPS} steps, 100 epochs, batches of 256, rank 64`;
  return null;
}

function events({ headers }, job) {
  const after = headers.get("last-event-id") ?? "";
  // Whoever listens by an EventSource would come back for ever: this status ends it.
  if (job.events.isHeard(after)) return new Response(null, { status: 204 });
  return new Response(job.events.stream(after), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

const notAllowed = (allow) => problem(405, "METHOD", `${allow} is expected`, { allow });
