/** A labelled text. */
export interface Example {
  /** The text. */
  readonly text: string;
  /** Name of its class. */
  readonly label: string;
}
