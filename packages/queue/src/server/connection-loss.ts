/** Error codes of Node and PostgreSQL for a failed connection. The request has not reached the server. */
const REFUSED = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "57P03"];
/** Error codes of a broken connection. The server may have executed the request. */
const BROKEN = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "57P01", "57P02", "08000", "08003", "08006"];
const SENTENCES = /^Connection (is closed|terminated|ended)|Client has encountered a connection error/;

/**
 * Classifies connection errors: "refused" if the request has not reached the server, "broken" if it may have
 * been executed; null for other errors.
 */
export function connectionLoss(error: unknown): "refused" | "broken" | null {
  const { code, message, cause } = Object(error) as { code?: unknown; message?: unknown; cause?: unknown };
  if (REFUSED.includes(String(code))) return "refused";
  if (cause !== undefined && connectionLoss(cause) === "refused") return "refused";
  return BROKEN.includes(String(code)) || SENTENCES.test(String(message)) ? "broken" : null;
}
