import { n, some } from "./numbers.js";
import type { progress as en } from "../en/progress.js";

/** The texts in German of what a training shows while it runs. */
export const progress: typeof en = {
  stages: "Abschnitte des Trainings",
  model: "Modell laden",
  read: "Texte lesen",
  compare: "Einfaches Modell, zum Vergleich",
  train: "Training",
  test: "Test",
  final: "Training mit allen Zeilen",
  done: "fertig",
  left: (time) => `Noch etwa ${time}`,
  watched: "Texte, mit denen nicht trainiert wurde",
  turned: (right, all, before) => `Richtig: ${n(right)} von ${some(all, "Text", "Texten")}; am Anfang ${n(before)}.`,
  closer: (now, before) => `Im Mittel um ${now} daneben; am Anfang um ${before}.`,
  allRight: "Alle waren von Anfang an richtig.",
  right: "richtig",
  wrong: "noch nicht richtig",
  changed: (before, now) => `${before} → ${now}`,
  yours: (target) => `in Ihrer Tabelle: ${target}`,
  finds: (text) => `findet: ${text}`,
  ended: "Das Training ist beendet.",
  nothing: "nichts",
  trained: (results) => `Das Training ist fertig. Das Ergebnis steht unter „${results}“.`,
  device: "Trainieren auf",
  processor: "Prozessor",
  graphics: (name) => `Grafikkarte (${name})`,
  deviceHint: "fällt die Grafikkarte aus, geht das Training auf dem Prozessor weiter",
  softwareHint: "das ist ein Programm auf dem Prozessor und langsamer als dieser selbst: nur für Tests",
  onGraphics: (name) => `auf der Grafikkarte: ${name}`,
  fellBack: "Die Grafikkarte ließ sich nicht nutzen. Das Training läuft auf dem Prozessor.",
};
