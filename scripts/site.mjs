// npm run site [-- --base /path/ --without-model | preview]: sets up, then writes the site to build/site; `preview` serves it.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { serveFolder } from "./serve-folder.mjs";
import { setUp, stepsForDist } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";
import { model } from "./setup/steps/model.mjs";
import { siteModules } from "./setup/steps/site.mjs";
import { buildSite, siteFolder } from "./site/build-site.mjs";

async function main(args) {
  const options = { base: { type: "string", default: "/" }, "without-model": { type: "boolean", default: false } };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.some((word) => word !== "preview")) throw new SetupError(`"${positionals.join(" ")}" is not preview`);
  if (!/^\/(.*\/)?$/.test(values.base)) throw new SetupError(`--base begins and ends with "/", got ${values.base}`);
  const withModel = !values["without-model"];
  await setUp([...stepsForDist, siteModules, ...(withModel ? [model] : [])]);
  await buildSite({ base: values.base, model: withModel });
  if (positionals.length === 0) return;
  const files = serveFolder(siteFolder);
  const server = createServer((request, response) => {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (request.url.startsWith(values.base)) request.url = request.url.slice(values.base.length - 1);
    files(request, response);
  });
  server.listen(4321, "127.0.0.1", () => console.log(`http://localhost:4321${values.base}`));
}

await main(process.argv.slice(2)).catch(explain);
