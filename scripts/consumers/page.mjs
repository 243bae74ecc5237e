import { createServer } from "node:http";
import { join } from "node:path";
import { serveFolder } from "../serve-folder.mjs";
import { start } from "./commands.mjs";

const LONGEST = 120_000;
/** Headers that give a page shared memory. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
const close = (server) => new Promise((resolve) => server.close(resolve).closeAllConnections());

/**
 * Serves a folder as it is. With `isolated` its pages may share memory, with `cors` other origins may use its files; `policy` is a
 * Content-Security-Policy.
 */
export async function serve(folder, { isolated = false, cors = false, policy = undefined } = {}) {
  const files = serveFolder(folder);
  const server = createServer((request, response) => {
    if (isolated) for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value);
    if (policy !== undefined) response.setHeader("Content-Security-Policy", policy);
    if (cors) {
      response.setHeader("Access-Control-Allow-Origin", "*");
      const { writeHead } = response;
      response.writeHead = (status, headers) =>
        writeHead.call(response, status, { ...headers, "cross-origin-resource-policy": "cross-origin" });
    }
    files(request, response);
  });
  return { port: await listen(server), end: () => close(server) };
}

/** A port that was free a moment ago, for servers that cannot be asked which they took. */
async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await close(server);
  return port;
}

/** Starts a server of the project's own: `{port}` in its command is replaced. Resolves when it answers. */
async function serveBy(command, folder, packages) {
  const port = await freePort();
  const running = start(folder, packages, command.replace("{port}", port));
  for (const began = Date.now(); ;) {
    const ended = await Promise.race([running.ended, new Promise((resolve) => setTimeout(resolve, 200, "up"))]);
    const late = Date.now() - began > LONGEST;
    if (ended !== "up" || late) {
      await running.end();
      throw new Error(
        `${command} ${late ? "did not answer" : `ended with ${ended}`}:\n${running.everything().slice(-3000)}`,
      );
    }
    if (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) return { port, ...running };
  }
}

/**
 * What pages of the project make of their titles, by path, or the first error that each throws; from one server.
 * @param paths of the pages
 */
export async function titlesOf({ folder, packages, site, paths, browser }) {
  const { server, isolated, policy, elsewhere } = site;
  const own = server?.includes(" ")
    ? await serveBy(server, folder, packages)
    : await serve(join(folder, server ?? "."), { isolated, policy });
  const cdn = elsewhere && (await serve(join(folder, elsewhere), { cors: true }));
  const titles = {};
  try {
    for (const path of paths) titles[path] = await titleOf(`http://127.0.0.1:${own.port}/${path}`, cdn, browser);
    return titles;
  } catch (error) {
    throw new Error(`${error.message}\n${own.everything?.().slice(-3000) ?? ""}`, { cause: error });
  } finally {
    await own.end();
    await cdn?.end();
  }
}

/** Asked from here again and again: a page whose policy forbids `eval` waits for no function. */
async function answered(view) {
  for (const began = Date.now(); Date.now() - began < LONGEST;) {
    const title = await view.title();
    if (title.startsWith("answer: ")) return title;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the page's title is "${await view.title()}", no answer`);
}

async function titleOf(address, cdn, browser) {
  const view = await browser.newPage();
  try {
    const failed = new Promise((resolve) => view.on("pageerror", (error) => resolve(`error: ${error.message}`)));
    const query = cdn ? `?cdn=http://127.0.0.1:${cdn.port}` : "";
    await view.goto(`${address}${query}`, { timeout: LONGEST });
    return await Promise.race([answered(view), failed]);
  } finally {
    await view.close();
  }
}
