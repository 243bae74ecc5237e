/** A text and what it is. */
export interface Example {
  /** The text as a user would write it. */
  readonly text: string;
  /** Name of its class. */
  readonly label: string;
}
