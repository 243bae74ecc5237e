import { findExecutable, isExecutable } from "./find-executable.mjs";

const names = ["firefox-esr", "firefox"];
const elsewhere = ["/Applications/Firefox.app/Contents/MacOS/firefox"];

/** Path of a Firefox: $FIREFOX, else the first found on PATH; null where there is none. */
export function findFirefox() {
  if (process.env.FIREFOX) return process.env.FIREFOX;
  return names.map(findExecutable).find((path) => path !== null) ?? elsewhere.find(isExecutable) ?? null;
}

/** Quiet and offline. */
export const firefoxPreferences = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,none",
};
