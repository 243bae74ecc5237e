import { AdapterError } from "../../errors/errors.js";

/** Steps that matching may take at most at the start, and that every path adds. */
const RESERVE = 30_000_000;
const PER_PATH = 3_000;

/** Cost of an instruction of a compiled pattern: memory, which is more expensive than a step. */
const PER_INSTRUCTION = 30;

/**
 * The remaining cost of matching. A file's author chooses both the pattern's length and the paths', and the time is their product. Usual
 * adapters need a few million steps; the limit keeps the time in proportion to the file.
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
