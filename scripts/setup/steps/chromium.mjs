import { findChromium } from "../../browsers/chromium.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { SetupError } from "../report.mjs";

/** The browser that tests run in. */
export const chromium = {
  title: "Chromium (apt-get install chromium)",
  uses: "network",
  seconds: 15,
  needed: () => findChromium() === null,
  async run() {
    if (!canInstall()) {
      const command = `${installCommand(["chromium"])}\n  or set CHROMIUM to the path of a Chromium or Chrome`;
      throw new SetupError("the browser tests need Chromium", command);
    }
    await install(["chromium"]);
  },
};
