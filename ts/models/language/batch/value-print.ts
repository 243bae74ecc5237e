import type { Fingerprint } from "../../../io/fingerprint.js";
import { itemsOf } from "../../../values/same-values.js";

/** Adds a value: a number, a text, a typed array, or a list, Map, Set or object of these. Values that `sameValues` tells apart differ. */
export function addValue(print: Fingerprint, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    print.addNumber(0).add(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (typeof value === "object" && value !== null) {
    const items = itemsOf(value);
    print.addNumber(1).addNumber(items.length);
    for (const item of items) addValue(print, item);
  } else {
    const text = Object.is(value, -0) ? "-0" : String(value);
    print.addNumber(2).add(new TextEncoder().encode(`${typeof value} ${text}`));
  }
}
