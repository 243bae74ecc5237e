import { interleave } from "../timing.mjs";
import { blockCase } from "./block.mjs";
import { loraStepCase } from "./lora-step.mjs";
import { matmulCase } from "./matmul.mjs";

/**
 * What one process or page measures.
 * @typedef {object} Work
 * @property {{ shapes: number[][], forms: string[] }[]} matmul
 * @property {number[][]} loraSteps shapes
 * @property {boolean} block
 * @property {number} seconds that each contestant is timed in each case
 */

/**
 * Runs every case with every contestant, in turn, each checked first. Results go to `emit` as they come: rows, and
 * messages about what could not be measured.
 *
 * @param {Work} work
 * @param {object[]} contestants lowrank first
 * @param {{ runtime: string, timing: { burst: number, rest: number, warm: number } }} setting
 */
export async function runCases(work, contestants, setting, emit) {
  const peak = contestants[0].peak();
  for (const makeCase of casesOf(work)) await runCase(makeCase(), contestants, peak, work.seconds, setting, emit);
  peak.dispose();
}

/** Made one by one: their data are large. */
function* casesOf({ matmul, loraSteps, block }) {
  for (const { shapes, forms } of matmul) {
    for (const shape of shapes) for (const form of forms) yield () => matmulCase(shape, form);
  }
  for (const shape of loraSteps) yield () => loraStepCase(shape);
  if (block) yield () => blockCase();
}

async function runCase(theCase, contestants, peak, seconds, setting, emit) {
  const { name, shape, flops } = theCase;
  const entries = [];
  for (const contestant of contestants) {
    const entry = await ready(theCase, contestant, (text) =>
      emit({ message: `${contestant.peer}, ${name} ${shape}: ${text}` }),
    );
    if (entry !== null) entries.push({ contestant, ...entry });
  }
  if (entries[0]?.contestant !== contestants[0]) return;
  const timed = [...entries.map(({ timed }) => timed), peak];
  const results = await interleave(timed, { seconds, ...setting.timing });
  const peakGflops = peak.flops / results.at(-1).ms / 1e6;
  const rival = entries[1]?.contestant;
  entries.forEach(({ contestant, error, timed: entry }, i) => {
    const { ms, median, samples } = results[i];
    const { peer, build, threads } = contestant;
    const gflops = flops === null ? null : flops / ms / 1e6;
    const beside = i === 0 ? (rival?.peer ?? null) : contestants[0].peer;
    const { runtime } = setting;
    const settings = { peer, build, threads, runtime, tile: contestant.tile?.() };
    emit({ row: { case: name, shape, ...settings, ms, median, gflops, error, samples, beside, peakGflops } });
    entry.dispose?.();
  });
}

/** Opens and checks; null, with a message, where a contestant has no such case or computes something else. */
async function ready(theCase, contestant, complain) {
  try {
    const timed = await theCase.open(contestant);
    if (timed === null) return null;
    const checks = timed.checks ?? (await theCase.check(timed));
    const wrong = checks.find(({ error, allowed }) => !(error <= allowed));
    if (wrong === undefined) return { timed, error: Math.max(...checks.map(({ error }) => error)) };
    complain(`not timed, since it is wrong: error ${wrong.error.toExponential(1)}, allowed ${wrong.allowed}`);
    timed.dispose?.();
  } catch (error) {
    complain(`failed: ${String(error?.message ?? error).slice(0, 300)}`);
  }
  return null;
}
