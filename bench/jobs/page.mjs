/* global location, crossOriginIsolated, fetch */
// The benchmark in a page: its work stands in the address, results are printed to the console, one JSON object a line.
import { runCases } from "../cases/run.mjs";
import { openLowrank } from "../contestants/lowrank.mjs";
import { peersInPage } from "../runtimes/page.mjs";
import { samplingFor } from "../timing.mjs";

const job = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const { build, threads, peer } = job;
const library = `${location.origin}/dist/browser.js`;
const emit = (result) => console.log(JSON.stringify(result));

try {
  await (job.kind === "language" ? language() : cases());
} catch (error) {
  emit({ message: `page with ${peer}: ${String(error?.stack ?? error).slice(0, 500)}` });
}
emit({ done: true });

async function cases() {
  const contestants = [await openLowrank({ library, build, threads })];
  if (peer !== null) contestants.push(await peersInPage[peer](threads));
  const timing = samplingFor(threads);
  // Clocks of pages that are not isolated are coarse: a tenth of a millisecond.
  const { burst } = crossOriginIsolated ? timing : { burst: 20 };
  await runCases(job.work, contestants, { runtime: "chromium", timing: { ...timing, burst } }, emit);
}

/** A language model, whose file the server has, in turn with wllama. */
async function language() {
  const [{ openLowrank }, { openWllama, openWllama2 }, { measure }] = await Promise.all([
    import("../language/lowrank.mjs"),
    import("../language/wllama.mjs"),
    import("../language/measure.mjs"),
  ]);
  const file = await (await fetch("/model.gguf")).blob();
  const ours = await openLowrank({ library, build, threads, file });
  const open = peer === "wllama 2" ? openWllama2 : openWllama;
  const theirs = await open({ threads, file, prompt: ours.prompt });
  await measure([ours, theirs], { rounds: job.rounds, runtime: "chromium", weights: job.weights }, emit);
}
