/** A call of a function that a model asks for. */
export interface ToolCall {
  /** Names the call in the conversation: nine letters and digits, the same for the same prompt and seed. */
  readonly id: string;
  /** The function's name, one of the given tools. */
  readonly name: string;
  /** The arguments as JSON, an object; without its end if the generation ended before. */
  readonly arguments: string;
}

/** A part of a call, as it is generated. The first of each call has its id and its name. */
export interface ToolCallPiece {
  /** Number of the call in its answer. */
  readonly index: number;
  /** The call's id, of its first part. */
  readonly id?: string;
  /** The function's name, of the call's first part. */
  readonly name?: string;
  /** Further characters of the arguments. */
  readonly arguments: string;
}
