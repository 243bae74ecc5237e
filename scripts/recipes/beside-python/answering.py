"""What both scripts share: questions as JSON lines on standard input, answers on standard output, the encoder from a local folder."""

import argparse
import json
import logging
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize

MAX_TOKENS = 128


def encoder(folder):
    """all-MiniLM-L6-v2 as the hub's folder has it: mean over tokens, then length 1. The files on this machine may lack modules.json."""
    model = SentenceTransformer(folder, device="cpu")
    model.max_seq_length = MAX_TOKENS
    if not isinstance(model[len(model) - 1], Normalize):
        model.append(Normalize())
    return model


def timed(work):
    """Seconds by the clock, and of the processor in all threads, which change little with what else the machine does."""
    started = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def run(description, answer):
    """Calls `answer(folder, question)` for each line. Libraries print to standard output, so answers go to a copy of it."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.disable(logging.WARNING)
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(answer(options.model, json.loads(line))) + "\n")
        answers.flush()
