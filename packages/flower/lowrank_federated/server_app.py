"""A ServerApp: rounds of FedAvg over the adapter and head of a lowrank model. Every round is saved, and a run continues from the last."""

import json
from logging import INFO
from math import inf
from pathlib import Path

from flwr.app import ArrayRecord, ConfigRecord, Context, MetricRecord
from flwr.common import log
from flwr.serverapp import Grid, ServerApp

from .replies import each_by_itself
from .saved_rounds import SavedRounds
from .strategies import Numbered, Plain, Private

app = ServerApp()
# Settings that determine the adapter. A continued run must have the same ones.
SHARED = (
    "lowrank-format lowrank-version encoder max-tokens task task-settings labels rank alpha target-modules rslora dropout seed "
    "shared-a freeze-a "
    "clipping-norm noise-multiplier privacy-delta privacy-population"
).split()
LOCAL = "fit-head epochs batch-size weight-decay max-grad-norm evaluate".split()


@app.main()
def main(grid: Grid, context: Context) -> None:
    config = context.run_config
    saved = SavedRounds(Path(str(config["initial"])), Path(str(config["out"])), bool(config["freeze-a"]))
    done, folder, about = saved.last()
    shared = {name: config[name] for name in SHARED}
    if done and about["shared"] != shared:
        names = [name for name in SHARED if about["shared"].get(name) != shared[name]]
        raise ValueError(f"out: {folder} belongs to a run with another {', '.join(names)}: choose another folder")
    rounds = int(config["num-server-rounds"])
    if done >= rounds:
        log(INFO, "All %s rounds are done: %s", rounds, folder)
        return
    noise, clipping = privacy_of(config)
    nodes, private = int(config["min-nodes"]), noise > 0
    averaging = (Numbered if private else Plain)(
        # All available nodes; with noise, exactly the number that the privacy was computed for.
        fraction_train=1e-9 if private else 1.0,
        fraction_evaluate=1.0 if config["evaluate"] else 0.0,
        min_train_nodes=nodes,
        min_evaluate_nodes=nodes,
        min_available_nodes=nodes,
    )
    averaging.first, averaging.rounds, averaging.learning_rate = done + 1, rounds, float(config["learning-rate"])
    accountant, strategy = None, averaging
    if private:
        accountant = new_accountant(config)
        if done:
            accountant.load_state_dict(about["accountant"])
        strategy = Private(averaging, noise, clipping, nodes, accountant=accountant)
    strategy.min_replies = nodes if private else int(config["min-replies"])
    strategy.metrics = frozenset(json.loads(str(config["metrics"])))
    strategy.most_examples = int(config["most-examples"])

    def save(number: int, arrays: ArrayRecord) -> MetricRecord | None:
        if number == 0:
            return None
        state = {"shared": shared, "replies": strategy.answered}
        if accountant is not None:
            spent = accountant.get_privacy_spent() if accountant.num_releases else None
            state["privacy"] = spent and {"epsilon": spent.epsilon, "delta": spent.delta, "releases": spent.num_releases}
            state["accountant"] = accountant.state_dict()
        log(INFO, "Saved %s", saved.save(done + number, arrays, state))
        return None

    settings = {**{name: config[name] for name in SHARED[:15] + LOCAL}, "rounds": rounds, "private": private}
    # Flower parses a float without a fraction as an integer.
    floats = {name: float(config[name]) for name in ("alpha", "dropout", "epochs", "weight-decay", "max-grad-norm")}
    strategy.start(
        grid=each_by_itself(grid),
        initial_arrays=saved.arrays(folder),
        num_rounds=rounds - done,
        timeout=float(config["round-seconds"]),
        train_config=ConfigRecord({**settings, **floats}),
        # The learning rate has no meaning in an evaluation.
        evaluate_config=ConfigRecord({**settings, **floats, "learning-rate": 0.0}),
        evaluate_fn=save,
    )


def privacy_of(config) -> tuple[float, float]:
    """Checked noise multiplier and clipping norm. Without the check, a negative multiplier or NaN would mean no noise."""
    noise, clipping = float(config["noise-multiplier"]), float(config["clipping-norm"])
    if not 0 <= noise < inf:
        raise ValueError(f"noise-multiplier: expected a number of at least 0 (0 for no noise), got {noise}")
    if not 0 < clipping < inf:
        raise ValueError(f"clipping-norm: expected a number above 0, got {clipping}")
    return noise, clipping


def new_accountant(config):
    """Flower's privacy accountant, which needs `flwr[dp]`. Every round uses all nodes, so sampling does not amplify privacy."""
    from flwr.serverapp import NeighboringRelation, PrivacyConfig, RdpAccountant, SamplingMethod

    return RdpAccountant(
        PrivacyConfig(
            target_delta=float(config["privacy-delta"]),
            population_size=int(config["privacy-population"]) or int(config["min-nodes"]),
            neighboring_relation=NeighboringRelation.ADD_OR_REMOVE_ONE,
            sampling_method=SamplingMethod.NO_AMPLIFICATION,
            max_epsilon=float(config["max-epsilon"]) or None,
        )
    )
