import { execFileSync } from "node:child_process";

/** The words that a shell makes of a line. */
export const shellWords = (line: string): string[] =>
  execFileSync("sh", ["-c", `for word in ${line}; do printf '%s\\0' "$word"; done`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
