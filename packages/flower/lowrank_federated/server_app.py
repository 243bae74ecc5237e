"""A ServerApp: rounds of FedAvg over the adapter and head of a lowrank classifier. Every round is saved, and a run goes on from the last."""

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
# What an adapter is: other values would be of another one, so a run that goes on has the same.
SHARED = (
    "lowrank-format lowrank-version encoder max-tokens labels rank alpha target-modules rslora dropout seed shared-a freeze-a "
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
        raise ValueError(f"out: {folder} is of a run with another {', '.join(names)}: name another folder")
    rounds = int(config["num-server-rounds"])
    if done >= rounds:
        log(INFO, "All %s rounds are done: %s", rounds, folder)
        return
    noise, clipping = privacy_of(config)
    nodes, private = int(config["min-nodes"]), noise > 0
    averaging = (Numbered if private else Plain)(
        # As many as are there, or with noise exactly as many as it was reckoned for.
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

    settings = {**{name: config[name] for name in SHARED[:13] + LOCAL}, "rounds": rounds, "private": private}
    # Flower takes a number that is whole for a whole number.
    floats = {name: float(config[name]) for name in ("alpha", "dropout", "epochs", "weight-decay", "max-grad-norm")}
    strategy.start(
        grid=each_by_itself(grid),
        initial_arrays=saved.arrays(folder),
        num_rounds=rounds - done,
        timeout=float(config["round-seconds"]),
        train_config=ConfigRecord({**settings, **floats}),
        # The learning rate of an evaluation says nothing.
        evaluate_config=ConfigRecord({**settings, **floats, "learning-rate": 0.0}),
        evaluate_fn=save,
    )


def privacy_of(config) -> tuple[float, float]:
    """Noise multiplier and clipping norm. Else a multiplier below 0, or none that is a number, would be taken for no noise at all."""
    noise, clipping = float(config["noise-multiplier"]), float(config["clipping-norm"])
    if not 0 <= noise < inf:
        raise ValueError(f"noise-multiplier: a number from 0 is expected, 0 for no noise, got {noise}")
    if not 0 < clipping < inf:
        raise ValueError(f"clipping-norm: a number above 0 is expected, got {clipping}")
    return noise, clipping


def new_accountant(config):
    """Flower's accountant, which asks for `flwr[dp]`. All nodes are taken each time, so there is no amplification by sampling."""
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
