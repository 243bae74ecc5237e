import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findExecutable, isExecutable } from "./find-executable.mjs";

/** Folders that have one for each kind of processor, in which Debian keeps WebKitGTK's test browser. */
const libraries = "/usr/lib";

/** WebKitGTK's driver and browser: $WEBKIT_DRIVER and $WEBKIT_BROWSER, else where systems keep them; null where one is missing. */
export function findWebKit() {
  const driver = process.env.WEBKIT_DRIVER ?? findExecutable("WebKitWebDriver");
  const browser = process.env.WEBKIT_BROWSER ?? places().find(isExecutable);
  // A display that nobody sees, where there is none.
  const display = process.env.DISPLAY ? [] : [findExecutable("xvfb-run")];
  if (!driver || !browser || display.includes(null)) return null;
  return { driver, browser, display: display.length > 0 };
}

function places() {
  const folders = process.platform === "linux" ? readdirSync(libraries) : [];
  return [libraries, ...folders.map((name) => join(libraries, name))].flatMap((folder) =>
    ["4.1", "6.0", "4.0"].map((version) => join(folder, `webkit2gtk-${version}/MiniBrowser`)),
  );
}
