import { date, duration, fixed, megabytes, n, percent, significant, some, spanned, wholePercent } from "./numbers.js";
import type { Messages } from "../en/main.js";

export { forReading } from "./reading.js";

/** The Studio's texts in German. */
const rows = (count: number) => some(count, "Zeile", "Zeilen");

export const de: Messages = {
  skip: "Zum Inhalt",
  promise: "Alles geschieht in diesem Tab. Kein Text verlässt ihn.",
  promiseTogether:
    "Ihre Texte bleiben in diesem Tab. Die Ergebnisse des Trainings gehen an den Server, dem Sie beigetreten sind.",
  notices: "Lizenzen der verwendeten Software und Schriften",
  steps: { data: "Daten", train: "Training", judge: "Ergebnis", take: "Download" },
  nav: "Schritte",
  also: "Weitere Seiten",
  others: {
    chat: "Mit einem Sprachmodell chatten",
    search: "Suchen nach Bedeutung",
    rank: "Texte ordnen",
    compare: "Sätze vergleichen",
    together: "Gemeinsam trainieren",
    kernels: "Tempo dieses Browsers",
  },
  more: "Mehr",
  othersHints: {
    chat: "ein kleines, das in diesem Tab läuft; Sie können es mit Beispielen trainieren",
    search: "in einer Liste von Texten; mit Fragen und Antworten trainierbar",
    rank: "ein Reranker: trainiert mit Texten, die zu einer Frage passen oder nicht",
    compare: "wie ähnlich das Modell sie findet, vor und nach dem Training",
    together: "mit anderen über einen Server; Ihre Texte bleiben hier",
    kernels: "misst, wie schnell er rechnet",
  },
  settingsOf: "Sprache und Aussehen",
  languageLabel: "Sprache",
  languageFailed:
    "Die Texte in dieser Sprache ließen sich nicht laden. Prüfen Sie die Netzverbindung, und wählen Sie die Sprache noch einmal.",
  themeLabel: "Aussehen",
  themes: { auto: "wie das System", light: "hell", dark: "dunkel" },
  close: "Schließen",
  undo: "Rückgängig",
  noRoom:
    "Dieser Browser speichert für diese Seite nichts (ein privates Fenster?). Ihre Arbeit ist verloren, wenn Sie den Tab schließen.",
  unstored:
    "Der Browser konnte die letzte Änderung nicht speichern: Sein Speicher ist voll oder wurde geleert. Ihre Arbeit ist noch in diesem Tab. Speichern Sie das Projekt unter Download.",
  percent,
  wholePercent,
  number: n,
  plainNumber: (value, digits = 4) => significant(value, digits),
  decimal: (value) => fixed(value, 2),
  points: (value) => fixed(value, 1),
  quoted: (text) => `„${text}“`,
  size: megabytes,
  duration,
  span: (seconds) => {
    const [from, to] = spanned(seconds);
    return from === "" ? to : `${from} bis ${to}`;
  },
  date,

  data: {
    heading: "Bringen Sie einem Modell Ihre Labels bei",
    intro:
      "Sie brauchen eine Tabelle mit einer Spalte für Texte und einer für Labels (die Kategorie jedes Textes). Ein Text kann auch mehrere Labels, eine Zahl oder einzelne Wörter mit Labels (Namen, Orte) haben. Ein paar Hundert Zeilen sind ein guter Anfang.",
    drop: "Tabelle hier ablegen oder Datei wählen",
    formats: "CSV, TSV, JSON Lines, CoNLL oder Excel (.xlsx)",
    choose: "Datei wählen",
    paste: "Zeilen einfügen",
    pasteHint:
      "Kopieren Sie die Zellen in Ihrer Tabellenkalkulation, mit der Zeile der Spaltennamen, und fügen Sie sie hier ein.",
    pasteLabel: "Zeilen mit Text und Label",
    pasteTake: "Diese Zeilen verwenden",
    pasted: "Eingefügte Zeilen",
    sample: "Beispiel ausprobieren",
    sampleHint: "800 Sätze aus Filmkritiken (englisch), jeder mit dem Label positiv oder negativ",
    sampleName: "Filmkritiken",
    shapeText: "Text",
    shapeLabel: "Label",
    shape: [
      ["Das Paket kam nie an.", "Lieferung"],
      ["Kann ich auf Rechnung zahlen?", "Zahlung"],
      ["Ich warte noch auf meine Bestellung", "Lieferung"],
    ],
    shapeCaption: "So sieht eine Tabelle aus",
    reading: "Wird gelesen …",
    another: "Andere Tabelle verwenden",
    read: rows,
    encoding: "Kodierung",
    separator: "Trennzeichen",
    separators: { ",": "Komma", ";": "Semikolon", "\t": "Tabulator", "|": "senkrechter Strich" },
    howRead: "Leseoptionen",
    workbook: "erstes Blatt einer Arbeitsmappe",
    jsonl: "JSON Lines",
    conll: "CoNLL: ein Wort je Zeile",
    uneven: (count) => `${rows(count)} mit mehr oder weniger Spalten als die anderen`,
    textColumn: "Spalte mit den Texten",
    labelColumn: "Spalte mit den Labels",
    predicts: "Was vorhergesagt wird",
    flags: (count) => `${n(count)} Spalten mit 0 und 1`,
    labelColumns: (count) => some(count, "Spalte", "Spalten"),
    labelSeparator: "Zeichen zwischen Labels",
    numbersHeading: "Zahlen",
    labelsHeading: "Labels",
    showLabel: (label, count) => `${rows(count)} mit „${label}“ zeigen`,
    rename: (label) => `„${label}“ umbenennen`,
    renameTo: "Neuer Name (der Name eines anderen Labels vereint beide)",
    renameDo: "Umbenennen",
    renamed: (from, to) => `„${from}“ heißt jetzt „${to}“`,
    findingsHeading: "Mögliche Probleme",
    allFine: "Keine Probleme gefunden.",
    mended: "Diese Zeilen sind in Ordnung gebracht.",
    show: "Zeigen",
    removeThem: (count) => `${rows(count)} entfernen`,
    join: (label) => `Zu „${label}“ vereinen`,
    removed: (count) => `${rows(count)} entfernt`,
    found: {
      emptyText: (count) => `${rows(count)} ohne Text. ${count === 1 ? "Sie wird" : "Sie werden"} nicht verwendet.`,
      emptyLabel: (count, label) =>
        `${rows(count)} ohne ${label}. ${count === 1 ? "Sie wird" : "Sie werden"} nicht zum Training verwendet.`,
      duplicates: (count, same) =>
        `${rows(count)} ${count === 1 ? "wiederholt" : "wiederholen"} einen früheren Text mit ${same}.`,
      contradictions: (count, different) =>
        `${rows(count)} mit gleichem Text haben ${different}. Kein Modell kann bei allen richtig liegen.`,
      similarLabels: (labels) => `Diese Labels unterscheiden sich nur in Großschreibung oder Leerzeichen: ${labels}.`,
      smallClass: (labels) => `Je weniger als 10 Zeilen: ${labels}. Das ist zu wenig zum Trainieren und zum Prüfen.`,
      oneLabel: (label) => `Alle Zeilen haben dasselbe Label, „${label}“. Das Training braucht mindestens zwei.`,
      manyLabels: () => "Fast jede Zeile hat ein eigenes Label. Ist das die richtige Spalte?",
      joinedLabels: (labels) => `Mehrere Labels in einem: ${labels}. Jede Kombination zählt als ein Label.`,
      scores: () => "Die Labels sind Zahlen. Jede Zahl zählt als eigene Kategorie, auch auf einer Skala wie Sternen.",
      halfPair: (text, other) =>
        `Nur „${text}“ wird verwendet, und „${other}“ sieht wie die andere Hälfte eines Paars aus.`,
      fewRows: () => "Weniger als 20 verschiedene Texte haben ein Label. Fügen Sie weitere Zeilen hinzu.",
      fewLabels: () => "Es gibt weniger als zwei Labels. Stimmen die Spalte und das Trennzeichen zwischen den Labels?",
      withoutLabels: (count) =>
        `${rows(count)} ohne jedes Label. ${count === 1 ? "Sie wird als Text" : "Sie werden als Texte"} verwendet, zu ${count === 1 ? "dem" : "denen"} kein Label passt.`,
      singleLabels: () => "Jeder Text hat genau ein Label.",
      notNumbers: (count) =>
        `${rows(count)}, in ${count === 1 ? "der" : "denen"} keine Zahl steht. ${count === 1 ? "Sie wird" : "Sie werden"} nicht verwendet.`,
      oneNumber: () => "Alle Zeilen haben dieselbe Zahl. Das Training braucht verschiedene.",
      notMarked: (count) =>
        `${rows(count)}, deren Labels nicht zu den Wörtern des Textes passen. ${count === 1 ? "Sie wird" : "Sie werden"} nicht verwendet.`,
      noMarks: () => "Kein Wort hat ein Label. Ist das die richtige Spalte?",
      farNumbers: (count) =>
        `${rows(count)} mit einer Zahl, die stark von den anderen abweicht. Ist sie falsch, wird das Ergebnis viel schlechter.`,
    },
    search: "Suchen",
    filtered: (shown, all) => `${n(shown)} von ${rows(all)}`,
    clearFilter: "Alle Zeilen zeigen",
    tableLabel: "Zeilen",
    columnNumber: "Zeile",
    columnText: "Text",
    labelOf: (row, what) => `${what} von Zeile ${row}`,
    editText: (row) => `Text von Zeile ${row} ändern`,
    removeRow: (row) => `Zeile ${row} entfernen`,
    save: "Speichern",
    noRows: "Keine Zeile passt.",
    next: "Weiter zum Training",
    problems: {
      empty: () => "Diese Datei enthält keine Zeilen.",
      oneColumn: () =>
        "Nur eine Spalte gefunden. Nötig sind zwei, eine mit Texten und eine mit Labels, getrennt durch Komma, Semikolon, Tabulator oder senkrechten Strich.",
      notWorkbook: () =>
        "Diese Arbeitsmappe ließ sich nicht lesen. Speichern Sie das Blatt als CSV und versuchen Sie es noch einmal.",
      oldWorkbook: () =>
        "Das ist eine alte Excel-Datei (.xls) oder eine mit Kennwort. Speichern Sie sie als .xlsx oder CSV, ohne Kennwort.",
      binary: () => "Diese Datei ist keine Tabelle. Das Studio liest CSV, TSV, JSON Lines und .xlsx.",
      json: (line) => `Zeile ${line} ist kein JSON-Objekt. Jede Zeile sollte aussehen wie {"text": "…", "label": "…"}.`,
      tooLarge: () => "Diese Tabelle ist zu groß für eine Webseite. Verwenden Sie einen Teil davon.",
      noTable: () => "Diese Datei ließ sich nicht als Tabelle lesen.",
    },
  },

  train: {
    heading: "Training",
    intro:
      "Ein kleines Sprachmodell lernt aus Ihren Zeilen. Ein Fünftel davon wird beiseitegelegt und nur am Ende verwendet, um das Ergebnis zu prüfen.",
    nothing: "Es gibt noch keine Tabelle zum Trainieren.",
    nothingHint: "Öffnen Sie zuerst eine Tabelle, oder probieren Sie das Beispiel aus.",
    toData: "Zu den Daten",
    stopped: "Beheben Sie zuerst die Probleme in den Daten.",
    effort: "Wie gründlich",
    efforts: { quick: "Kurzer Versuch", normal: "Normal", thorough: "Gründlich" },
    effortHints: {
      quick: "höchstens 30 Schritte mit 400 Zeilen: genug, um zu sehen, ob es geht",
      normal: "die besten Ergebnisse in unseren Messungen",
      thorough: "doppelt so lang; hilft, wenn es viel zu lernen gibt",
    },
    estimated: (time, memory, steps) =>
      `Etwa ${time} und ${memory} Speicher, höchstens ${n(steps)} Schritte. Das Training endet früher, wenn das Modell nicht mehr besser wird.`,
    roughly: "Das ist eine erste Schätzung. Nach den ersten Schritten wird sie genauer.",
    start: "Training beginnen",
    details: "Einzelheiten",
    fields: {
      rank: "Größe des Adapters (Rang)",
      learningRate: "Lernrate",
      batchSize: "Zeilen je Schritt",
      maxTokens: "Längster Text, in Tokens",
      seed: "Startwert für den Zufall",
    },
    fieldHints: {
      rank: "wie viel der Adapter am Modell ändern kann; meist 4 bis 32",
      learningRate: "wie viel jeder Schritt ändert; verkleinern Sie sie, wenn die Kurve springt",
      batchSize: "weniger Zeilen brauchen weniger Speicher",
      maxTokens: "der Rest wird abgeschnitten; ein Token ist etwa drei Viertel eines Wortes",
      seed: "derselbe Startwert führt zum selben Ergebnis",
    },
    reset: "Empfohlene Werte verwenden",
    states: {
      starting: "Wird vorbereitet …",
      downloading: "Das Modell wird heruntergeladen (nur einmal)",
      running: "Läuft …",
      pausing: "Wird angehalten …",
    },
    phases: {
      tokenize: "Texte werden gelesen",
      "encode-validation": "Zeilen zur Validierung werden vorbereitet",
      "encode-train": "Zeilen zum Training werden vorbereitet",
      "head-only": "Das einfache Modell wird trainiert, zum Vergleich",
      train: "Training läuft",
      validate: "Wird geprüft",
      "final-fit": "Training mit allen Zeilen",
    },
    of: (done, total) => `${n(done)} von ${n(total)}`,
    left: (time) => `noch ${time}`,
    speed: (tokens) => `${n(Math.round(tokens))} Tokens je Sekunde`,
    estimate: (time, memory) => `Nach den ersten Schritten geschätzt: ${time} insgesamt, ${memory} Speicher`,
    threads: (count) => some(count, "Thread", "Threads"),
    safe: (step) => `Gespeichert bis Schritt ${n(step)}: Sie können den Tab schließen und später weitermachen`,
    pause: "Anhalten",
    chart: "Verlust (wie falsch das Modell liegt); weniger ist besser",
    chartTraining: "Zeilen des Trainings",
    chartValidation: "Zeilen der Validierung, nicht trainiert",
    chartNow: (training, validation) => `Verlust im Training ${training}, auf der Validierung ${validation}`,
    unfinished: (name) => `Das Training mit „${name}“ ist nicht zu Ende.`,
    unfinishedHint:
      "Es geht vom letzten gespeicherten Schritt weiter. Das Ergebnis ist dasselbe wie ohne Unterbrechung.",
    goOn: "Weiter",
    discard: "Löschen",
    failed: "Das Training brach ab.",
    errors: {
      QuotaError:
        "Im Browser ist zu wenig Speicherplatz für das Modell. Schaffen Sie Platz auf der Festplatte, oder löschen Sie die Daten anderer Websites.",
      MemoryError:
        "Der Speicher reicht nicht. Wählen Sie unter „Einzelheiten“ weniger Zeilen je Schritt oder eine kürzere Textlänge.",
      ModelError:
        "Das Modell konnte nicht heruntergeladen werden. Prüfen Sie die Netzverbindung, und versuchen Sie es noch einmal: Der Download geht dort weiter, wo er aufgehört hat.",
      UnsupportedError:
        "Diesem Browser fehlt etwas, das für das Training nötig ist. Aktuelle Versionen von Chrome, Edge, Firefox und Safari haben es.",
      WorkerLostError:
        "Der Browser hat die Rechnung beendet, vielleicht weil der Speicher nicht reichte. Sie können vom letzten gespeicherten Schritt weitermachen.",
      ConfigError: "Diese Daten oder Einstellungen passen nicht zusammen.",
      FormatError:
        "Eine Datei des Modells ist beschädigt. Sie wurde gelöscht. Machen Sie weiter, um sie neu herunterzuladen.",
      AdapterError: "Diese Dateien passen nicht zu diesem Modell.",
      EngineError: "Das Rechenwerk dieser Seite ließ sich nicht starten oder ist ausgefallen. Laden Sie die Seite neu.",
      NonFiniteError: "Die Zahlen wurden zu groß zum Rechnen. Eine kleinere Lernrate hilft.",
      ShapeError:
        "Eine Datei hat nicht die Form, die das Modell braucht. Sie ist beschädigt oder für ein anderes Modell gemacht.",
      StaleNodeError: "Die nötigen Daten sind nicht mehr im Speicher. Laden Sie die Seite neu.",
      FederationError: "Der Server ist nicht zu erreichen, oder er verlangt etwas, das dieser Tab nicht kann.",
      PolicyError:
        "Diese Seite darf bei dieser Adresse nicht anfragen. Auf dem eigenen Rechner: Beenden Sie lowrank studio, und starten Sie es noch einmal mit --connect und der Adresse.",
      cleared:
        "Der Browser hat gelöscht, was diese Seite gespeichert hatte. Ihre Tabelle ist noch da. Machen Sie weiter: Wenn das Modell fehlt, wird es noch einmal heruntergeladen.",
      AbortError: "Das wurde abgebrochen.",
      inUse: "Dieses Training läuft in einem anderen Tab.",
      other: "Ein unerwarteter Fehler ist aufgetreten.",
    },
    technical: "Technische Meldung (englisch)",
  },

  judge: {
    heading: "Ergebnis",
    nothing: "Es gibt noch kein Ergebnis.",
    nothingHint: "Trainieren Sie zuerst, oder laden Sie ein gespeichertes Modell.",
    toCome: "Was Sie hier sehen werden",
    toComeHere: [
      [
        "Wie gut es ist",
        "Wie viele Texte, mit denen es nicht trainiert wurde, das richtige Label bekommen, verglichen mit Raten und mit einem einfachen Modell.",
      ],
      ["Wo es falsch liegt", "Welche Labels es verwechselt, mit den Texten."],
      [
        "Was zu beheben ist",
        "Labels in Ihrer Tabelle, die vielleicht falsch sind, und Zeilen, die als Nächstes ein Label brauchen.",
      ],
      ["Seine Antworten", "Zu einem eigenen Satz oder zu einer ganzen Datei, die Sie mit Labels zurückbekommen."],
    ],
    toTrain: "Zum Training",
    toTake: "Gespeichertes Modell laden",
    intro: (count) =>
      `Einmal gemessen, an ${some(count, "Text, der vor dem Training beiseitegelegt wurde", "Texten, die vor dem Training beiseitegelegt wurden")}.`,
    loaded: "Dieses Modell wurde geladen. Sie können es ausprobieren, aber es gibt kein Testergebnis dazu.",
    largest: "Immer das häufigste Label",
    largestHint: "geraten, ohne den Text zu lesen",
    untrained: "Vor dem Training",
    untrainedHint: "dasselbe Modell, noch nicht mit Ihren Zeilen trainiert",
    head: "Einfaches Modell",
    headHint: "das unveränderte Sprachmodell; nur eine kleine Schicht darauf ist trainiert",
    adapted: "Angepasstes Modell",
    adaptedHint: "diese Schicht und ein Zusatz, der das Sprachmodell selbst ändert",
    between: (low, high) => `${low} bis ${high}`,
    interval:
      "Der Anteil der Texte, die das Label aus Ihrer Tabelle bekommen. Darunter, und auf dem Balken markiert: der Bereich, in dem dieser Anteil bei anderen solchen Texten höchstwahrscheinlich liegt (95\u00a0%).",
    verdicts: {
      adapter: (points) =>
        `Das volle Training hilft: Das angepasste Modell ist ${points} Prozentpunkte besser als das einfache, und das ist mehr als Zufall.`,
      rare: (points) =>
        `Das volle Training hilft bei seltenen Labels: ${points} Punkte mehr im Mittel über die Labels (Makro-F1), und das ist mehr als Zufall. Über alle Texte kann der Unterschied Zufall sein.`,
      ahead: (points) =>
        `Das angepasste Modell liegt ${points} Prozentpunkte vor dem einfachen, was Zufall sein kann. Das einfache Modell genügt vielleicht.`,
      even: () => "Das einfache Modell liegt so oft richtig wie das angepasste. Verwenden Sie das einfache Modell.",
      behind: (points) =>
        `Das einfache Modell liegt ${points} Prozentpunkte vorn, was Zufall sein kann. Verwenden Sie es: Das volle Training hilft hier nicht.`,
      worse: (points) =>
        `Das einfache Modell ist ${points} Prozentpunkte besser, und das ist mehr als Zufall. Verwenden Sie es: Das volle Training schadet hier.`,
    },
    sureness: (low, high) =>
      `Bei anderen solchen Texten ändert das volle Training das Ergebnis höchstwahrscheinlich um ${low} bis ${high} Punkte (95\u00a0%).`,
    near: (count) =>
      `${some(count, "dieser Texte ist", "dieser Texte sind")} ganz oder fast gleich einem Text aus dem Training. Das Ergebnis sieht besser aus, als es ist.`,
    without: (share) => `Ohne sie sind ${share} richtig.`,
    few: "Mit so wenigen Texten ist die Messung nur grob.",
    guessAsGood: (share) =>
      `Schon das häufigste Label allein trifft bei ${share} der Texte zu. Ob das Modell besser ist, ist nicht sicher. Mehr Zeilen der anderen Labels helfen.`,
    rareLose: (points) =>
      `Bei seltenen Labels ist es aber schlechter: ${points} Punkte weniger im Mittel über die Labels (Makro-F1).`,
    confusion: "Welche Labels verwechselt werden",
    confusionHint:
      "Zeilen: das Label in Ihren Daten. Spalten: das Label des Modells. Wählen Sie eine Zahl, um die Texte zu lesen.",
    truth: "Ihre Daten",
    said: "Modell",
    cell: (count, label, predicted) =>
      `${some(count, "Text", "Texte")} mit Label „${label}“, vorhergesagt „${predicted}“`,
    texts: (label, predicted) => `Label „${label}“, vorhergesagt „${predicted}“`,
    mistakes:
      "Die häufigsten Fehler: Label in Ihren Daten → Label des Modells. Wählen Sie einen, um die Texte zu lesen.",
    noMistakes: "Das Modell hat keine Fehler gemacht.",
    doubts: "Labels, die vielleicht falsch sind",
    doubtsHint:
      "Ein einfaches Modell sagt das Label jeder Zeile vorher, ohne mit dieser Zeile trainiert zu sein. Widerspricht es Ihrer Tabelle, ist eines von beiden falsch.",
    stop: "Anhalten",
    findDoubts: "Zweifelhafte Labels suchen",
    finding: (share) => `Sucht … ${share}`,
    noDoubts: "Keine zweifelhaften Labels gefunden.",
    doubtRow: (label, predicted) => `Label „${label}“, vorhergesagt „${predicted}“.`,
    odds: (share) => `Wahrscheinlichkeit Ihres Labels: ${share}`,
    next: "Was als Nächstes ein Label braucht",
    nextHint:
      "Die Zeilen ohne Label, bei denen das Modell am unsichersten ist. Mit deren Labels verbessert es sich am stärksten.",
    findNext: (count) => `${rows(count)} ohne Label durchsehen`,
    wavers: (first, p, second, q) => `„${first}“ ${p}, „${second}“ ${q}`,
    labelled: (labels) => `In Ihrer Tabelle hat sie jetzt das Label ${labels}.`,
    unlabelled: "In Ihrer Tabelle hat sie jetzt kein Label.",
    edited: "Der Text dieser Zeile wurde geändert.",
    labelOf: "Label",
    bring: "Texte ohne Labels hinzufügen",
    brought: (count) => `${rows(count)} ohne Label hinzugefügt`,
    confirm: "Das Label stimmt",
    confirmed: (label) => `Sie haben das Label „${label}“ bestätigt.`,
    accept: (label) => `In „${label}“ ändern`,
    acceptAlike: (count) => `Alle ${n(count)} dieser Art ändern`,
    remove: (count) => (count === 1 ? "Zeile entfernen" : `${rows(count)} entfernen`),
    mended: (count) => (count === 1 ? "Die Zeile ist geändert." : `${rows(count)} sind geändert.`),
    gone: "Diese Zeile steht nicht mehr in der Tabelle.",
    showing: (shown, all) => (shown < all ? `Die ${n(shown)} zweifelhaftesten von ${n(all)}` : rows(all)),
    parts: "Auf dieser Seite",
    showMore: (count) => `${n(count)} weitere zeigen`,
    retrain: (count) =>
      `${some(count, "Änderung", "Änderungen")} seit diesem Training. Trainieren Sie neu, um sie zu nutzen.`,
    trainAgain: "Neu trainieren",
    tryHeading: "Einen Satz ausprobieren",
    tryLabel: "Ein eigener Satz",
    tryDo: "Fragen",
    asking: "Fragt …",
    fitting: "Das einfache Modell wird trainiert …",
    nearest: "Untrainiertes Modell",
    nearestHint: "wie ähnlich der Satz dem Namen jedes Labels ist",
    headAnswerHint: "eine kleine Schicht, mit Ihren Zeilen trainiert",
    adaptedAnswerHint: "auch das Sprachmodell selbst ist trainiert",
    fileHeading: "Eine ganze Datei mit Labels versehen",
    fileHint:
      "Eine Tabelle mit einer Spalte für Texte. Sie bekommen sie mit zwei weiteren Spalten zurück: Label und Wahrscheinlichkeit.",
    fileChoose: "Datei wählen",
    fileColumn: "Spalte mit den Texten",
    fileBy: "Modell",
    fileDo: (count) => `${rows(count)} mit Labels versehen`,
    filePredicted: "label_vorhergesagt",
    fileProbability: "wahrscheinlichkeit",
  },

  project: {
    save: "Projekt speichern",
    open: "Projekt öffnen",
    openHint: "eine Tabelle, eine Suche oder ein Chat mit ihren Trainings, hier oder anderswo gespeichert",
    replaces: (what) =>
      `Das ersetzt, was jetzt offen ist: ${what}. Um es zu behalten, speichern Sie zuerst das Projekt.`,
    opened: "Das Projekt ist offen.",
    problems: {
      busy: "Ein Training läuft. Halten Sie es an, oder warten Sie, bis es fertig ist; öffnen Sie dann das Projekt.",
      notProject: "Diese Datei ist kein Projekt des Studios.",
      newer: "Dieses Projekt wurde mit einem neueren Studio gespeichert.",
      tooLarge: "Dieses Projekt ist zu groß für eine Webseite.",
      damaged: "Diese Projektdatei ist beschädigt.",
    },
  },
};
