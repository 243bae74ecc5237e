import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesSource, openGguf } from "../../../dist/node.js";

/** Writes values.json: of each tensor of each file the SHA-256 of the float32 values that our reader gives. */
export async function writeValues(folder, files) {
  const found = {};
  for (const file of files.filter((name) => existsSync(join(folder, name)))) {
    const opened = await openGguf(bytesSource(readFileSync(join(folder, file))), file);
    found[file] = {};
    for (const name of opened.names) {
      const { data } = await opened.tensor(name);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      found[file][name] = createHash("sha256").update(bytes).digest("hex");
    }
    await opened.close();
  }
  writeFileSync(join(folder, "values.json"), JSON.stringify(found));
}
