"""Flower's FedAvg and its differential privacy, with what a round of strangers needs: numbered settings, and replies that are checked."""

from collections.abc import Iterable
from logging import WARNING

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common import log
from flwr.serverapp import Grid
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg

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


def problem_of(reply: Message, like: ArrayRecord, most_examples: int) -> str | None:
    """What is wrong with a node's reply; None where nothing is."""
    content = reply.content
    if list(content.array_records) != ["arrays"] or list(content.metric_records) != ["metrics"]:
        return "it holds other records than arrays and metrics"
    examples = content.metric_records["metrics"].get("num-examples")
    if not isinstance(examples, int) or isinstance(examples, bool) or not 1 <= examples <= MOST_EXAMPLES:
        return f"num-examples is {examples!r}"
    arrays = content.array_records["arrays"]
    if set(arrays) != set(like):
        return "it has other arrays"
    for name, array in arrays.items():
        if array.stype != "numpy.ndarray" or len(array.data) > len(like[name].data) + 1024:
            return f"{name} is of another kind or size"
        value, expected = array.numpy(), like[name].numpy()
        if value.dtype != np.float32 or value.shape != expected.shape:
            return f"{name} is {value.dtype} {value.shape}, not float32 {expected.shape}"
        if not np.isfinite(value).all():
            return f"{name} holds numbers that are not finite"
    if most_examples and examples > most_examples:
        # Whoever claims more has no more weight.
        content.metric_records["metrics"]["num-examples"] = most_examples
    return None


class Checked:
    """Aggregates only replies that make sense, and only where there are enough of them."""

    most_examples, min_replies, answered = 0, 1, 0
    sent: ArrayRecord = ArrayRecord()

    def configure_train(self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid) -> Iterable[Message]:
        self.sent = arrays
        return super().configure_train(server_round, arrays, config, grid)

    def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> tuple[ArrayRecord | None, MetricRecord | None]:
        kept = []
        for reply in replies:
            try:
                problem = reply.error.reason if reply.has_error() else problem_of(reply, self.sent, self.most_examples)
            except (ValueError, TypeError, KeyError, OSError) as error:
                problem = str(error)
            if problem is None:
                kept.append(reply)
            else:
                log(WARNING, "node %s: %s: its reply is left out", reply.metadata.src_node_id, problem)
        self.answered = len(kept)
        if len(kept) < self.min_replies:
            log(WARNING, "%s of at least %s replies: the round changes nothing", len(kept), self.min_replies)
            self.answered = 0
            self.skipped(server_round)
            return None, None
        # Flower takes them in the order they came in; sums are then the same whoever was first.
        kept.sort(key=lambda reply: reply.metadata.src_node_id)
        return super().aggregate_train(server_round, kept)

    def skipped(self, server_round: int) -> None:
        pass


class Plain(Checked, Numbered):
    """The mean of what nodes have made, weighted by their examples."""


class Private(Checked, DifferentialPrivacyServerSideFixedClipping):
    """The mean of clipped updates, each node counted the same, with Gaussian noise; nothing is released by fewer than were asked."""

    def skipped(self, server_round: int) -> None:
        self._pop_pending_event(server_round)
