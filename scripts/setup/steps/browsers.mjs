import { findFirefox } from "../../browsers/firefox.mjs";
import { findWebKit } from "../../browsers/webkit.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { SetupError } from "../report.mjs";

/** A step that brings a browser by Debian's packages, where nothing is found and that may be done. */
function browserStep({ title, seconds, packages, find, advice }) {
  return {
    title,
    uses: "network",
    seconds,
    needed: () => find() === null,
    async run() {
      if (!canInstall()) throw new SetupError(`the tests need ${title}`, `${installCommand(packages)}\n  or ${advice}`);
      await install(packages);
    },
  };
}

export const firefox = browserStep({
  title: "Firefox (apt-get install firefox-esr)",
  seconds: 15,
  packages: ["firefox-esr"],
  find: findFirefox,
  advice: "set FIREFOX to the path of a Firefox",
});

export const webkit = browserStep({
  title: "WebKitGTK with its driver (apt-get install webkit2gtk-driver)",
  seconds: 15,
  packages: ["webkit2gtk-driver", "xvfb", "xauth"],
  find: findWebKit,
  advice: "set WEBKIT_DRIVER and WEBKIT_BROWSER to the paths of WebKitWebDriver and MiniBrowser",
});
