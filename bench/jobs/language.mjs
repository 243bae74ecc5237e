// A language model from a GGUF file, in turn with llama.cpp: node jobs/language.mjs '{ library, build, threads, path, weights, rounds, tile, label }'
import { openAsBlob } from "node:fs";
import { openLlamaCpp } from "../language/llama-cpp.mjs";
import { openLowrank } from "../language/lowrank.mjs";
import { measure } from "../language/measure.mjs";
import { runtimeName } from "../runtimes/node.mjs";

const { library, build, threads, path, weights, rounds, tile, label } = JSON.parse(process.argv[2]);
const emit = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);

const ours = await openLowrank({ library, build, threads, file: await openAsBlob(path), tile });
const theirs = await openLlamaCpp({ threads, path, prompt: ours.prompt });
const runtime = [runtimeName, label].filter(Boolean).join(" ");
await measure([ours, theirs], { rounds, runtime, weights }, emit);
process.exit(0);
