import { LowrankError } from "../errors/errors.js";

/** What is answered where a request is refused: the status, and whether to come again. */
const STATUS = {
  /** No such address. */
  PATH: 404,
  /** An address that takes other methods. */
  METHOD: 405,
  /** A body that is not JSON by its headers. */
  MEDIA_TYPE: 415,
  /** A body of too many bytes. */
  BODY_SIZE: 413,
  /** A body that did not come in time. */
  BODY_TIME: 408,
  /** Bytes that are no JSON object. */
  FORMAT: 400,
  /** A field that is missing, unknown or of the wrong type. */
  CONFIG: 422,
  /** Too many texts, or one with too many characters. */
  LIMIT: 422,
  /** No such tenant, or no such version of its adapter. */
  TENANT: 404,
  /** `authorize` said no. */
  FORBIDDEN: 403,
  /** `authorize` did not answer in time. */
  AUTHORIZE_TIME: 504,
  /** An adapter without a head was asked to classify. */
  NO_CLASSIFIER: 422,
  /** More waits than may, or the server is stopping. */
  BUSY: 503,
  /** The answer was not there in time. */
  TIME: 503,
  /** The store of adapters failed. */
  STORE: 502,
  /** The store of adapters did not answer in time. */
  STORE_TIME: 504,
  /** The client went away. */
  ABORTED: 499,
} as const;

/** `code` in the body of a refusal; others are the codes of this package's errors, with status 500. */
export type ProblemCode = keyof typeof STATUS;

/** Why a request is refused. */
export class Refusal extends LowrankError {
  readonly status: number;

  constructor(
    code: ProblemCode,
    message: string,
    details: Record<string, unknown> = {},
    private readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(code, message, details, options);
    this.status = STATUS[code];
  }

  /** What is answered. */
  response(): Response {
    const again: Record<string, string> = this.status === 503 ? AGAIN : {};
    return problem(this.status, this.code, this.message, this.details, { ...again, ...this.headers });
  }
}

/** Passes take some tens of milliseconds: a second is enough, and the header knows no less. */
const AGAIN = { "retry-after": "1" };

/** Details that tell a client what to change; what else an error holds stays here. */
const TOLD = ["option", "expected", "allowed", "meant", "place", "actual", "maximum", "tenant", "version"];

/** What is answered where something else went wrong: of an error of ours its code, of another nothing. */
export function failure(error: unknown): Response {
  if (error instanceof Refusal) return error.response();
  if (!(error instanceof LowrankError)) return problem(500, "INTERNAL", "the server failed; its log says how");
  // Linear memory is full of what others ask for.
  const status = error.code === "MEMORY" ? 503 : 500;
  return problem(status, error.code, error.message, {}, status === 503 ? AGAIN : {});
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  499: "Client Closed Request",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Problem details as RFC 9457 has them, with a code that stays while texts may change. */
function problem(
  status: number,
  code: string,
  detail: string,
  details: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Response {
  const told = TOLD.filter((key) => details[key] !== undefined).map((key) => [key, details[key]] as const);
  const body = { ...Object.fromEntries(told), type: "about:blank", title: TITLES[status], status, code, detail };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}
