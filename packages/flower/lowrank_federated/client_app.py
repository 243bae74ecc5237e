"""Nodes are lowrank's own (`lowrank flower join`, `joinFederation`): Flower asks for a ClientApp, and this one refuses."""

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    raise RuntimeError("nodes of this app join by `lowrank flower join`, not by flower-supernode")
