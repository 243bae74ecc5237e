import { AdapterError } from "../../errors/errors.js";

/** Steps that matching may take at most at the start, and that every path adds. */
const RESERVE = 30_000_000;
const PER_PATH = 3_000;

/** What an instruction of a compiled pattern costs: memory, which is dearer than a step. */
const PER_INSTRUCTION = 30;

/**
 * What matching may still cost. A pattern's length times the paths' is the product of two things that a stranger chooses;
 * an honest adapter spends a few millions of steps, a limit of time in proportion to the file remains.
 */
export class WorkLimit {
  private left = RESERVE;

  /** Another path is going to be matched. */
  path(): void {
    this.left = Math.min(this.left + PER_PATH, RESERVE);
  }

  /** A pattern of so many instructions was compiled. Throws as `spend`. */
  compiled(instructions: number): void {
    this.spend(instructions * PER_INSTRUCTION);
  }

  /** Throws `AdapterError` where all has been spent. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0)
      throw new AdapterError(
        "adapter: its configuration's patterns take too long to match against its modules; write them shorter",
        { op: "adapter", option: "target_modules" },
      );
  }
}
