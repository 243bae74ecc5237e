import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import { placeIn } from "../../io/examples/index.js";
import { Prompts } from "../../models/sentence/encoder-options.js";
import { encoderSaver, takeSaved } from "../../models/sentence/saved-encoder.js";
import type { FileMap } from "../../io/file-access.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { SampledOrder } from "../../models/sentence/training/batch-samplers.js";
import { sentenceTask, targetsOf, type TokenizedRow } from "../../models/sentence/training/sentence-task.js";
import type { SentenceRow } from "../../models/sentence/training/sentence-examples.js";
import { sum } from "../../train/evaluators/number-lists.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import { sentenceLoss, type SentenceLossOptions } from "../../train/losses/sentence-loss.js";
import type { Task } from "../../train/task.js";
import type { TaskData } from "../../training/data-parts.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import { type MeasureEvents, phaseEvents } from "../../training/job-events.js";
import type { RunOutcome } from "../../training/report.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import type {
  Guessing,
  Measured,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedExample,
  TokenizedParts,
} from "../../training/task-definition.js";
import { log } from "../../values/elementary.js";
import {
  isSearch,
  mainMetric,
  type MeasuredRows,
  type PairMetrics,
  reportedQuality,
  rowsToMeasure,
  TextVectors,
  vectorMetrics,
  wordMetrics,
} from "./pair-quality.js";
import { type PairRow, promptedText } from "./read-pairs.js";
import type { PairLoss, PairsResult, PairsSettings, PairsYardsticks } from "./settings.js";
import { batchesOnce, lossOf, meanLoss } from "./training-rows.js";

/** The adapter's name in the encoder. */
const ADAPTER = "pairs";

/** A row as the model reads it. */
export interface TokenizedPair extends TokenizedExample {
  /** All its texts, one after another. */
  readonly ids: Int32Array;
  readonly row: PairRow;
  /** The row as the loss reads it. */
  readonly taught: TokenizedRow;
}

/** What a checkpoint keeps. */
interface State {
  readonly yardsticks: PairsYardsticks;
}

/** A sentence encoder with an adapter that is trained on pairs. */
export class PairsModel implements TaskModel<PairRow, TokenizedPair> {
  readonly graph: SentenceEncoder["graph"];
  readonly parameters: { readonly adapter: number; readonly head: number };
  readonly chosenBy: string;
  readonly modelAdapter: ModelAdapter;
  private readonly loss: PairLoss;
  private readonly vectors: TextVectors;
  /** Numbers of classes, in the order in which they are first read. */
  private readonly classes = new Map<string, number>();
  private metrics: PairMetrics = {};

  constructor(
    private readonly encoder: SentenceEncoder,
    private readonly data: TaskData<PairRow>,
    private readonly settings: PairsSettings,
    private readonly context: RunContext,
    /** Batches as the loss needs them; null for any. */
    private readonly order: SampledOrder | null,
    from?: FileMap,
  ) {
    this.graph = encoder.graph;
    const { form } = this;
    this.loss = lossOf(data, settings);
    this.chosenBy = mainMetric(form, this.loss);
    this.vectors = new TextVectors(encoder);
    checkDimensions(settings, encoder.hiddenSize, context);
    checkTeacher(data, encoder.hiddenSize);
    const { prompts } = data.train.examples[0]!;
    if (prompts !== undefined && !encoder.layout.prompts.arePooled)
      throw new UnsupportedError(
        `${context.optionNames.setting("queryPrompt")}: this model leaves a prompt's tokens out of its vectors (include_prompt is false in 1_Pooling/config.json), which training does not support`,
        { option: "queryPrompt" },
      );
    if (from === undefined) encoder.addAdapter(ADAPTER, loraOptions(settings)!);
    else encoder.loadAdapter(ADAPTER, from);
    this.modelAdapter = encoder.adapterSet.get(ADAPTER);
    this.parameters = { adapter: numbersIn(this.graph, this.params()), head: 0 };
  }

  params(): NodeId[] {
    return this.modelAdapter.params();
  }

  tokenize(row: PairRow): TokenizedPair {
    const { texts, score, label, name, teacher } = row;
    const own = texts.map((text, i) => this.encoder.tokenizer.encode(promptedText(row, text, i === 0)));
    const ids = Int32Array.from(own.flatMap((one) => [...one]));
    const target = name === undefined ? label : this.classOf(name);
    const taught = {
      texts,
      ids: own,
      ...(score !== undefined && { score }),
      ...(target !== undefined && { label: target }),
      ...(teacher !== undefined && { teacher }),
    };
    return { ids, row, taught };
  }

