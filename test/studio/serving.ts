import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FileMap } from "../../ts/io/file-map.js";
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
  let answer: Promise<unknown> | null = null;
  try {
    const { code, err } = await lowrankProcess([...args!.split(" "), "--port", "0"], folder, (out, child) => {
      const [, url] = /listening on (http:\/\/[\d.:]+)/.exec(out) ?? [];
      if (url === undefined || answer !== null) return;
      answer = fetch(url + path!, { method: "POST", headers: { [name]: type }, body: body! })
        .then(async (response) => response.json() as Promise<unknown>)
        .finally(() => child.kill("SIGTERM"));
    });
    if (code !== 0 || answer === null) throw new Error(err);
    return await (answer as Promise<unknown>);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
