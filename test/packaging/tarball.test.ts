import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packed } from "./consumer.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowrank-tarball-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

// The goal is 7 MB unpacked (runs on preferences took 10 kB of it): losses, cross-encoders, folders of sentence-transformers, search and numbers took 130 kB packed, 400 unpacked,
// losses of preferences, runs on pairs and rerankers and `lowrank push` 40 and 100, several labels and language models as encoders 24 and 80, scripts
// that are fetched late 8; the final fit and calibrated probabilities, with what reranking losses took before, 15. The Studio has a copy of the library, with them. Its page for
// search took 39 packed and 99 unpacked, of which 44 are the example's questions.
// Rounds of every task in pages took 2 kB packed, 9 unpacked; what the Studio trains and shows since, and its copy of those, 12 and 36.
// Calls of functions took 16 packed, 51 unpacked; the Studio's copy of them and of what came with them 28 and 107.
// OpenAI's responses, with schemas of all fields, and what the prefix cache and drafts took at the time, 8 packed, 26 unpacked (2,556,558 and 7,743,785).
// Gemma 4, mixtures of experts, a stored prefix cache and the chat of the Studio with formats, functions and adapters took 30 packed, 92 unpacked (2,594,685 and 7,861,915),
// of the Studio 60 and 160 with its copy of those (2,566,537 and 7,811,106).
// Source maps were 8.3 MB of 23.3: functions and classes keep their names in every script, and a line is a statement, so that a stack can be
// read without. Rounds of every task took 4 packed, 25 unpacked; runs on pairs and rerankers with teachers, prompts and classes 8 and 35. The Studio was 7.1 MB. Binaries in inline.js are compressed, which gave 0.9 MB back; the Studio's picture
// ends at the answers, 84 kB less. Structured output, the server of language models and five families of them took 18 packed, 150 unpacked; delta nets, with 17 kB in the binaries and as much in inline.js, 35 and 95; embeddings, reranking and classes by the same server 7 and 25; what reviewers found in them 3 and 8; the provider for the AI SDK, with its page, 8 and 23. What is left, packed: four binaries 530 kB, the scripts of a page's worker 390, inline.js 260, the example
// data 250, which `lowrank finetune` begins with.
// Bounds stand 1 to 2 % above what was measured: npm's compressed size differs by some hundred bytes from machine to machine.
it.each([
  // The engine on a GPU, which stands in the scripts of pages and Node, in the one with everything and in the worker's, took 50 kB, 165 unpacked; the
  // Studio has a copy.
  [".", 2_700_000, 8_150_000],
  ["packages/flower", 50_000, 200_000],
  ["packages/queue", 40_000, 150_000],
  // 279 kB (unpacked 961) recognise the language of texts, fetched with a table; the licences of others have 8 (unpacked 60), encoders on a GPU and what was mended 5.
  ["web", 3_150_000, 9_500_000],
])("the tarball of %s is at most %i bytes, unpacked %i", (of, most, mostUnpacked) => {
  const { files, size, unpackedSize } = packed(folder, of);
  expect(files.length).toBeGreaterThan(5);
  expect(size).toBeLessThanOrEqual(most);
  expect(unpackedSize).toBeLessThanOrEqual(mostUnpacked);
  expect(files.filter((path) => path.endsWith(".map"))).toEqual([]);
});
