import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { sameShape } from "../../values/tensor.js";
import type { Pause } from "../stored-tensor.js";
import { bytesOf, samplesOf } from "./find-by-value.js";
import { matrixOf, type Window, windowsOf } from "./windows.js";

/** Tells which tensors of a file are the same to the bit; a few bytes of each are kept. */
export class Twins {
  private readonly starts = new Map<string, Uint8Array>();

  constructor(
    private readonly base: OpenTensorFile,
    private readonly pause: Pause,
  ) {}

  /** How many others there are like a tensor, but for those of `apart`, which are copies of each other. */
  async of(name: string, apart: readonly string[]): Promise<number> {
    const { base } = this;
    const { shape, dtype } = base.info(name);
    let twins = 0;
    for (const other of base.names) {
      if (other === name || (apart.includes(name) && apart.includes(other))) continue;
      const info = base.info(other);
      if (info.dtype === dtype && sameShape(info.shape, shape) && (await this.areSame(name, other))) twins++;
    }
    return twins;
  }

  private async areSame(name: string, other: string): Promise<boolean> {
    const matrix = matrixOf(this.base.info(name).shape);
    const [first, ...others] = samplesOf(matrix);
    if (first !== undefined && !equal(await this.start(name, first), await this.start(other, first))) return false;
    for (const window of [...others, ...windowsOf(matrix)]) {
      await this.pause();
      if (!equal(await bytesOf(this.base, name, window), await bytesOf(this.base, other, window))) return false;
    }
    return true;
  }

  private async start(name: string, window: Window): Promise<Uint8Array> {
    const found = this.starts.get(name) ?? (await bytesOf(this.base, name, window));
    this.starts.set(name, found);
    return found;
  }
}

const equal = (a: Uint8Array, b: Uint8Array) => a.every((byte, i) => byte === b[i]);
