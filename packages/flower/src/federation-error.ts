import { LowrankError } from "lowrank/extension";

/** A Flower server cannot be reached, refuses this node, or sends invalid data. */
export class FederationError extends LowrankError {
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super("FEDERATION", message, details, options);
    this.name = "FederationError";
  }
}
