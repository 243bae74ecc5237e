import { existsSync } from "node:fs";
import { run } from "./process.mjs";

/** Whether packages can simply be installed here: Debian or a relative, as root. */
export function canInstall() {
  return existsSync("/usr/bin/apt-get") && process.getuid?.() === 0;
}

const env = { DEBIAN_FRONTEND: "noninteractive" };
// Another apt on this machine (a daily update) is waited for.
const aptGet = (...args) => run("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], { env });

/** The lists are read once; steps that run beside each other install one after the other. */
let last = null;

export function install(packages) {
  const installing = (last?.catch(() => {}) ?? aptGet("update")).then(() =>
    aptGet("install", "-y", "--no-install-recommends", ...packages),
  );
  last = installing;
  return installing;
}

export function installCommand(packages) {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}
