import { LowrankError } from "../errors/errors.js";

/** Codes of refusals, with the status and whether to retry. */
const STATUS = {
  /** Unknown path. */
  PATH: 404,
  /** Wrong method for this path. */
  METHOD: 405,
  /** The content type is not JSON. */
  MEDIA_TYPE: 415,
  /** The body is too large. */
  BODY_SIZE: 413,
  /** The body did not arrive in time. */
  BODY_TIME: 408,
  /** The body is not a JSON object. */
  FORMAT: 400,
  /** A field is missing, unknown or of the wrong type. */
  CONFIG: 422,
  /** Too many texts, or one with too many characters. */
  LIMIT: 422,
  /** Unknown tenant, or unknown version of its adapter. */
  TENANT: 404,
  /** `authorize` refused. */
  FORBIDDEN: 403,
  /** `authorize` did not answer in time. */
  AUTHORIZE_TIME: 504,
  /** The adapter has no head for classification. */
  NO_CLASSIFIER: 422,
  /** Too many requests are waiting, or the server is stopping. */
  BUSY: 503,
  /** The answer was not ready in time. */
  TIME: 503,
  /** The store of adapters failed. */
  STORE: 502,
  /** The store of adapters did not answer in time. */
  STORE_TIME: 504,
  /** The client disconnected. */
  ABORTED: 499,
} as const;

/** `code` in the body of a refusal; other codes are those of this package's errors, with status 500. */
export type ProblemCode = keyof typeof STATUS;

/** The refusal of a request. */
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

  /** The response. */
  response(): Response {
    const again: Record<string, string> = this.status === 503 ? AGAIN : {};
    return problem(this.status, this.code, this.message, this.details, { ...again, ...this.headers });
  }
}

/** A pass takes some tens of milliseconds: a second is enough, and the header's smallest unit. */
const AGAIN = { "retry-after": "1" };

/** Details that help the client; others are not sent. */
const TOLD = ["option", "expected", "allowed", "meant", "place", "actual", "maximum", "tenant", "version"];

/** The response to another error: with the code of this package's errors, without any for others. @param told makes a message one for clients */
export function failure(error: unknown, told: (message: string) => string): Response {
  if (error instanceof Refusal) return error.response();
  if (!(error instanceof LowrankError)) return problem(500, "INTERNAL", "the server failed; its log says how");
  // Linear memory is full with other requests.
  const status = error.code === "MEMORY" ? 503 : 500;
  return problem(status, error.code, told(error.message), {}, status === 503 ? AGAIN : {});
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

/** Problem details (RFC 9457), with a code that is stable while messages may change. */
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
