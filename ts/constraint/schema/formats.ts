/** Digits of a year, month and day, as they are in the calendar. */
const leap = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const date =
  `(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))` +
  `|${leap}-02-29)`;
const clock = "(?:[01]\\d|2[0-3]):[0-5]\\d";
const time = `${clock}:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${clock})`;
const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = `${byte}(?:\\.${byte}){3}`;
const label = "[a-z0-9](?:[a-z0-9-]{0,29}[a-z0-9])?";
const hostname = `${label}(?:\\.${label}){0,6}`;
const group = "[0-9a-f]{1,4}";

/** Formats of strings as expressions of the whole string: each writes some of its texts, all of which are valid. */
export const formats: ReadonlyMap<string, string> = new Map([
  ["date", date],
  ["time", time],
  ["date-time", `${date}T${time}`],
  [
    "duration",
    "P(?:\\d{1,9}W|\\d{1,9}D|(?:\\d{1,9}D)?T(?:\\d{1,9}H(?:\\d{1,9}M)?(?:\\d{1,9}S)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S))",
  ],
  ["uuid", "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"],
  ["email", `[A-Za-z0-9_+-]{1,16}(?:\\.[A-Za-z0-9_+-]{1,15})?@${label}(?:\\.${label}){1,2}`],
  ["hostname", hostname],
  ["ipv4", ipv4],
  ["ipv6", `(?:${group}:){7}${group}`],
  [
    "uri",
    `https?://${hostname}(?::[1-9]\\d{1,3})?(?:/[A-Za-z0-9._~-]{0,64}){0,10}(?:\\?[A-Za-z0-9._~=&-]{0,255})?(?:#[A-Za-z0-9._~-]{0,64})?`,
  ],
]);

/** Look-aheads in patterns that zod writes beside a format: each text of the expression above meets them. */
const met = new Map<string, readonly string[]>([
  ["email", ["(?!\\.)", "(?!.*\\.\\.)"]],
  ["duration", ["(?!.*W)", "(?=\\d|T\\d)", "(?=\\d)"]],
  ["hostname", ["(?=.{1,253}\\.?$)"]],
]);

/** A pattern beside some formats, without the look-aheads that their texts meet. */
export const patternBeside = (pattern: string, own: readonly string[]): string =>
  own.flatMap((format) => met.get(format) ?? []).reduce((rest, ahead) => rest.replaceAll(ahead, ""), pattern);
