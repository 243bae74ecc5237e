// npm run studio [-- build | preview]: sets up, then serves the studio as it is edited; `build` writes static files to
// web/dist, `preview` serves those.
import { join } from "node:path";
import { setUp, stepsForDist, stepsForPackage } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { explain, SetupError } from "./setup/report.mjs";
import { model } from "./setup/steps/model.mjs";

const configFile = join(root, "web/vite.config.ts");

async function main(what = "serve") {
  if (!["serve", "build", "preview"].includes(what)) throw new SetupError(`"${what}" is neither build nor preview`);
  const steps = what === "serve" ? stepsForDist : stepsForPackage;
  await setUp(what === "build" ? steps : [...steps, model]);
  if (what === "build") return;
  // The set-up may have installed it.
  const { createServer, preview } = await import("vite");
  const server = what === "serve" ? await (await createServer({ configFile })).listen() : await preview({ configFile });
  server.printUrls();
}

await main(process.argv[2]).catch(explain);
