// MODEL, TENANTS, JOBS, PORT, HOST, BUILD, THREADS in the environment: serves until SIGTERM or SIGINT.
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

const { BUILD = "auto", THREADS = "auto" } = process.env;

await init({ build: BUILD, threads: THREADS === "auto" ? THREADS : Number(THREADS) });
const encoder = await SentenceEncoder.load(MODEL);
const adapters = new FolderAdapters(TENANTS);
const server = new AdapterServer(encoder, adapters, { onError: console.error });
const jobs = new Jobs({ folder: JOBS, model: MODEL, build: BUILD, adapters });
await jobs.open();

const http = serverOf(async (request) => (await answerJobs(request, jobs)) ?? server.fetch(request));
http.listen(Number(PORT), HOST, () => {
  const { port } = http.address();
  console.log(`listening on http://${HOST}:${port}`);
});

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
