import { readModule, writeModule } from "./module.mjs";

/** How far back gzip looks. */
const WINDOW = 32_768;
/** Bytes in a row that two functions have in common. */
const RUN = 4;
/** Short functions are no nearer to all others for being short. */
const SHORT = 20;

/** Numbers for each run of bytes: equal for equal ones. */
function runs(body) {
  return Uint32Array.from({ length: Math.max(0, body.length - RUN + 1) }, (_, i) => {
    let hash = 0;
    for (let j = 0; j < RUN; j++) hash = Math.imul(hash ^ body[i + j], 0x01000193) + 0x9e37;
    return (hash ^ (hash >>> 15)) & 0x3fffff;
  });
}

/**
 * The module with names for its functions, by which `wasm-opt --reorder-functions-by-name` puts those that are alike side by side: the same
 * kernel for another size lies within gzip's window then, which wasm-opt's own order, by the number of calls, scatters over the file. After
 * the longest function always the one follows of which the largest share stands in the window before it.
 */
export function namedByLikeness(bytes) {
  const module = readModule(bytes);
  const { bodies, imported } = module;
  const all = bodies.map(runs);
  const counts = new Uint16Array(0x400000);
  const [window, order] = [[], []];
  let size = 0;
  /** The share of a function's runs that stand in the window. */
  const share = (i) => {
    let known = 0;
    for (const run of all[i]) if (counts[run] > 0) known++;
    return known / (bodies[i].length + SHORT);
  };
  const left = new Set(bodies.keys());
  let next = [...left].reduce((longest, i) => (bodies[i].length > bodies[longest].length ? i : longest));
  for (;;) {
    left.delete(next);
    order.push(next);
    if (left.size === 0) break;
    window.push(next);
    size += bodies[next].length;
    for (const run of all[next]) counts[run]++;
    while (window.length > 1 && size - bodies[window[0]].length > 0.9 * WINDOW) {
      const gone = window.shift();
      size -= bodies[gone].length;
      for (const run of all[gone]) counts[run]--;
    }
    let most = -1;
    for (const i of left) {
      const now = share(i);
      if (now > most) [most, next] = [now, i];
    }
  }
  const names = new Map(order.map((i, place) => [imported + i, `f${String(place).padStart(5, "0")}`]));
  return writeModule({ ...module, names });
}