  counts(examples: readonly TokenizedPair[]): Readonly<Record<string, number>> {
    if (this.settings.mineNegatives === null) return {};
    return { negatives: sum(examples.map(({ row }) => row.texts.length - 2)) };
  }

  training(_: readonly TokenizedPair[], options: FitOptions): TaskTraining<TokenizedPair> {
    const { checkpointing } = this.settings;
    const task = this.task(checkpointing, options);
    return { task, options: this.order === null ? options : { ...options, order: this.order.at }, checkpointing };
  }

  stepMemory(checkpointing: boolean): Pick<Task<TokenizedPair>, "memory"> {
    return this.task(checkpointing, {});
  }

  measuringMemory(): number {
    const { train, validation, test } = this.data;
    const rows = train.examples.length + validation.examples.length + (test?.examples.length ?? 0);
    // The index of a search has every document.
    return rows * this.columns * this.encoder.hiddenSize * Float32Array.BYTES_PER_ELEMENT;
  }

  guessing(): Guessing | null {
    const { batchSize, matryoshka } = this.settings;
    if (this.loss !== "multiple-negatives-ranking" && this.loss !== "cached-multiple-negatives-ranking") return null;
    const size = Math.min(batchSize, this.data.train.examples.length);
    return { loss: log(size * (this.columns - 1)) * (matryoshka?.length ?? 1) };
  }

  async measure(examples: readonly TokenizedPair[], { signal, onProgress }: MeasureEvents): Promise<Measured> {
    const rows: MeasuredRows = { measured: examples.map(({ row }) => row), others: [] };
    const share = (done: number, all: number) => onProgress?.(Math.floor((done / all) * examples.length));
    const vectorOf = await this.vectors.of(rows, this.modelAdapter, { signal, onProgress: share });
    const { metrics, firstOf } = await vectorMetrics(rows, vectorOf, this.graph.engine.atOnce, signal);
    const taught = examples.map((example) => example.taught);
    const inBatches = { ...this.settings, loss: this.loss, graph: this.graph, signal };
    const batches = await batchesOnce(taught, inBatches);
    const loss = await meanLoss(this.graph, batches, vectorOf, (columns, batch) => this.lossOf(columns, batch));
    // Of texts with classes, the text that is found first has no one target.
    if (firstOf === undefined || this.form === "classes") return { loss, metrics };
    return {
      loss,
      metrics,
      predictionOf(i) {
        const { row } = examples[i]!;
        const { text, right } = firstOf(row.text);
        return { target: row.texts[1]!, predicted: text, right };
      },
    };
  }

