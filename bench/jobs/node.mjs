// One process of the benchmark: node [flags of V8] jobs/node.mjs '{ library, build, threads, peer, work }'.
// Prints one JSON object a line.
import { runCases } from "../cases/run.mjs";
import { openLowrank } from "../contestants/lowrank.mjs";
import { peersInNode, runtimeName } from "../runtimes/node.mjs";
import { samplingFor } from "../timing.mjs";

const { library, other, build, threads, tile, peer, work, label } = JSON.parse(process.argv[2]);
const emit = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);

const contestants = [await openLowrank({ library, build, threads, tile })];
try {
  if (other) contestants.push({ ...(await openLowrank({ library: other, build, threads, tile })), peer });
  else if (peer !== null) contestants.push(await peersInNode[peer](threads));
} catch (error) {
  emit({ message: `without ${peer}: ${String(error?.message ?? error).slice(0, 300)}` });
}
const runtime = label === undefined ? runtimeName : `${runtimeName} ${label}`;
await runCases(work, contestants, { runtime, timing: samplingFor(threads) }, emit);
for (const contestant of contestants) contestant.close?.();
// Peers' workers keep a process alive.
process.exit(0);
