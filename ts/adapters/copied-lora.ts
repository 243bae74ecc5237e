import { isRecord } from "../arguments/collections.js";
import { copiedOptions } from "../arguments/options.js";
import { kindOf } from "../errors/excerpt.js";

/**
 * A call's `lora` as it is now, with its lists and patterns, for a call that awaits something before it makes the adapter. Other values are
 * kept as they are, for the check that refuses them.
 */
export function copiedLora<T>(lora: T, depth = 2): T {
  if (!/^(Array|Object)$/.test(kindOf(lora))) return lora;
  const own = Object.assign(Array.isArray(lora) ? [] : {}, lora) as Record<string, unknown>;
  if (depth > 0) for (const name in own) own[name] = copiedLora(own[name], depth - 1);
  return own as T;
}

/** A call's options as they are now, with a copy of `lora`. Other values are kept as they are, for the check that refuses them. */
export function withCopiedLora<T extends { readonly lora?: unknown }>(options: T): T {
  if (!isRecord(options)) return options;
  const own = copiedOptions<T>(options);
  return "lora" in own ? { ...own, lora: copiedLora(own.lora) } : own;
}
