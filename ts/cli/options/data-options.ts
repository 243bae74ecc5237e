import type { TaskName } from "../../tasks/index.js";
import type { TokenFields } from "../../io/examples/tokens/located-tokens.js";

/** Options of `lowrank data`. */
export interface DataOptions {
  readonly task?: TaskName;
  readonly fields?: TokenFields;
  readonly test?: string;
  readonly text?: string;
  readonly label?: string;
  readonly labelNames?: Readonly<Record<string, string>>;
  readonly group?: string;
  readonly dropDuplicates?: boolean;
  readonly model?: string;
  readonly maxTokens?: number;
  readonly allow?: readonly string[];
  readonly json: boolean;
}
