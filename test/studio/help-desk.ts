/** Words of a subject, and who answers questions about it. The base model cannot know who, so training helps. */
const subjects = [
  ["parcel", "courier", "Berger"],
  ["invoice", "payment", "Klein"],
  ["password", "login", "Okafor"],
  ["printer", "paper", "Rossi"],
  ["holiday", "vacation day", "Novak"],
  ["coffee machine", "kitchen", "Svensson"],
  ["contract", "signature", "Dubois"],
  ["car", "parking space", "Tanaka"],
  ["heating", "window", "Silva"],
  ["training course", "certificate", "Haddad"],
  ["phone", "headset", "Murphy"],
  ["customer complaint", "refund", "Jansen"],
] as const;

const forms = [
  (thing: string) => `My ${thing} does not work.`,
  (thing: string) => `Who can help me with the ${thing}?`,
  (thing: string) => `I have a question about a ${thing}.`,
  (thing: string) => `There is a problem with our ${thing}`,
  (thing: string) => `When do I get another ${thing}?`,
];

/** 120 questions, ten of each subject, and twelve answers; the subjects take turns. */
export const helpDesk: readonly { readonly question: string; readonly answer: string }[] = forms.flatMap((ask) =>
  [0, 1].flatMap((word) =>
    subjects.map((subject) => ({ question: ask(subject[word as 0 | 1]), answer: `Write to ${subject[2]}, please.` })),
  ),
);
