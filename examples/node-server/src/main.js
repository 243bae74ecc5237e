// MODEL, TENANTS, JOBS, PORT, HOST, BUILD, THREADS, JOB_BYTES, JOBS_KEPT in the environment: serves until SIGTERM or SIGINT.
import { init, SentenceEncoder } from "lowrank";
import { AdapterServer } from "lowrank/serve";
import { FolderAdapters } from "./folder-adapters.js";
import { serverOf } from "./http-bridge.js";
import { answerJobs } from "./job-routes.js";
import { Jobs } from "./jobs.js";

const {
  MODEL = "all-MiniLM-L6-v2",
  TENANTS = "tenants",
  JOBS = "jobs",
  PORT = "8080",
  HOST = "127.0.0.1",
} = process.env;

const { BUILD = "auto", THREADS = "auto", JOB_BYTES = String(16 * 2 ** 20), JOBS_KEPT = "100" } = process.env;

/** A whole number in the environment. */
function whole(name, text, most) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  console.error(`${name} is a whole number from 0 to ${most}, got ${JSON.stringify(text)}`);
  process.exit(2);
}
const port = whole("PORT", PORT, 65_535);
const maxBodyBytes = whole("JOB_BYTES", JOB_BYTES, 2 ** 28);
const keep = whole("JOBS_KEPT", JOBS_KEPT, 10_000);

await init({ build: BUILD, threads: THREADS === "auto" ? THREADS : Number(THREADS) });
const encoder = await SentenceEncoder.load(MODEL);
const adapters = new FolderAdapters(TENANTS);
const server = new AdapterServer(encoder, adapters, { onError: console.error });
const jobs = new Jobs({ folder: JOBS, model: MODEL, build: BUILD, adapters, keep });
await jobs.open();

const answer = async (request) => (await answerJobs(request, jobs, { maxBodyBytes })) ?? server.fetch(request);
const http = serverOf(answer);
http.once("error", ({ message }) => {
  console.error(`port ${port} of ${HOST} cannot be used: ${message}`);
  process.exit(1);
});
http.listen(port, HOST, () => console.log(`listening on http://${HOST}:${http.address().port}`));

let stopping = false;
async function stop() {
  // Who asks twice wants it at once.
  if (stopping) process.exit(1);
  stopping = true;
  console.log("stopping: no further requests, those under way are answered, jobs keep their checkpoints");
  const closed = new Promise((resolve) => http.close(resolve));
  await Promise.all([server.close(), jobs.stop()]);
  http.closeIdleConnections();
  // Clients that keep a body or a stream open are not waited for.
  const timer = setTimeout(() => http.closeAllConnections(), 2_000);
  await closed;
  clearTimeout(timer);
  encoder.dispose();
  console.log("stopped");
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
