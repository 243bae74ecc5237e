import { fromHalf } from "../safetensors/half.js";

/** Writes a block's values, from `to` on, of the bytes from `at` on. */
export type DecodeBlock = (bytes: Uint8Array, at: number, values: Float32Array, to: number) => void;

/** A binary16, its lower byte first. */
export const half = (bytes: Uint8Array, at: number) => fromHalf(bytes[at]! | (bytes[at + 1]! << 8));
