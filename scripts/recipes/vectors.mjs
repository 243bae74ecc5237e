import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";

/** Sentence vectors of the frozen encoder, `[hidden]` each, kept in files by text and length so that every run shares them. */
export class FrozenVectors {
  constructor(encoder, folder, maxTokens) {
    this.encoder = encoder;
    this.folder = join(folder, `vectors-${maxTokens}`);
    mkdirSync(this.folder, { recursive: true });
  }

  async of(texts) {
    const files = texts.map((text) => join(this.folder, createHash("sha256").update(text).digest("hex").slice(0, 32)));
    const missing = texts.flatMap((_, i) => (existsSync(files[i]) ? [] : [i]));
    if (missing.length > 0) {
      const made = await this.encoder.encode(
        missing.map((i) => texts[i]),
        { adapter: null, normalize: false },
      );
      missing.forEach((place, i) => writeFileSync(files[place], new Uint8Array(made[i].buffer.slice(0))));
    }
    return files.map((file) => new Float32Array(new Uint8Array(readFileSync(file)).buffer));
  }
}
