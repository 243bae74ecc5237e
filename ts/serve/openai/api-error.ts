import {
  AdapterError,
  ConfigError,
  FormatError,
  LowrankError,
  MemoryError,
  ModelError,
  UnsupportedError,
} from "../../errors/errors.js";
import { POSITIONS } from "../../models/language/prompts.js";
import { Refusal } from "../problem.js";

/** The `error` of an answer, as OpenAI's API has it. */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  /** The field of the request; null where the error is not one field's. */
  readonly param: string | null;
  /** Code for programs: stable while messages may change. */
  readonly code: string | null;
}

/** A rejected request. */
export class ApiError extends LowrankError {
  constructor(
    readonly status: number,
    code: string,
    message: string,
    readonly param: string | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(code, message, {}, options);
  }

  get body(): ErrorBody {
    const type = this.status >= 500 ? "server_error" : "invalid_request_error";
    return { message: this.message, type, param: this.param, code: this.code };
  }
}

/** Some tens of milliseconds free a place: a second is enough, and the header's smallest unit. */
const AGAIN = { "retry-after": "1" };

/** Too much work for now. */
export const busy = (message: string) => new ApiError(503, "overloaded", message, null, AGAIN);

export const stopping = () => busy("the server is stopping");

/** Any error as an answer's. Only errors of this package are described to the client. */
export function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Refusal) {
    const { status, code, message, details } = error;
    if (status === 503) return busy(message);
    const param = typeof details["option"] === "string" ? details["option"] : null;
    return new ApiError(status === 422 ? 400 : status, code.toLowerCase(), message, param);
  }
  if (error instanceof MemoryError) return new ApiError(503, "memory", error.message, null, AGAIN, { cause: error });
  const [code, message] =
    error instanceof LowrankError
      ? [error.code.toLowerCase(), error.message]
      : ["internal", "the server failed; its log says how"];
  return new ApiError(500, code, message, null, {}, { cause: error });
}

/** Errors of what a request names, with the answer's code. */
const CODES = [
  [ConfigError, "invalid_value"],
  [AdapterError, "invalid_adapter"],
  [FormatError, "invalid_adapter"],
  [ModelError, "unsupported"],
  [UnsupportedError, "unsupported"],
] as const;

/** Fields of options that bind an answer to a format. */
const FORMATS: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["schema", "response_format"],
  ...["regex", "grammar", "choices"].map((name) => [name, "structured_outputs"] as const),
]);

/**
 * Runs what reads a request: errors of its values are the client's.
 *
 * @param prompt the field that prompts come from
 * @param renamed changes names of fields in messages and `param`, for a route that has others than chat completions
 */
export function reading<T>(prompt: string, read: () => T, renamed = (words: string) => words): T {
  try {
    return read();
  } catch (error) {
    const code = CODES.find(([kind]) => error instanceof kind)?.[1];
    if (code === undefined) throw error;
    const { message, details } = error as LowrankError;
    const { option, key } = details as { option?: unknown; key?: unknown };
    const name = typeof option === "string" ? option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : null;
    const isPrompt = name === "prompt" || key === "chat_template" || code === "invalid_adapter";
    const param = isPrompt ? prompt : name === null ? null : (FORMATS.get(name) ?? name);
    throw new ApiError(
      400,
      key === POSITIONS ? "context_length_exceeded" : code,
      renamed(message),
      param === null ? null : renamed(param),
    );
  }
}
