import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError, type FileMap, FormatError, SentenceEncoder, writeFilesAtomically } from "../../ts/entry/node.js";
import { temporaryFolder } from "../io/temporary-folder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

it("an adapter is loaded and swapped from its folder as from its bytes; a wrong folder changes nothing", async () => {
  const folder = await temporaryFolder();
  try {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const texts = ["the music is good"];
    for (const name of ["one", "two"]) {
      encoder.addAdapter(name, { rank: 2, initLoraWeights: false });
      await writeFilesAtomically(join(folder, name), encoder.saveAdapter(name));
    }
    const [one, two] = [
      await encoder.encode(texts, { adapter: "one" }),
      await encoder.encode(texts, { adapter: "two" }),
    ];
    expect(one).not.toEqual(two);
    encoder.loadAdapter("read", join(folder, "one"));
    expect(await encoder.encode(texts, { adapter: "read" })).toEqual(one);
    encoder.hotswapAdapter("read", join(folder, "two"));
    expect(await encoder.encode(texts, { adapter: "read" })).toEqual(two);

    expect(() => encoder.hotswapAdapter("read", join(folder, "none"))).toThrow(ConfigError);
    await writeFilesAtomically(join(folder, "bad"), {
      ...(encoder.saveAdapter("one") as FileMap),
      "adapter_config.json": new TextEncoder().encode("{"),
    });
    expect(() => encoder.loadAdapter("bad", join(folder, "bad"))).toThrow(FormatError);
    expect(encoder.adapters().map(({ name }) => name)).toEqual(["one", "two", "read"]);
    expect(await encoder.encode(texts, { adapter: "read" })).toEqual(two);
  } finally {
    await rm(folder, { recursive: true });
  }
});
