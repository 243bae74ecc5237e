"""Fetches replies one by one, so that one that cannot be read does not affect the others."""

from collections.abc import Iterable

from flwr.app import Error, Message, Metadata
from flwr.serverapp import Grid
from httpx import HTTPError

# Flower's error code for a reply that is not available.
REPLY_MESSAGE_UNAVAILABLE = 4
LONGEST = 300


def quoted(text: str) -> str:
    """Text from a node for the log: on one line, with a limited length."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def each_by_itself(grid: Grid) -> Grid:
    """A grid whose `pull_messages` turns an unreadable reply into an error reply. Flower's own would end the run."""
    pull = grid.pull_messages

    def pulled(message_id: str) -> Iterable[Message]:
        try:
            return pull([message_id])
        except HTTPError:
            raise
        except Exception as error:
            reason = f"its objects do not form a message ({type(error).__name__}: {error})"
            return [Message(error=Error(REPLY_MESSAGE_UNAVAILABLE, reason), metadata=answer_to(message_id, grid.run.run_id))]

    grid.pull_messages = lambda message_ids: [reply for one in list(message_ids) for reply in pulled(one)]
    return grid


def answer_to(message_id: str, run_id: int) -> Metadata:
    return Metadata(
        run_id=run_id,
        message_id="",
        src_node_id=0,
        dst_node_id=0,
        reply_to_message_id=message_id,
        group_id="",
        created_at=0.0,
        ttl=0.0,
        message_type="system",
    )
