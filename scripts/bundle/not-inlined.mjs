/** Files of fewer bytes Vite writes into scripts as addresses of data, unless `build.assetsInlineLimit` says otherwise. */
const LIMIT = 4096;

/**
 * Rollup plugin, after minifying: makes a worker's file as long as it must be to stay a file. From an address of data a page whose policy
 * says `worker-src 'self'`, or that has Trusted Types, starts no worker.
 */
export const notInlined = {
  name: "not-inlined",
  renderChunk(code) {
    const why = `\n// Filled up to ${LIMIT} bytes, so that Vite does not write it into another script.`;
    return (code.trimEnd() + why).padEnd(LIMIT);
  },
};
