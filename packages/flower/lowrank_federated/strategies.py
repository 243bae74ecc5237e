"""Flower's FedAvg and its differential privacy, with what a round of strangers needs: numbered settings, and replies that are checked."""

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
    """FedAvg that tells nodes the round, counted over all runs, and its learning rate."""

    first, rounds, learning_rate = 1, 1, 0.0

    def configure_train(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        number = self.first + server_round - 1
        config["round"] = number
        # Down in a line, so that nodes come to one place in the end.
        config["learning-rate"] = self.learning_rate * (1 - (number - 1) / self.rounds)
        return super().configure_train(server_round, arrays, config, grid)

    def configure_evaluate(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        config["round"] = self.first + server_round - 1
        return super().configure_evaluate(server_round, arrays, config, grid)


def problem_of_metrics(reply: Message, names: set[str], most_examples: int) -> str | None:
    """What is wrong with what a node tells; None where nothing is."""
    if list(reply.content.metric_records) != ["metrics"]:
        return "it holds other records than are asked for"
    metrics = reply.content.metric_records["metrics"]
    if set(metrics) != names:
        return f"it tells {sorted(metrics)}, not {sorted(names)}"
    for name, value in metrics.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            return f"{name} is {value!r}"
    examples = metrics["num-examples"]
    if not isinstance(examples, int) or not 1 <= examples <= MOST_EXAMPLES:
        return f"num-examples is {examples!r}"
    if most_examples and examples > most_examples:
        # Whoever claims more has no more weight.
        metrics["num-examples"] = most_examples
    return None


def problem_of_arrays(reply: Message, like: ArrayRecord) -> str | None:
    """What is wrong with what a node has made; None where nothing is. Headers are read before there is memory for what they claim."""
    if list(reply.content.array_records) != ["arrays"] or reply.content.config_records:
        return "it holds other records than are asked for"
    arrays = reply.content.array_records["arrays"]
    if set(arrays) != set(like):
        return "it has other arrays"
    for name, array in arrays.items():
        file = BytesIO(array.data)
        if array.stype != "numpy.ndarray" or np.lib.format.read_magic(file) != (1, 0):
            return f"{name} is of another kind"
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        expected = like[name].numpy().shape
        if dtype != np.float32 or shape != expected:
            return f"{name} is {dtype} {shape}, not float32 {expected}"
        if not np.isfinite(array.numpy()).all():
            return f"{name} holds numbers that are not finite"
    return None


def in_order(reply: Message, like: ArrayRecord) -> Message:
    """The reply with its arrays in the server's order, by which Flower's clipping tells which is which."""
    arrays = reply.content.array_records["arrays"]
    reply.content["arrays"] = ArrayRecord({name: arrays[name] for name in like})
    return reply


class Checked:
    """Aggregates only replies that make sense, and only where there are enough of them."""

    most_examples, min_replies, answered, private = 0, 1, 0, False
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
        names = {"accuracy", "loss", "num-examples"}
        kept = self.sensible(replies, lambda reply: problem_of_metrics(reply, names, self.most_examples))
        return super().aggregate_evaluate(server_round, kept)

    def sensible(self, replies: Iterable[Message], problem_of: Callable[[Message], str | None]) -> list[Message]:
        """Replies without a problem, by node: Flower adds in the order of the list, and sums are then the same whoever was first."""
        kept = []
        for reply in replies:
            try:
                problem = reply.error.reason or "it tells of an error" if reply.has_error() else problem_of(reply)
            except Exception as error:  # Whatever a stranger's bytes bring NumPy's reader to.
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                kept.append(reply)
            else:
                log(WARNING, "node %s: %s: its reply is left out", reply.metadata.src_node_id, quoted(problem))
        return sorted(kept, key=lambda reply: reply.metadata.src_node_id)

    def skipped(self, server_round: int) -> None:
        pass


class Plain(Checked, Numbered):
    """The mean of what nodes have made, weighted by their examples."""


class Private(Checked, DifferentialPrivacyServerSideFixedClipping):
    """The mean of clipped updates, each node counted the same, with Gaussian noise; nothing is released by fewer than were asked."""

    private = True

    def skipped(self, server_round: int) -> None:
        self._pop_pending_event(server_round)
