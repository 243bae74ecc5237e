import { fileURLToPath } from "node:url";
import { build, type Plugin, type Rollup } from "vite";
import { standaloneNotices } from "./notices.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const [NAME, LICENCES] = ["standalone.js", "standalone-notices.txt"];

/** Builds the single script of the HTML file that classifies offline. */
async function bundled(plugin?: Plugin): Promise<string> {
  const made = (await build({
    configFile: false,
    logLevel: "error",
    plugins: [plugin],
    build: {
      write: false,
      target: "es2022",
      lib: { entry: here("standalone/index.ts"), formats: ["es"] },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })) as Rollup.RollupOutput[];
  const [{ output }] = made as [Rollup.RollupOutput];
  const [{ code }] = output;
  return code;
}

/** Adds that script, and the licences of what is in it, to the Studio's files. `plugin` sees its bundle too. */
export function standalone(plugin: Plugin): Plugin {
  return {
    name: "standalone",
    async generateBundle() {
      if (this.environment.name !== "client") return;
      this.emitFile({ type: "asset", fileName: NAME, source: await bundled(plugin) });
      this.emitFile({ type: "asset", fileName: LICENCES, source: standaloneNotices() });
    },
    configureServer({ middlewares }) {
      middlewares.use(`/${LICENCES}`, (_request, response) => void response.end(standaloneNotices()));
      middlewares.use(`/${NAME}`, (_request, response) => {
        const send = (code: string) => response.setHeader("Content-Type", "text/javascript").end(code);
        void bundled().then(send, (error: unknown) => response.writeHead(500).end(String(error)));
      });
    },
  };
}
