"""Replies of strangers, each fetched by itself: one that cannot be read takes nothing from the others."""

from collections.abc import Iterable

from flwr.app import Error, Message, Metadata
from flwr.serverapp import Grid
from httpx import HTTPError

# Of Flower's codes: the reply is not to be had.
REPLY_MESSAGE_UNAVAILABLE = 4
LONGEST = 300


def quoted(text: str) -> str:
    """A stranger's words as they may stand in a log: on one line, and not without an end."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def each_by_itself(grid: Grid) -> Grid:
    """The grid, whose `pull_messages` makes an error of a reply that Flower cannot put together, where its own would end the run."""
    pull = grid.pull_messages

    def pulled(message_id: str) -> Iterable[Message]:
        try:
            return pull([message_id])
        except HTTPError:
            raise
        except Exception as error:
            reason = f"its parts make no message ({type(error).__name__}: {error})"
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
