import { mutateBytes } from "./mutate-bytes.js";
import { mutateGguf } from "./mutate-gguf.js";
import { mutateJson } from "./mutate-json.js";
import type { Choices } from "./random.js";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A safetensors file with its header changed; mostly of the length that it says, so that more than that is looked at. */
function mutateHeader(file: Uint8Array, choices: Choices): Uint8Array {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const json = JSON.parse(decode(file.subarray(8, 8 + length))) as { __metadata__?: { state?: string } };
  const state = json.__metadata__?.state;
  const inner = state !== undefined && choices.happens(0.6);
  if (inner) json.__metadata__!.state = mutateJson(JSON.parse(state), choices);
  const header = encode(inner ? JSON.stringify(json) : mutateJson(json, choices));
  const data = choices.happens(0.8)
    ? file.subarray(8 + length)
    : file.subarray(8 + length, file.length - choices.below(9));
  const changed = new Uint8Array(8 + header.length + data.length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(choices.happens(0.9) ? header.length : length), true);
  changed.set(header, 8);
  changed.set(data, 8 + header.length);
  return changed;
}

/** A file with some damage that suits its kind, which its name tells. */
export function mutateFile(name: string, bytes: Uint8Array, choices: Choices): Uint8Array {
  if (choices.happens(0.25)) return mutateBytes(bytes, choices);
  if (name.endsWith(".safetensors")) return mutateHeader(bytes, choices);
  if (name.endsWith(".gguf")) return mutateGguf(bytes, choices);
  if (name.endsWith(".json")) return encode(mutateJson(JSON.parse(decode(bytes)), choices));
  if (!name.endsWith(".jsonl")) return mutateBytes(bytes, choices);
  const lines = decode(bytes).trim().split("\n");
  lines[choices.below(lines.length)] = mutateJson(JSON.parse(choices.pick(lines)), choices);
  return encode(lines.join(choices.pick(["\n", "\r\n", "\r"])));
}
