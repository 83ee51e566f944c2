"""Graphs whose pictures are paid for, and the queue of the server that runs them."""

import time
import uuid
from collections.abc import Callable

import requests

USER = "ada"
PLANS = """
- id: counted
  allowance: 0
  prices: [{tokens: 1}, {tokens: 2, families: [sdxl]}, {tokens: 3, above_megapixels: 0.01}]
"""
Link = list


def node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}


class Graph(dict):
    """A graph; its nodes' ids are its own, so that nothing of another test's is cached."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex[:8]

    def put(self, name: str, class_type: str, **inputs) -> Callable[[int], Link]:
        self[f"{name}-{self.mark}"] = node(class_type, **inputs)
        return lambda slot=0: [f"{name}-{self.mark}", slot]

    def inputs(self, name: str) -> dict:
        return self[f"{name}-{self.mark}"]["inputs"]

    def change(self, name: str, **inputs) -> "Graph":
        self.inputs(name).update(inputs)
        return self


def sampled(batch: int = 1, how: str = "works", *, graph: Graph | None = None, mark: str = "", side: int = 64) -> Graph:
    """Return the graph of a sampler that has to be paid."""
    graph = Graph() if graph is None else graph
    latent = graph.put(f"latent{mark}", "EmptyLatentImage", width=side, height=side, batch_size=batch)
    reserve = graph.put(f"reserve{mark}", "TagloomReserveImageTokens", latent=latent(), images=0)
    sampler = graph.put(f"sampler{mark}", "SamplerStandIn", latent=reserve(), seed=1, how=how)
    settle = graph.put(f"settle{mark}", "TagloomSettleImageTokens", images=sampler())
    graph.put(f"save{mark}", "SaveImage", images=settle(), filename_prefix=f"paid/{graph.mark}")
    graph.put(f"reserved{mark}", "PreviewAny", source=reserve(1))
    graph.put(f"paid{mark}", "PreviewAny", source=settle(1))
    return graph


class Ended:
    """How a run ended."""

    def __init__(self, graph: Graph, history: dict) -> None:
        self.state = history["status"]["status_str"]
        self.texts = {
            name.removesuffix(f"-{graph.mark}"): output["text"][0]
            for name, output in history["outputs"].items()
            if "text" in output
        }
        self.saved = [file for output in history["outputs"].values() for file in output.get("images", [])]
        told = [said for kind, said in history["status"]["messages"] if kind == "execution_error"]
        self.problem = told[0]["exception_message"].strip() if told else ""
        self.executed = {name.partition("-")[0] for said in told for name in said["executed"]}


class Queue:
    """The server's queue."""

    def __init__(self, url: str) -> None:
        self._url = url

    def submit(self, graph: Graph, prompt_id: str = "") -> str:
        body = {"prompt": graph, "prompt_id": prompt_id or str(uuid.uuid4())}
        answer = requests.post(f"{self._url}/prompt", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()["prompt_id"]

    def ended(self, graph: Graph, prompt_id: str) -> Ended:
        return Ended(graph, until(lambda: self._get(f"history/{prompt_id}").get(prompt_id), 60))

    def run(self, graph: Graph, prompt_id: str = "") -> Ended:
        return self.ended(graph, self.submit(graph, prompt_id))

    def interrupt(self) -> None:
        requests.post(f"{self._url}/interrupt", json={}, timeout=30)

    def forget(self, prompt_id: str) -> None:
        requests.post(f"{self._url}/history", json={"delete": [prompt_id]}, timeout=30)

    def delete(self, prompt_id: str) -> None:
        requests.post(f"{self._url}/queue", json={"delete": [prompt_id]}, timeout=30)

    def _get(self, path: str) -> dict:
        return requests.get(f"{self._url}/{path}", timeout=30).json()


def until(found: Callable, seconds: float):
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)
    return result
