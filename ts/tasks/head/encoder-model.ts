import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-access.js";
import { inferTexts, rowsOf } from "../../models/sentence/inference.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import { type JobPhase, type MeasureEvents, phaseEvents } from "../../training/job-events.js";
import type { RunContext, TokenizedExample } from "../../training/task-definition.js";
import type { Tensor } from "../../values/tensor.js";
import type { TrainedClassifier } from "./classifier-training.js";

/** An adapter and a head on an encoder. */
interface OnEncoder extends Omit<TrainedClassifier, "graph"> {
  readonly head: ClassificationHead;
  params(): NodeId[];
  save(): FileMap;
  dispose(): void;
}

/** A head with one layer, fitted to frozen vectors. */
export interface LinearHead {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** A model of a fitted head and no adapter. */
interface HeadOnly {
  readonly head: Pick<ClassificationHead, "weight" | "bias">;
  save(): FileMap;
  dispose(): void;
}

/** What the models of runs share that train an adapter and a head on an encoder. */
export abstract class EncoderModel<C extends OnEncoder, S extends { readonly checkpointing: boolean }> {
  readonly graph: SentenceEncoder["graph"];
  readonly parameters: { readonly adapter: number; readonly head: number };

  constructor(
    readonly classifier: C,
    protected readonly settings: S,
    protected readonly context: RunContext,
  ) {
    this.graph = classifier.encoder.graph;
    const head = numbersIn(this.graph, classifier.head.params());
    this.parameters = { adapter: numbersIn(this.graph, classifier.params()) - head, head };
  }

  get modelAdapter(): ModelAdapter | null {
    return this.classifier.modelAdapter;
  }

  params(): NodeId[] {
    return this.classifier.params();
  }

  files(): FileMap {
    return this.classifier.save();
  }

  dispose(): void {
    this.classifier.dispose();
  }

  /** Sets a head's values: by default those of the run's own. */
  protected setHead({ weight, bias }: LinearHead, head: HeadOnly["head"] = this.classifier.head): void {
    this.graph.setValue(head.weight, weight);
    this.graph.setValue(head.bias, bias);
  }

  /** Saves a fitted head as a run with `headOnly` does, if the caller asks for it. @param create makes the model, with another head */
  protected async saveHeadOnly(fitted: LinearHead, create: () => HeadOnly): Promise<void> {
    const { graph, context } = this;
    if (context.onHeadOnly === undefined) return;
    const streams = graph.streamsDrawn;
    const alone = create();
    let files: FileMap;
    try {
      this.setHead(fitted, alone.head);
      files = alone.save();
    } finally {
      alone.dispose();
      // Random numbers of the run stay those that it has without these files.
      graph.streamsDrawn = streams;
    }
    await context.onHeadOnly(files);
  }

  /** Begins a phase of measuring or encoding examples. */
  protected events(phase: JobPhase, examples: readonly unknown[]): MeasureEvents {
    return phaseEvents(this.context, phase, examples.length);
  }

  /** A row for each example, of its pooled vector. */
  protected rows(
    examples: readonly TokenizedExample[],
    adapter: ModelAdapter | null,
    read: (pooled: NodeId) => NodeId,
    events: MeasureEvents,
  ): Promise<Float32Array[]> {
    const texts = examples.map(({ ids }) => ids);
    return inferTexts(this.classifier.encoder, texts, adapter, rowsOf(this.graph, read), events);
  }
}
