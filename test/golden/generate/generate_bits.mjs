// node generate_bits.mjs > ../bits.json, after npm run build: the SHA-256 of every case of test/properties/bits/cases.ts, by number of threads.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/setup/paths.mjs";
import { bitsModule, bundleProgram } from "../../runtimes/bundle.mjs";

const program = await bundleProgram(bitsModule, join(root, "build/generate-bits.mjs"));
const bitsWith = (threads) => JSON.parse(execFileSync(process.execPath, [program, threads], { encoding: "utf8" })).bits;
console.log(JSON.stringify({ 1: bitsWith("1"), 2: bitsWith("2") }, null, 2));
rmSync(program);
