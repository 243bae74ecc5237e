import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FileMap } from "../../ts/io/file-access.js";
import { lowrankProcess } from "../cli/process.js";

/** Files in a folder of this name. */
export const inFolder = (folder: string, files: FileMap): FileMap =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

/**
 * Runs the commands that the page shows for a server, as they are, beside these files: `lowrank serve`, on a free port, and what asks it.
 * @returns the answer's body
 */
export async function serveShown(shown: string, files: FileMap): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "lowrank-serving-"));
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const [, args] = /^npx lowrank (serve .*)$/m.exec(shown)!;
  const [, path, header, body] = /^curl http:\/\/127\.0\.0\.1:8080(\S+) -H "([^"]+)" -d '([^']+)'$/m.exec(shown)!;
  const [name, type] = header!.split(": ") as [string, string];
  const answers: Promise<unknown>[] = [];
  try {
    const { code, err } = await lowrankProcess([...args!.split(" "), "--port", "0"], folder, (out, child) => {
      const [, url] = /listening on (http:\/\/[\d.:]+)/.exec(out) ?? [];
      if (url === undefined || answers.length > 0) return;
      const answer = fetch(url + path!, { method: "POST", headers: { [name]: type }, body: body! });
      answers.push(answer.then(async (response) => response.json()).finally(() => child.kill("SIGTERM")));
    });
    if (code !== 0 || answers.length === 0) throw new Error(err);
    return await answers[0];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
