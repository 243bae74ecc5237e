import { spawn } from "node:child_process";
import { freePort } from "../../scripts/servers/free-port.mjs";
import { findWebKit } from "../../scripts/browsers/webkit.mjs";

/** Milliseconds that an evaluation may take. */
const LONGEST = 600_000;

/**
 * WebKitGTK's MiniBrowser by its own driver, which speaks WebDriver over HTTP. A session has one window at a time: opening a page
 * replaces the one before.
 * @returns {Promise<import("./browser.mjs").Browser>}
 */
export async function launch() {
  const found = findWebKit();
  if (found === null) throw new Error("there is no WebKitWebDriver, MiniBrowser or xvfb-run here");
  const port = await freePort();
  const program = [found.driver, `--port=${port}`, "--host=127.0.0.1"];
  const [command, ...args] = found.display ? ["xvfb-run", "--auto-servernum", ...program] : program;
  // A group of its own, so that the display ends with the driver.
  const driver = spawn(command, args, {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", LIBGL_ALWAYS_SOFTWARE: "1" },
  });
  const end = () => {
    try {
      process.kill(-driver.pid, "SIGTERM");
    } catch {
      // It has ended.
    }
  };
  process.once("exit", end);
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const { value } = await answer.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  try {
    await answering(() => call("GET", "/status"));
    const options = { binary: found.browser, args: ["--automation"] };
    const { sessionId, capabilities } = await call("POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
    });
    const session = `/session/${sessionId}`;
    await call("POST", `${session}/timeouts`, { script: LONGEST, pageLoad: 120_000 });
    const evaluate = async (expression) => {
      const script = `const done = arguments[0];
        (async () => (${expression}))().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await call("POST", `${session}/execute/async`, { script, args: [] });
      if (error !== undefined) throw new Error(error);
      return value;
    };
    /** The driver may answer while the page before is still the one that scripts run in. */
    const show = async (url) => {
      await call("POST", `${session}/url`, { url });
      const there = `location.href === ${JSON.stringify(new URL(url).href)} && document.readyState === "complete"`;
      await answering(async () => {
        if (!(await evaluate(there))) throw new Error(`${url} is not shown`);
      });
    };
    return {
      name: "webkit",
      version: `${capabilities.browserName} ${capabilities.browserVersion}`,
      async openPage(url) {
        await show(url);
        return {
          evaluate,
          hide: () => call("POST", `${session}/window/minimize`, {}),
          // A window that is given a place is no icon any more.
          show: () => call("POST", `${session}/window/rect`, { x: 0, y: 0, width: 800, height: 600 }),
          close: () => show("about:blank"),
        };
      },
      async close() {
        await call("DELETE", session);
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** Waits until something is so, as the driver says, two minutes at most: a machine may be busy. */
async function answering(ask) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 1200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
