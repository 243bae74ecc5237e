"""Flower's FedAvg and its differential privacy, with numbered rounds and checked replies."""

from collections.abc import Callable, Iterable
from io import BytesIO
from logging import WARNING

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg

from .replies import quoted

MOST_EXAMPLES = 2**31


class Numbered(FedAvg):
    """FedAvg that sends nodes the number of the round, counted over all runs, and its learning rate."""

    first, rounds, learning_rate = 1, 1, 0.0

    def configure_train(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        number = self.first + server_round - 1
        config["round"] = number
        # Falls linearly, so that nodes converge at the end.
        config["learning-rate"] = self.learning_rate * (1 - (number - 1) / self.rounds)
        return super().configure_train(server_round, arrays, config, grid)

    def configure_evaluate(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        config["round"] = self.first + server_round - 1
        return super().configure_evaluate(server_round, arrays, config, grid)


def problem_of_metrics(reply: Message, names: set[str], most_examples: int, more: frozenset[str] = frozenset()) -> str | None:
    """The problem with a node's metrics; None if there is none. `more` are names that may be missing."""
    if list(reply.content.metric_records) != ["metrics"]:
        return "it has other records than expected"
    metrics = reply.content.metric_records["metrics"]
    if not names <= set(metrics) <= names | more:
        return f"its metrics are {sorted(metrics)}, expected {sorted(names | more)}"
    for name, value in metrics.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            return f"{name} is {value!r}"
    examples = metrics["num-examples"]
    if not isinstance(examples, int) or not 1 <= examples <= MOST_EXAMPLES:
        return f"num-examples is {examples!r}"
    if most_examples and examples > most_examples:
        # A larger claim does not give more weight.
        metrics["num-examples"] = most_examples
    return None


def problem_of_arrays(reply: Message, like: ArrayRecord) -> str | None:
    """The problem with a node's arrays; None if there is none. Headers are checked before memory for their claims is allocated."""
    if list(reply.content.array_records) != ["arrays"] or reply.content.config_records:
        return "it has other records than expected"
    arrays = reply.content.array_records["arrays"]
    if set(arrays) != set(like):
        return "it has other arrays than expected"
    for name, array in arrays.items():
        file = BytesIO(array.data)
        if array.stype != "numpy.ndarray" or np.lib.format.read_magic(file) != (1, 0):
            return f"{name} has another type"
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        expected = like[name].numpy().shape
        if dtype != np.float32 or shape != expected:
            return f"{name} is {dtype} {shape}, expected float32 {expected}"
        if not np.isfinite(array.numpy()).all():
            return f"{name} has numbers that are not finite"
    return None


def in_order(reply: Message, like: ArrayRecord) -> Message:
    """The reply with its arrays in the server's order. Flower's clipping identifies them by position."""
    arrays = reply.content.array_records["arrays"]
    reply.content["arrays"] = ArrayRecord({name: arrays[name] for name in like})
    return reply


class Checked:
    """Aggregates only valid replies, and only if there are enough of them."""

    most_examples, min_replies, answered, private = 0, 1, 0, False
    # What nodes may report of an evaluation, besides the loss.
    metrics: frozenset[str] = frozenset({"accuracy"})
    sent: ArrayRecord = ArrayRecord()

    def configure_train(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        self.sent = arrays
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> tuple[ArrayRecord | None, MetricRecord | None]:
        names = {"num-examples"} if self.private else {"loss", "num-examples"}
        kept = self.sensible(
            replies,
            lambda reply: problem_of_metrics(reply, names, self.most_examples) or problem_of_arrays(reply, self.sent),
        )
        kept = [in_order(reply, self.sent) for reply in kept]
        self.answered = len(kept)
        if len(kept) < self.min_replies:
            log(WARNING, "%s of at least %s replies: the round changes nothing", len(kept), self.min_replies)
            self.answered = 0
            self.skipped(server_round)
            return None, None
        return super().aggregate_train(server_round, kept)

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        names = {"loss", "num-examples"}
        kept = self.sensible(replies, lambda reply: problem_of_metrics(reply, names, self.most_examples, self.metrics))
        records = [reply.content.metric_records["metrics"] for reply in kept]
        # Some metrics depend on the examples, such as a correlation. Those that all nodes have are averaged.
        for name in set().union(*records):
            if any(name not in record for record in records):
                for record in records:
                    record.pop(name, None)
        return super().aggregate_evaluate(server_round, kept)

    def sensible(self, replies: Iterable[Message], problem_of: Callable[[Message], str | None]) -> list[Message]:
        """Valid replies, sorted by node. Flower adds in the order of the list, so the sums do not depend on the order of arrival."""
        kept = []
        for reply in replies:
            try:
                problem = reply.error.reason or "it reports an error" if reply.has_error() else problem_of(reply)
            except Exception as error:  # NumPy's reader may raise anything on invalid bytes.
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                kept.append(reply)
            else:
                log(WARNING, "node %s: %s: its reply is ignored", reply.metadata.src_node_id, quoted(problem))
        return sorted(kept, key=lambda reply: reply.metadata.src_node_id)

    def skipped(self, server_round: int) -> None:
        pass


class Plain(Checked, Numbered):
    """The average of the nodes' values, weighted by their examples."""


class Private(Checked, DifferentialPrivacyServerSideFixedClipping):
    """The average of clipped updates with equal weights and Gaussian noise. Fewer replies than requested release nothing."""

    private = True

    def skipped(self, server_round: int) -> None:
        self._pop_pending_event(server_round)
