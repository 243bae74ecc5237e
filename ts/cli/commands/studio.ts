import { type Command, InvalidArgumentError } from "commander";
import { join, resolve } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { cacheFolder } from "../../io/node/index.js";
import { serveFolders } from "../files/served-folders.js";
import { studioPolicy } from "../files/studio-policy.js";
import { port } from "../options/option-values.js";
import { installedPackage } from "../installed-package.js";
import type { Session } from "../session.js";

const EXAMPLES = `
The page trains in the browser; this command only serves its files, and the models in this machine's cache, on 127.0.0.1.
It may fetch models from the Hugging Face hub. --connect lets it ask one more site, for models or the rounds of a federation;
the browser refuses every other one. Ctrl-C ends it.

Example:
  lowrank studio --port 8080 --connect https://models.example.org
`;

/** `lowrank studio`: the Studio for this machine's browsers. */
export function defineStudio(program: Command, session: Session): void {
  program
    .command("studio")
    .description("serve the Studio, a web page that fine-tunes without code, to this machine's browsers")
    .option("--port <n>", "port on 127.0.0.1; 0 chooses a free one", port(0), 4173)
    .option("--connect <site>", "another site that the page may ask; can be repeated", addedOrigin, [])
    .addHelpText("after", EXAMPLES)
    .action((options: { port: number; connect: readonly string[] }) => studio(options, session));
}

async function studio(
  { port, connect }: { port: number; connect: readonly string[] },
  { terminal, signal, self }: Session,
): Promise<void> {
  const folder = join(installedPackage("@lowrank/studio", "the Studio's files are"), "dist");
  const folders = { "/": folder, "/models/": resolve(cacheFolder()) };
  const served = { folders, policy: studioPolicy(connect) };
  const { server, url } = await serveFolders(served, port).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EADDRINUSE" && cause.code !== "EACCES") throw cause;
    const why = cause.code === "EADDRINUSE" ? "is in use" : "may not be used";
    throw new ConfigError(
      `port ${port} ${why}; to use a free one: ${self} studio --port 0`,
      { op: "studio", port },
      { cause },
    );
  });
  terminal.print(`The Studio is at ${url}  (Ctrl-C ends it)`);
  await new Promise<void>((ended) => {
    const end = () => {
      server.closeAllConnections();
      server.close(() => ended());
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/**
 * The origins given so far and one more, from an address. A path would narrow a Content-Security-Policy to one file, and a semicolon would
 * end its directive, so only scheme, host and port are kept.
 */
function addedOrigin(text: string, before: readonly string[]): readonly string[] {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || !/^[\w.:[\]-]+$/.test(url.host))
    throw new InvalidArgumentError("The address of a site is expected, such as https://models.example.org.");
  return [...before, url.origin];
}
