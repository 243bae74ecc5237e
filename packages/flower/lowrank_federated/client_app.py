"""Flower requires a ClientApp. This one refuses, because nodes are lowrank's own (`lowrank flower join`, `joinFederation`)."""

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    raise RuntimeError("nodes of this app join with `lowrank flower join`, not with flower-supernode")
