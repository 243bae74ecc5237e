import type { Expected } from "./compare.js";
import { fromBase64, toBase64 } from "./exchange.js";
import type { Program } from "./program.js";
import type { Event, Mask } from "./run.js";

/** A program with what dropout drew and what PyTorch computed. */
export interface Golden {
  readonly program: Program;
  readonly masks: Readonly<Record<string, Mask>>;
  readonly expected: Expected[];
}

/** Event as it is stored: v or g, number of the tensor, values (float32) and tolerances (a byte each), both base64. */
type Stored = [kind: "v" | "g", id: number, values: string | null, tolerances: string | null];

/** A tolerance in a byte: the power of √2 that is not below it, 2⁻⁶⁰ to 2⁶⁰; 255 for none at all. */
function toByte(tolerance: number): number {
  const byte = Math.ceil(2 * Math.log2(Math.max(tolerance, 2 ** -60))) + 120;
  return byte < 241 ? byte : 255;
}

const fromByte = (byte: number) => (byte === 255 ? Infinity : 2 ** ((byte - 120) / 2));

/** One line of a golden file. */
export function goldenLine(
  { program, masks }: { program: Program; masks: ReadonlyMap<number, Mask> },
  expected: readonly Expected[],
): string {
  const events = expected.map(({ what, id, value, tolerance }): Stored => {
    const kind = what === "value" ? "v" : "g";
    if (value === null) return [kind, id, null, null];
    return [kind, id, toBase64(Float32Array.from(value)), toBase64(Uint8Array.from(tolerance!, toByte))];
  });
  return JSON.stringify({ program, masks: Object.fromEntries(masks), events });
}

/** The programs of a golden file. */
export function readGolden(text: string): Golden[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const { program, masks, events } = JSON.parse(line) as Omit<Golden, "expected"> & { events: Stored[] };
      const expected = events.map(([kind, id, values, tolerances]): Expected => {
        const what: Event["what"] = kind === "v" ? "value" : "gradient";
        const value = values === null ? null : new Float32Array(fromBase64(values));
        const tolerance = tolerances === null ? null : Array.from(new Uint8Array(fromBase64(tolerances)), fromByte);
        return { what, id, value, tolerance };
      });
      return { program, masks, expected };
    });
}
