import { spawn } from "node:child_process";
import { once } from "node:events";
import { findWebKit } from "../../scripts/browsers/webkit.mjs";

/** What Safari has of the Origin Private File System and WebKitGTK has too, but leaves off. */
const features = ["StorageAPI", "StorageAPIEstimate", "FileSystem", "AccessHandle"];

/**
 * WebKitGTK's MiniBrowser without its driver, whose windows are private ones: with an Origin Private File System, kept in a folder.
 * A page has to tell by itself what becomes of it.
 *
 * @param {string} folder of its profile
 * @param {string} url the page that it opens
 * @param {{ streams: boolean }} options whether files are written by streams, as in Safari from 26 on, or in workers alone, as before
 * @returns {Promise<{ kill: () => Promise<void> }>} `kill` ends it at once, as a crash does, with all its processes
 */
export async function openMiniBrowser(folder, url, { streams }) {
  const found = findWebKit();
  if (found === null) throw new Error("there is no WebKitWebDriver, MiniBrowser or xvfb-run here");
  const display = found.display ? await startDisplay() : null;
  const on = [...features, ...(streams ? ["FileSystemWritableStream"] : [])].map((name) => `+${name}`);
  // A group of its own, in which its processes for network and pages are too.
  const browser = spawn(found.browser, [`--features=${on}`, url], {
    detached: true,
    stdio: "ignore",
    env: {
      ...process.env,
      ...(display && { DISPLAY: display.name }),
      HOME: folder,
      XDG_CACHE_HOME: `${folder}/cache`,
      XDG_CONFIG_HOME: `${folder}/config`,
      XDG_DATA_HOME: `${folder}/data`,
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      LIBGL_ALWAYS_SOFTWARE: "1",
    },
  });
  const ended = once(browser, "exit");
  const end = () => void process.kill(-browser.pid, "SIGKILL");
  process.once("exit", end);
  return {
    async kill() {
      process.off("exit", end);
      end();
      await ended;
      await display?.end();
    },
  };
}

/** A display that nobody sees. */
async function startDisplay() {
  const server = spawn("Xvfb", ["-displayfd", "1", "-nolisten", "tcp"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(server, "exit");
  const [number] = await Promise.race([
    once(server.stdout, "data"),
    ended.then(([code]) => Promise.reject(new Error(`Xvfb ended with ${code}`))),
  ]);
  return {
    name: `:${String(number).trim()}`,
    async end() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}
