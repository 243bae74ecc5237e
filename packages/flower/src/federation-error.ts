import { LowrankError } from "lowrank/extension";

/** A Flower server that cannot be reached, refuses this node, or says what makes no sense. */
export class FederationError extends LowrankError {
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super("FEDERATION", message, details, options);
    this.name = "FederationError";
  }
}
