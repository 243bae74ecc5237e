import { existsSync } from "node:fs";
import { run } from "./process.mjs";

/** Whether packages can simply be installed here: Debian or a relative, as root. */
export function canInstall() {
  return existsSync("/usr/bin/apt-get") && process.getuid?.() === 0;
}

export async function install(packages) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // Another apt on this machine (a daily update) is waited for.
  const waiting = ["-o", "DPkg::Lock::Timeout=300"];
  await run("apt-get", [...waiting, "update"], { env });
  await run("apt-get", [...waiting, "install", "-y", "--no-install-recommends", ...packages], { env });
}

export function installCommand(packages) {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}
