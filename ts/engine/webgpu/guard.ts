import type { Pointer } from "../kernels.js";

/** What AdamW looks at before it changes anything: the address of a word that is not 0 if a step's numbers are not finite. */
export class Guard {
  /** 0 for none. */
  flag: Pointer = 0;

  /** Runs `update` with a flag. */
  during(flag: Pointer, update: () => void): void {
    this.flag = flag;
    try {
      update();
    } finally {
      this.flag = 0;
    }
  }
}
