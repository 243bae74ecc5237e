/** Node's and PostgreSQL's names for a connection that could not be made, and of nothing that was asked for has come to the server. */
const REFUSED = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "57P03"];
/** The same for one that broke: what was asked for may have been done. */
const BROKEN = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "57P01", "57P02", "08000", "08003", "08006"];
const SENTENCES = /^Connection (is closed|terminated|ended)|Client has encountered a connection error/;

/**
 * Whether an error is of the connection, not of what was asked for: "refused" where nothing was asked yet, "broken" where that may have
 * been done; null for another error.
 */
export function connectionLoss(error: unknown): "refused" | "broken" | null {
  const { code, message, cause } = Object(error) as { code?: unknown; message?: unknown; cause?: unknown };
  if (REFUSED.includes(String(code))) return "refused";
  if (cause !== undefined && connectionLoss(cause) === "refused") return "refused";
  return BROKEN.includes(String(code)) || SENTENCES.test(String(message)) ? "broken" : null;
}