  reads({ train, validation, measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const chosen = this.data.test === null ? 0 : sum(validation);
    const read = sum(measured) + (isSearch(this.form) ? sum(train) + chosen : 0);
    return { baseline: read, finish: read };
  }

  async baseline(parts: TokenizedParts<TokenizedPair>): Promise<State> {
    const { signal } = this.context;
    const rows = this.rowsOf(parts);
    const base = await this.metricsOf(rows, null, "encode-validation");
    return { yardsticks: { base: base.whole.metrics, bm25: await wordMetrics(rows, signal) } };
  }

  async finish(state: object, parts: TokenizedParts<TokenizedPair>, fitted: FitReport | null): Promise<RunOutcome> {
    const { yardsticks } = state as State;
    const { optionNames, emit } = this.context;
    if (fitted!.evaluation?.best.step === 0)
      emit({
        type: "warning",
        message: `no step was better on the validation than the base model, so the result is the untrained adapter; try another ${optionNames.setting("learningRate")} or more data`,
      });
    const rows = this.rowsOf(parts);
    const { whole, cut } = await this.metricsOf(rows, this.modelAdapter, "validate");
    const { metrics: after } = whole;
    this.metrics = after;
    const measuredOn = this.data.test === null ? "validation" : "test";
    const documents = isSearch(this.form)
      ? new Set([...rows.measured, ...rows.others].flatMap(documentsOf)).size
      : null;
    const result: PairsResult = {
      yardsticks,
      after,
      measuredOn,
      form: this.form,
      loss: this.loss,
      documents,
      dimensions: cut,
    };
    const { chosenBy } = this;
    const shown = (metrics: PairMetrics) => (metrics[chosenBy] ?? 0).toFixed(3);
    return {
      metrics: await reportedQuality(whole, this.context.signal),
      result,
      curve: {
        title: `${chosenBy} ${shown(after)}`,
        yardsticks: [
          `base ${shown(yardsticks.base)}`,
          ...(yardsticks.bm25 === null ? [] : [`BM25 ${shown(yardsticks.bm25)}`]),
        ],
      },
    };
  }

  async files() {
    const { encoder, metrics, context } = this;
    const saved = takeSaved(encoder, { adapter: ADAPTER, metrics, signal: context.signal });
    const { prompts } = this.data.train.examples[0]!;
    const { layout } = saved;
    if (prompts === undefined) return (await encoderSaver())(saved);
    const { named, defaultName } = layout.prompts;
    const own = new Prompts(new Map([...named, ...Object.entries(prompts)]), defaultName);
    return (await encoderSaver())({ ...saved, layout: { ...layout, prompts: own } });
  }

  dispose(): void {
    const { adapterSet, graph } = this.encoder;
    if (!graph.gone && adapterSet.has(this.modelAdapter)) adapterSet.remove(ADAPTER, "dispose");
  }

  private get form() {
    return this.data.train.examples[0]!.form;
  }

  private get columns(): number {
    return this.data.train.examples[0]!.texts.length;
  }

  private classOf(name: string): number {
    const known = this.classes.get(name) ?? this.classes.size;
    this.classes.set(name, known);
    return known;
  }

  /** Documents of every part are searched. */
  private rowsOf({ train, validation, measured }: TokenizedParts<TokenizedPair>): MeasuredRows {
    const rows = (examples: readonly TokenizedPair[]) => examples.map(({ row }) => row);
    const others = [...rows(train), ...(this.data.test === null ? [] : rows(validation))];
    return rowsToMeasure(this.form, { measured: rows(measured), others });
  }

  /** Metrics of whole vectors, and of those cut to each of the Matryoshka lengths. */
  private async metricsOf(rows: MeasuredRows, adapter: ModelAdapter | null, phase: "encode-validation" | "validate") {
    const { signal } = this.context;
    const engine = this.graph.engine.atOnce;
    const events = phaseEvents(this.context, phase, this.vectors.count(rows));
    const vectorOf = await this.vectors.of(rows, adapter, events);
    const whole = await vectorMetrics(rows, vectorOf, engine, signal);
    const cut: Record<string, PairMetrics> = {};
    for (const width of this.settings.matryoshka ?? [])
      cut[width] = (await vectorMetrics(rows, vectorOf, engine, signal, width)).metrics;
    return { whole, cut: this.settings.matryoshka === null ? null : cut };
  }

  private lossOf(columns: readonly NodeId[], rows: readonly SentenceRow[]): NodeId {
    const { scale, matryoshka } = this.settings;
    const own: SentenceLossOptions = {
      ...(scale !== null && { scale }),
      ...(matryoshka !== null && { matryoshkaDims: matryoshka }),
    };
    return sentenceLoss(this.graph, this.loss, columns, { ...own, ...targetsOf(rows) });
  }

  private task(checkpointing: boolean, options: FitOptions): Task<TokenizedPair> {
    const { loraPlusRatio, miniBatch } = this.settings;
    const isCached = this.loss.startsWith("cached");
    const task = sentenceTask(this.encoder, this.modelAdapter, this.columns, {
      lossOf: (columns, rows) => this.lossOf(columns, rows),
      beside: [],
      miniBatchSize: miniBatch ?? (isCached ? 32 : undefined),
      normalize: this.encoder.layout.normalize,
      checkpointing,
      loraPlusRatio: loraPlusRatio ?? undefined,
      fit: options,
    });
    const taught = (examples: readonly TokenizedPair[]) => examples.map((example) => example.taught);
    return {
      ...task,
      loss: (examples) => task.loss(taught(examples)),
      memory: (examples) => task.memory!(taught(examples)),
    };
  }
}

const documentsOf = ({ form, texts }: PairRow) => (form === "classes" ? texts : texts.slice(1));

/** Throws `ConfigError`, with the line, for a teacher's vector of another length than the encoder's. */
function checkTeacher({ train, validation, test }: TaskData<PairRow>, width: number): void {
  for (const { file, examples } of [train, validation, ...(test === null ? [] : [test])])
    for (const { form, line, teacher } of examples)
      if (form === "vectors" && teacher!.length !== width)
        throw new ConfigError(
          `${file}, ${placeIn(file, line)}: a vector of ${width} numbers is expected, as this model has them, got ${teacher!.length}`,
          { file, line, expected: width, actual: teacher!.length },
        );
}

/** Throws `ConfigError` for lengths that vectors do not have. */
function checkDimensions({ matryoshka }: PairsSettings, width: number, { optionNames }: RunContext): void {
  const wrong = (matryoshka ?? []).find((one) => one > width);
  if (wrong === undefined) return;
  throw new ConfigError(
    `${optionNames.setting("matryoshka")}: vectors have ${width} numbers, so they cannot be cut to ${wrong}`,
    {
      option: "matryoshka",
      value: wrong,
      expected: width,
    },
  );
}
