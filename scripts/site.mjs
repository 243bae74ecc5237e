// npm run site [-- --base /path/ --without-model --connect https://site | preview]: sets up, then writes the site to build/site; `preview` serves it.
import { parseArgs } from "node:util";
import { setUp, stepsForPackage } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";
import { model } from "./setup/steps/model.mjs";
import { siteModules } from "./setup/steps/site.mjs";
import { buildSite } from "./site/build-site.mjs";
import { serveSite } from "./site/serve-site.mjs";

async function main(args) {
  const options = {
    base: { type: "string", default: "/" },
    "without-model": { type: "boolean", default: false },
    connect: { type: "string", multiple: true, default: [] },
  };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.some((word) => word !== "preview")) throw new SetupError(`"${positionals.join(" ")}" is not preview`);
  if (!/^\/(.*\/)?$/.test(values.base)) throw new SetupError(`--base begins and ends with "/", got ${values.base}`);
  const withModel = !values["without-model"];
  await setUp([...stepsForPackage, siteModules, ...(withModel ? [model] : [])]);
  await buildSite({ base: values.base, model: withModel, connect: values.connect.map((site) => new URL(site).origin) });
  if (positionals.length === 0) return;
  const { url } = await serveSite({ base: values.base, port: 4321 });
  console.log(url);
}

await main(process.argv.slice(2)).catch(explain);
