import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem, type as system } from "node:os";
import { join } from "node:path";
import { benchFolder, newestNode } from "./paths.mjs";

/** What the figures were taken on and with. */
export function describeMachine() {
  const processors = cpus();
  const { dependencies } = JSON.parse(readFileSync(join(benchFolder, "package.json"), "utf8"));
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${system()} ${process.arch}`,
    load: loadavg()[0],
    date: new Date().toISOString(),
    node: [process.version, newestNode === null ? null : versionOf(newestNode)].filter(Boolean),
    peers: dependencies,
  };
}

function versionOf(program) {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
}
