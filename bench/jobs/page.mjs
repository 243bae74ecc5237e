/* global location, crossOriginIsolated */
// The benchmark in a page: its work stands in the address, results are printed to the console, one JSON object a line.
import { runCases } from "../cases/run.mjs";
import { openLowrank } from "../contestants/lowrank.mjs";
import { peersInPage } from "../runtimes/page.mjs";
import { samplingFor } from "../timing.mjs";

const { build, threads, peer, work } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const emit = (result) => console.log(JSON.stringify(result));

try {
  const library = `${location.origin}/dist/browser.js`;
  const contestants = [await openLowrank({ library, build, threads })];
  if (peer !== null) contestants.push(await peersInPage[peer](threads));
  const timing = samplingFor(threads);
  // Clocks of pages that are not isolated are coarse: a tenth of a millisecond.
  const { burst } = crossOriginIsolated ? timing : { burst: 20 };
  await runCases(work, contestants, { runtime: "chromium", timing: { ...timing, burst } }, emit);
} catch (error) {
  emit({ message: `page with ${peer}: ${String(error?.stack ?? error).slice(0, 500)}` });
}
emit({ done: true });
