import {
  date,
  duration,
  error,
  fixed,
  isOne,
  megabytes,
  metric,
  n,
  odds,
  points,
  share,
  significant,
  some,
  spanned,
  wholePercent,
} from "./numbers.js";
import type { Messages } from "../en/main.js";

export { forReading } from "./reading.js";

/** The Studio's texts in French. */
const rows = (count: number) => some(count, "ligne", "lignes");
const ignored = (count: number) => (isOne(count) ? "Elle n’est pas utilisée" : "Elles ne sont pas utilisées");

export const fr: Messages = {
  skip: "Aller au contenu",
  promise: "Tout se passe dans cet onglet. Aucun texte n’en sort.",
  promiseTogether:
    "Vos textes restent dans cet onglet. Les résultats de l’entraînement sont envoyés au serveur que vous avez rejoint.",
  notices: "Licences des logiciels et polices utilisés",
  steps: { data: "Données", train: "Entraînement", judge: "Résultats", take: "Télécharger" },
  nav: "Étapes",
  also: "Autres pages",
  others: {
    chat: "Discuter avec un modèle de langage",
    search: "Chercher par le sens",
    rank: "Classer des textes",
    compare: "Comparer des phrases",
    together: "Entraîner à plusieurs",
    kernels: "Vitesse de ce navigateur",
  },
  more: "Plus",
  othersHints: {
    chat: "un petit modèle qui tourne dans cet onglet\u00a0; vous pouvez l’entraîner avec des exemples",
    search: "dans une liste de textes\u00a0; s’entraîne avec des questions et leurs réponses",
    rank: "s’entraîne avec des textes qui répondent à une question et d’autres qui n’y répondent pas",
    compare: "à quel point le modèle les trouve proches, avant et après l’entraînement",
    together: "avec d’autres personnes, par un serveur\u00a0; vos textes restent ici",
    kernels: "mesure sa vitesse de calcul",
  },
  settingsOf: "Langue et apparence",
  languageLabel: "Langue",
  languageFailed:
    "Les textes dans cette langue n’ont pas pu être chargés. Vérifiez la connexion, puis choisissez-la de nouveau.",
  themeLabel: "Apparence",
  themes: { auto: "comme le système", light: "claire", dark: "sombre" },
  close: "Fermer",
  undo: "Annuler",
  noRoom:
    "Ce navigateur n’enregistre rien pour cette page (fenêtre privée\u00a0?). Votre travail sera perdu à la fermeture de l’onglet.",
  unstored:
    "Le navigateur n’a pas pu enregistrer votre dernière modification\u00a0: son espace de stockage est plein ou a été vidé. Votre travail est encore dans cet onglet. Enregistrez le projet sous «\u00a0Télécharger\u00a0».",
  wholePercent,
  share,
  odds,
  error,
  metric,
  points,
  number: n,
  plainNumber: (value, digits = 4) => significant(value, digits),
  decimal: (value) => fixed(value, 2),
  quoted: (text) => `«\u00a0${text}\u00a0»`,
  size: megabytes,
  duration,
  span: (seconds) => {
    const [from, to] = spanned(seconds);
    return from === "" ? to : `${from} à ${to}`;
  },
  date,

  data: {
    heading: "Apprenez vos étiquettes à un modèle",
    intro:
      "Il vous faut un tableau avec une colonne de textes et une colonne d’étiquettes (la catégorie de chaque texte). Un texte peut aussi porter plusieurs étiquettes ou un nombre, ou contenir des mots étiquetés (noms, lieux). Quelques centaines de lignes suffisent pour commencer.",
    drop: "Déposez un tableau ici ou choisissez un fichier",
    formats: "CSV, TSV, JSON Lines, CoNLL ou Excel (.xlsx)",
    choose: "Choisir un fichier",
    paste: "Coller des lignes",
    pasteHint: "Copiez les cellules dans votre tableur, avec la ligne des noms de colonnes, et collez-les ici.",
    pasteLabel: "Lignes avec un texte et une étiquette",
    pasteTake: "Utiliser ces lignes",
    pasted: "Lignes collées",
    sample: "Essayer l’exemple",
    sampleHint: "800 phrases de critiques de films (en anglais), classées positives ou négatives",
    sampleName: "Critiques de films",
    shapeText: "texte",
    shapeLabel: "étiquette",
    shape: [
      ["Le colis n’est jamais arrivé.", "livraison"],
      ["Puis-je payer sur facture\u00a0?", "paiement"],
      ["J’attends toujours ma commande", "livraison"],
    ],
    shapeCaption: "À quoi ressemble un tableau",
    reading: "Lecture…",
    another: "Utiliser un autre tableau",
    read: rows,
    encoding: "Encodage",
    separator: "Séparateur",
    separators: { ",": "virgule", ";": "point-virgule", "\t": "tabulation", "|": "barre verticale" },
    howRead: "Options de lecture",
    workbook: "première feuille d’un classeur",
    jsonl: "JSON Lines",
    conll: "CoNLL\u00a0: un mot par ligne",
    uneven: (count) => `${rows(count)} avec plus ou moins de colonnes que les autres`,
    textColumn: "Colonne des textes",
    labelColumn: "Colonne des étiquettes",
    predicts: "Ce qu’il faut prédire",
    flags: (count) => `${n(count)} colonnes de 0 et de 1`,
    labelColumns: (count) => some(count, "colonne d’étiquettes", "colonnes d’étiquettes"),
    labelSeparator: "Entre les étiquettes",
    numbersHeading: "Nombres",
    labelsHeading: "Étiquettes",
    showLabel: (label, count) => `Afficher ${isOne(count) ? "la ligne" : `les ${rows(count)}`} «\u00a0${label}\u00a0»`,
    rename: (label) => `Renommer «\u00a0${label}\u00a0»`,
    renameTo: "Nouveau nom (le nom d’une autre étiquette réunit les deux)",
    renameDo: "Renommer",
    renamed: (from, to) => `«\u00a0${from}\u00a0» s’appelle maintenant «\u00a0${to}\u00a0»`,
    findingsHeading: "Problèmes possibles",
    allFine: "Aucun problème trouvé.",
    mended: "Ces lignes sont corrigées.",
    show: "Afficher",
    removeThem: (count) => `Supprimer ${rows(count)}`,
    join: (label) => `Réunir sous «\u00a0${label}\u00a0»`,
    removed: (count) => `${rows(count)} ${isOne(count) ? "supprimée" : "supprimées"}`,
    found: {
      emptyText: (count) => `${rows(count)} sans texte. ${ignored(count)}.`,
      emptyLabel: (count, label) => `${rows(count)} sans ${label}. ${ignored(count)} pour l’entraînement.`,
      duplicates: (count, same) =>
        `${rows(count)} ${isOne(count) ? "répète" : "répètent"} un texte précédent avec ${same}.`,
      contradictions: (count, different) =>
        `${rows(count)} au texte identique ont ${different}. Aucun modèle ne peut avoir raison sur toutes.`,
      similarLabels: (labels) => `Ces étiquettes ne diffèrent que par la casse ou les espaces\u00a0: ${labels}.`,
      smallClass: (labels) =>
        `Moins de 10 lignes chacune\u00a0: ${labels}. C’est trop peu pour entraîner ou pour vérifier.`,
      oneLabel: (label) =>
        `Toutes les lignes ont la même étiquette, «\u00a0${label}\u00a0». L’entraînement en demande au moins deux.`,
      manyLabels: () => "Presque chaque ligne a sa propre étiquette. Est-ce la bonne colonne\u00a0?",
      joinedLabels: (labels) =>
        `Plusieurs étiquettes en une\u00a0: ${labels}. Chaque combinaison compte comme une seule étiquette.`,
      scores: () =>
        "Les étiquettes sont des nombres. Chaque nombre compte comme une catégorie à part, même sur une échelle comme des étoiles.",
      halfPair: (text, other) =>
        `Seule la colonne «\u00a0${text}\u00a0» est utilisée, et «\u00a0${other}\u00a0» semble être l’autre moitié d’une paire.`,
      fewRows: () => "Moins de 20 textes différents ont une étiquette. Ajoutez d’autres lignes.",
      fewLabels: () =>
        "Il y a moins de deux étiquettes. Est-ce la bonne colonne, et le bon signe entre les étiquettes\u00a0?",
      withoutLabels: (count) =>
        `${rows(count)} sans aucune étiquette. ${isOne(count) ? "Elle compte comme un texte auquel" : "Elles comptent comme des textes auxquels"} aucune étiquette ne convient.`,
      singleLabels: () => "Chaque texte a exactement une étiquette.",
      notNumbers: (count) => `${rows(count)} avec autre chose qu’un nombre. ${ignored(count)}.`,
      oneNumber: () => "Toutes les lignes ont le même nombre. L’entraînement en demande de différents.",
      notMarked: (count) =>
        `${rows(count)} dont les étiquettes ne correspondent pas aux mots du texte. ${ignored(count)}.`,
      noMarks: () => "Aucun mot n’a d’étiquette. Est-ce la bonne colonne\u00a0?",
      farNumbers: (count) =>
        `${rows(count)} avec un nombre très éloigné des autres. Une erreur à cet endroit dégrade beaucoup le résultat.`,
    },
    search: "Rechercher",
    filtered: (shown, all) => `${n(shown)} sur ${rows(all)}`,
    clearFilter: "Afficher toutes les lignes",
    tableLabel: "Lignes",
    columnNumber: "Ligne",
    columnText: "Texte",
    labelOf: (row, what) => `${what}, ligne ${row}`,
    editText: (row) => `Modifier le texte de la ligne ${row}`,
    removeRow: (row) => `Supprimer la ligne ${row}`,
    save: "Enregistrer",
    noRows: "Aucune ligne ne correspond.",
    next: "Passer à l’entraînement",
    problems: {
      empty: () => "Ce fichier ne contient aucune ligne.",
      oneColumn: () =>
        "Une seule colonne a été trouvée. Il en faut deux, une pour les textes et une pour les étiquettes, séparées par une virgule, un point-virgule, une tabulation ou une barre verticale.",
      notWorkbook: () => "Ce classeur n’a pas pu être lu. Enregistrez la feuille au format CSV et réessayez.",
      oldWorkbook: () =>
        "C’est un ancien fichier Excel (.xls), ou un fichier protégé par un mot de passe. Enregistrez-le au format .xlsx ou CSV, sans mot de passe.",
      binary: () => "Ce fichier n’est pas un tableau. Le Studio lit les formats CSV, TSV, JSON Lines et .xlsx.",
      json: (line) =>
        `La ligne ${line} n’est pas un objet JSON. Chaque ligne doit ressembler à {"text": "…", "label": "…"}.`,
      tooLarge: () => "Ce tableau est trop grand pour une page web. Utilisez-en une partie.",
      noTable: () => "Ce fichier n’a pas pu être lu comme un tableau.",
    },
  },

  train: {
    heading: "Entraînement",
    intro:
      "Un petit modèle de langage apprend à partir de vos lignes. Un cinquième est mis de côté et ne sert qu’à vérifier le résultat à la fin.",
    nothing: "Il n’y a pas encore de tableau pour l’entraînement.",
    nothingHint: "Ouvrez d’abord un tableau, ou essayez l’exemple.",
    toData: "Aller aux données",
    stopped: "Corrigez d’abord les problèmes dans les données.",
    effort: "Durée de l’entraînement",
    efforts: { quick: "Essai rapide", normal: "Normal", thorough: "Approfondi" },
    effortHints: {
      quick: "au plus 30 étapes sur 400 lignes\u00a0: assez pour voir si cela fonctionne",
      normal: "les meilleurs résultats dans nos mesures",
      thorough: "deux fois plus long\u00a0; utile quand il y a beaucoup à apprendre",
    },
    estimated: (time, memory, steps) =>
      `Environ ${time} et ${memory} de mémoire, au plus ${n(steps)} étapes. L’entraînement s’arrête plus tôt si le modèle ne progresse plus.`,
    roughly: "C’est une première estimation. Elle s’affine après les premières étapes.",
    start: "Lancer l’entraînement",
    details: "Détails",
    fields: {
      rank: "Taille de l’adaptateur (rang)",
      learningRate: "Taux d’apprentissage",
      batchSize: "Lignes par étape",
      maxTokens: "Texte le plus long, en tokens",
      seed: "Graine aléatoire",
    },
    fieldHints: {
      rank: "ce que l’adaptateur, un petit ajout au modèle, peut y changer\u00a0; en général de 4 à 32",
      learningRate: "ce que change chaque étape\u00a0; diminuez-le si la courbe fait des bonds",
      batchSize: "moins de lignes demandent moins de mémoire",
      maxTokens: "le reste est coupé\u00a0; un token fait environ trois quarts d’un mot",
      seed: "la même graine donne le même résultat",
    },
    reset: "Revenir aux valeurs conseillées",
    states: {
      starting: "Préparation…",
      downloading: "Téléchargement du modèle (une seule fois)",
      running: "En cours…",
      pausing: "Mise en pause…",
    },
    phases: {
      tokenize: "Lecture des textes",
      "encode-validation": "Préparation des lignes de contrôle",
      "encode-train": "Préparation des lignes d’entraînement",
      "head-only": "Entraînement du modèle simple, pour comparer",
      train: "Entraînement",
      validate: "Vérification",
      "final-fit": "Entraînement sur toutes les lignes",
    },
    of: (done, total) => `${n(done)} sur ${n(total)}`,
    left: (time) => `encore ${time}`,
    speed: (tokens) => `${n(Math.round(tokens))} tokens par seconde`,
    estimate: (time, memory) => `Estimation d’après les premières étapes\u00a0: ${time} en tout, ${memory} de mémoire`,
    threads: (count) => some(count, "thread", "threads"),
    safe: (step) => `Enregistré jusqu’à l’étape ${n(step)}\u00a0: vous pouvez fermer l’onglet et continuer plus tard`,
    pause: "Mettre en pause",
    chart: "Perte (à quel point le modèle se trompe)\u00a0; plus elle est basse, mieux c’est",
    chartTraining: "lignes d’entraînement",
    chartValidation: "lignes de contrôle, non utilisées pour l’entraînement",
    chartNow: (training, validation) =>
      `Perte sur les lignes d’entraînement ${training}, sur les lignes de contrôle ${validation}`,
    unfinished: (name) => `L’entraînement sur «\u00a0${name}\u00a0» n’est pas terminé.`,
    unfinishedHint: "Il reprend à la dernière étape enregistrée. Le résultat est le même que sans interruption.",
    elsewhere: (name) => `L’entraînement sur «\u00a0${name}\u00a0» tourne dans un autre onglet.`,
    elsewhereHint: "C’est là que vous le suivez et le mettez en pause. À la fin, le résultat s’affiche aussi ici.",
    goOn: "Continuer",
    discard: "Supprimer",
    failed: "L’entraînement s’est arrêté.",
    errors: {
      QuotaError:
        "Le navigateur n’a pas assez de place pour le modèle. Libérez de l’espace sur le disque ou supprimez les données d’autres sites.",
      MemoryError:
        "La mémoire ne suffit pas. Sous Détails, choisissez moins de lignes par étape ou une longueur de texte plus petite.",
      ModelError:
        "Le modèle n’a pas pu être téléchargé. Vérifiez la connexion et réessayez\u00a0: le téléchargement reprend là où il s’est arrêté.",
      UnsupportedError:
        "Il manque à ce navigateur quelque chose dont l’entraînement a besoin. Une version récente de Chrome, Edge, Firefox ou Safari convient.",
      WorkerLostError:
        "Le navigateur a mis fin au calcul, peut-être par manque de mémoire. Vous pouvez reprendre à la dernière étape enregistrée.",
      ConfigError: "Ces données et ces réglages ne vont pas ensemble.",
      FormatError: "Un fichier du modèle est endommagé. Il a été supprimé. Continuez pour le télécharger de nouveau.",
      AdapterError: "Ces fichiers ne sont pas un entraînement de ce modèle.",
      EngineError: "La partie qui calcule n’a pas démarré ou s’est arrêtée. Rechargez la page.",
      NonFiniteError:
        "Les nombres sont devenus trop grands pour le calcul. Un taux d’apprentissage plus bas peut aider.",
      ShapeError: "Un fichier n’a pas la forme dont le modèle a besoin. Il est endommagé ou fait pour un autre modèle.",
      StaleNodeError: "Ce qu’il faudrait n’est plus en mémoire. Rechargez la page.",
      FederationError: "Le serveur est injoignable, ou il demande quelque chose que cet onglet ne sait pas faire.",
      cleared:
        "Le navigateur a supprimé ce que cette page avait enregistré. Votre tableau est toujours là. Continuez\u00a0: s’il manque, le modèle est téléchargé de nouveau.",
      PolicyError:
        "Cette page n’a pas le droit d’interroger ce site. Sur votre propre ordinateur\u00a0: arrêtez lowrank studio et relancez-le avec --connect suivi de l’adresse du site.",
      AbortError: "L’opération a été annulée.",
      other: "Un problème inattendu est survenu.",
    },
    technical: "Message technique (en anglais)",
  },

  judge: {
    heading: "Résultats",
    nothing: "Il n’y a pas encore de résultats.",
    nothingHint: "Lancez d’abord un entraînement, ou chargez un modèle que vous avez enregistré.",
    toCome: "Ce que vous verrez ici",
    toComeHere: [
      [
        "S’il est bon",
        "Combien de textes qu’il n’a jamais vus il étiquette correctement, par rapport au hasard et à un modèle simple.",
      ],
      ["Où il se trompe", "Quelles étiquettes il confond, avec les textes."],
      [
        "Ce qu’il faut corriger",
        "Les étiquettes de votre tableau qui sont peut-être fausses, et les lignes à étiqueter ensuite.",
      ],
      [
        "Ses réponses",
        "Pour une phrase de votre choix, ou pour tout un fichier, qui vous revient avec des étiquettes.",
      ],
    ],
    toTrain: "Aller à l’entraînement",
    toTake: "Charger un modèle",
    intro: (count) =>
      `Mesuré une seule fois, sur ${some(count, "texte mis", "textes mis")} de côté avant l’entraînement.`,
    loaded: "Ce modèle a été chargé. Vous pouvez l’essayer, mais il n’a pas de résultats de test.",
    largest: "Toujours l’étiquette la plus fréquente",
    largestHint: "deviner sans lire le texte",
    untrained: "Avant l’entraînement",
    untrainedHint: "le même modèle, pas encore entraîné sur vos lignes",
    head: "Modèle simple",
    headHint: "le modèle de langage reste tel quel\u00a0; seule une petite couche ajoutée est entraînée",
    adapted: "Modèle entraîné",
    adaptedHint: "cette couche, et un ajout qui modifie le modèle de langage lui-même",
    between: (low, high) => `de ${low} à ${high}`,
    interval:
      "La part des textes qui reçoivent l’étiquette de votre tableau. En dessous, et marqué sur la barre\u00a0: l’intervalle où cette part se situe très probablement pour d’autres textes du même genre (95\u00a0%).",
    sureness: (low, high) =>
      `Sur d’autres textes du même genre, l’entraînement complet change très probablement le résultat de ${low} à ${high} points (95\u00a0%).`,
    near: (count) =>
      `${some(count, "de ces textes est identique", "de ces textes sont identiques")} ou presque à un texte d’entraînement. Le résultat paraît meilleur qu’il ne l’est.`,
    without: (share) => `Sans eux, ${share} des réponses sont justes.`,
    few: "Avec si peu de textes, la mesure reste approximative.",
    guessAsGood: (share) =>
      `À elle seule, l’étiquette la plus fréquente donne ${share} de bonnes réponses. Il n’est pas certain que le modèle fasse mieux. Davantage de lignes avec les autres étiquettes aideraient.`,
    rareLose: (points) =>
      `Mais il est moins bon pour les étiquettes rares\u00a0: ${points} points de moins en moyenne sur les étiquettes (F1 macro).`,
    confusion: "Quelles étiquettes sont confondues",
    confusionHint:
      "En lignes\u00a0: l’étiquette de vos données. En colonnes\u00a0: celle du modèle. Choisissez un nombre pour lire ses textes.",
    truth: "Vos données",
    said: "Modèle",
    cell: (count, label, predicted) =>
      `${some(count, "texte étiqueté", "textes étiquetés")} «\u00a0${label}\u00a0», ${isOne(count) ? "prédit" : "prédits"} «\u00a0${predicted}\u00a0»`,
    texts: (label, predicted) => `Étiquette «\u00a0${label}\u00a0», prédiction «\u00a0${predicted}\u00a0»`,
    mistakes:
      "Les erreurs les plus fréquentes\u00a0: étiquette de vos données → étiquette du modèle. Choisissez-en une pour lire ses textes.",
    noMistakes: "Le modèle n’a fait aucune erreur.",
    doubts: "Étiquettes peut-être fausses",
    doubtsHint:
      "Un modèle simple prédit l’étiquette de chaque ligne sans avoir été entraîné dessus. S’il n’est pas d’accord avec votre tableau, l’un des deux se trompe.",
    stop: "Arrêter",
    findDoubts: "Chercher les étiquettes douteuses",
    finding: (share) => `Recherche… ${share}`,
    noDoubts: "Aucune étiquette douteuse trouvée.",
    doubtRow: (label, predicted) => `Étiquette «\u00a0${label}\u00a0», prédiction «\u00a0${predicted}\u00a0».`,
    odds: (share) => `Probabilité de votre étiquette\u00a0: ${share}`,
    next: "Quoi étiqueter ensuite",
    nextHint:
      "Les lignes sans étiquette sur lesquelles le modèle hésite le plus. Ce sont leurs étiquettes qui l’améliorent le plus.",
    findNext: (count) => `Parcourir ${rows(count)} sans étiquette`,
    wavers: (first, p, second, q) => `«\u00a0${first}\u00a0» ${p}, «\u00a0${second}\u00a0» ${q}`,
    labelled: (labels) => `Dans votre tableau, son étiquette est maintenant ${labels}.`,
    unlabelled: "Dans votre tableau, cette ligne n’a plus d’étiquette.",
    edited: "Le texte de cette ligne a été modifié.",
    labelOf: "Étiquette",
    bring: "Ajouter des textes sans étiquette",
    brought: (count) => `${rows(count)} sans étiquette ${isOne(count) ? "ajoutée" : "ajoutées"}`,
    confirm: "Elle est juste",
    confirmed: (label) => `Vous avez confirmé l’étiquette «\u00a0${label}\u00a0».`,
    accept: (label) => `Remplacer par «\u00a0${label}\u00a0»`,
    acceptAlike: (count) => `Remplacer les ${n(count)} du même genre`,
    remove: (count) => (count === 1 ? "Supprimer la ligne" : `Supprimer ${rows(count)}`),
    mended: (count) => (count === 1 ? "La ligne est modifiée." : `${rows(count)} sont modifiées.`),
    gone: "Cette ligne n’est plus dans le tableau.",
    showing: (shown, all) => (shown < all ? `Les ${n(shown)} plus douteuses sur ${n(all)}` : rows(all)),
    parts: "Sur cette page",
    showMore: (count) => `En afficher ${n(count)} de plus`,
    retrain: (count) =>
      `${some(count, "modification", "modifications")} depuis cet entraînement. Relancez-le pour en tenir compte.`,
    trainAgain: "Entraîner de nouveau",
    tryHeading: "Essayer une phrase",
    tryLabel: "Une phrase de votre choix",
    tryDo: "Demander",
    noneHeading: "Aucune ne convient\u00a0?",
    noneHint:
      "Le modèle répond à chaque texte par l’une de vos étiquettes, même si aucune ne convient. Si vous attendez de tels textes, ajoutez-en quelques-uns à votre tableau avec une étiquette à eux, comme «\u00a0autre\u00a0», et relancez l’entraînement.",
    asking: "Demande en cours…",
    fitting: "Entraînement du modèle simple…",
    nearest: "Modèle non entraîné",
    nearestHint: "à quel point la phrase est proche du nom de chaque étiquette",
    headAnswerHint: "une petite couche entraînée sur vos lignes",
    adaptedAnswerHint: "le modèle de langage lui-même est modifié",
    fileHeading: "Étiqueter tout un fichier",
    fileHint:
      "Un tableau avec une colonne de textes. Vous le récupérez avec deux colonnes de plus\u00a0: étiquette et probabilité.",
    fileChoose: "Choisir un fichier",
    fileColumn: "Colonne des textes",
    fileBy: "Modèle",
    fileDo: (count) => `Étiqueter ${rows(count)}`,
    filePredicted: "etiquette_predite",
    fileProbability: "probabilite",
  },

  project: {
    save: "Enregistrer le projet",
    open: "Ouvrir un projet",
    openHint: "un tableau, une recherche ou une discussion avec ses entraînements, enregistrés ici ou ailleurs",
    replaces: (what) =>
      `Cela remplace ce qui est ouvert\u00a0: ${what}. Pour le garder, enregistrez d’abord le projet.`,
    opened: "Le projet est ouvert.",
    problems: {
      busy: "Un entraînement est en cours. Mettez-le en pause ou attendez la fin, puis ouvrez le projet.",
      notProject: "Ce fichier n’est pas un projet du Studio.",
      newer: "Ce projet a été enregistré par une version plus récente du Studio.",
      tooLarge: "Ce projet est trop grand pour une page web.",
      damaged: "Ce fichier de projet est endommagé.",
    },
  },
};
