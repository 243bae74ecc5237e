import { buildSync } from "esbuild";
import { fileURLToPath } from "node:url";

// The command line's pictures are TypeScript, which Node 20 does not run.
const entry = fileURLToPath(new URL("../../ts/pictures/bars.ts", import.meta.url));
const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, format: "esm", write: false });

/** `barChart` of ts/pictures. */
export const { barChart } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
