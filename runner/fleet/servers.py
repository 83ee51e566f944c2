"""The servers to work on: from a YAML file or from `--server`, repeated. Nothing secret shows in messages.

```yaml
servers:
  big:
    url: https://gpu.example/comfy
    token_env: BIG_TOKEN        # or token: "${BIG_TOKEN}"
    headers: {X-Team: "${TEAM_KEY}"}
    ca: our-ca.pem              # paths start from the file's folder
    certificate: me.pem
    key: me.key
  old: http://192.168.1.20:8188
  mine: {comfyui: ~/ComfyUI}    # a checkout of the user's, started when it is needed
  here: {embedded: true}
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ..embedded import installations, processes
from ..embedded.installations import Installation
from ..errors import UsageError
from ..outputs.clean import one_line
from ..server.address import Address

ENDINGS = (".yaml", ".yml")
"""What `--server` takes for a file of servers instead of an address."""
LARGEST = 2**20
"""Bytes that such a file may have."""
NAME = re.compile(r"[\w.:/\[\]-]{1,80}")
STARTED = ("embedded", "comfyui")
"""What names a server that Tagloom starts; it goes without the settings of an address."""
IDLE_SECONDS = 600.0


@dataclass(frozen=True)
class ServerEntry:
    """A server by its name: an address, a checkout to start, or (with neither) the embedded ComfyUI.

    Attributes:
        apart: whether a started one has a folder for itself, so that several of them run on one machine. They share
            models, but not with `tagloom generate` the server that stays up.
    """

    name: str
    address: Address | None = None
    comfyui: Path | None = None
    idle_seconds: float = IDLE_SECONDS
    apart: bool = False

    @property
    def is_embedded(self) -> bool:
        """Whether it is the embedded ComfyUI."""
        return self.address is None and self.comfyui is None

    @property
    def installation(self) -> Installation:
        """The ComfyUI to start, where this is no address.

        Raises:
            EmbeddedMissing: if the embedded ComfyUI is not installed.
            UsageError: if the checkout is none.
        """
        found = installations.checkout(self.comfyui) if self.comfyui else installations.embedded()
        name = re.sub(r"\W", "_", self.name)
        return replace(found, folder=found.folder.with_name(f"{found.folder.name}-{name}")) if self.apart else found

    def open(self, announce: Callable[[str], None] = lambda text: None) -> Address:
        """Return where the server is, after starting it if it is one of ours and does not run.

        Raises:
            ServerStartError: if it does not start.
            EmbeddedMissing: if the embedded ComfyUI is not installed.
            UsageError: if the checkout is none.
        """
        if self.address is not None:
            return self.address
        return Address.from_url(processes.ensure(self.installation, self.idle_seconds, announce=announce).url)

    def end(self) -> None:
        """End a server of ours that does not work any more; one that is not ours is left alone."""
        if self.address is None:
            processes.stop(self.installation)


def from_options(options: Sequence[str], idle_seconds: float = IDLE_SECONDS) -> tuple[ServerEntry, ...]:
    """Return the servers that `--server` names, repeated: addresses, and YAML files of servers.

    Raises:
        UsageError: if an address is none, a file can't be understood, or a server is named twice.
    """
    entries: list[ServerEntry] = []
    for option in options:
        if option.lower().endswith(ENDINGS):
            entries += read(Path(option), idle_seconds)
        else:
            address = Address.from_url(option)
            entries.append(ServerEntry(address.url.partition("//")[2], address, idle_seconds=idle_seconds))
    names = [entry.name for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the server {one_line(twice)} is named twice; name it once")
    return tuple(entries)


def read(file: Path, idle_seconds: float = IDLE_SECONDS) -> tuple[ServerEntry, ...]:
    """Return the servers of a YAML file; what its messages quote are names, never values.

    Raises:
        UsageError: if it can't be read or understood; the message says in which line, and what to write there.
    """
    entries: list[ServerEntry] = []
    for name, value in _servers(file, _text(file)):
        where = _where(file, name)
        if not NAME.fullmatch(name.value):
            raise UsageError(f"{where}: a server can't be called {one_line(name.value, 80)!r}; use letters and digits")
        if any(name.value == entry.name for entry in entries):
            raise UsageError(f"{where}: the server {name.value} is there twice; give one of them another name")
        try:
            entry = _entry(name.value, _settings(value), file.parent, idle_seconds)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
        apart = entry.is_embedded and any(other.is_embedded for other in entries)
        entries.append(replace(entry, apart=apart))
    return tuple(entries)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            contents = opened.read(LARGEST + 1)
        if len(contents) > LARGEST:
            raise UsageError(f"{file} is no file of servers: it has more than {LARGEST} bytes")
        return contents.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"can't read the servers in {file}: {error.strerror}; mend the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text in UTF-8; save it as such") from error


def _servers(file: Path, text: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Yield the name and the settings of each server, with the lines that they stand in."""
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:  # its own text quotes the line, which may hold a secret
        raise _not_yaml(file, error.problem_mark or error.context_mark, error.problem) from None
    except (yaml.YAMLError, RecursionError):
        raise _not_yaml(file, None, None) from None
    found = dict(_pairs(document)).get("servers")
    if not isinstance(found, yaml.MappingNode) or not found.value:
        raise UsageError(f"{file} names no servers; write servers: and below it lines such as gpu: http://host:8188")
    for name, value in found.value:
        if not isinstance(name, yaml.ScalarNode):
            raise UsageError(f"{_where(file, name)}: a server's name must be a word")
        yield name, value


def _not_yaml(file: Path, mark: yaml.Mark | None, problem: str | None) -> UsageError:
    where = f"{file}, line {mark.line + 1}" if mark else str(file)
    what = one_line((problem or "it can not be read").partition("'")[0], 80)  # in quotes it may quote a secret
    return UsageError(f"{where}: this is no YAML ({what}); mend it")


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))


def _where(file: Path, node: yaml.Node) -> str:
    return f"{file}, line {node.start_mark.line + 1}"


def _settings(node: yaml.Node) -> Mapping[str, Any]:
    """Return a server's settings; a text alone is its address."""
    try:
        made = yaml.SafeLoader("").construct_document(node)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UsageError("a setting is not understood; put texts in quotes") from None
    if isinstance(made, str):
        return {"url": made}
    if not isinstance(made, dict) or not all(isinstance(key, str) for key in made):
        raise UsageError("a server is an address, or settings such as url: http://host:8188")
    return made


def _entry(name: str, settings: Mapping[str, Any], folder: Path, idle_seconds: float) -> ServerEntry:
    kinds = [kind for kind in ("url", *STARTED) if kind in settings]
    if len(kinds) != 1:
        raise UsageError(f"the server {name} needs one of url, comfyui and embedded, and not several")
    if kinds == ["url"]:
        return ServerEntry(name, Address.from_mapping(_with_token(name, settings), folder), idle_seconds=idle_seconds)
    if len(settings) > 1:
        other = next(key for key in settings if key not in kinds)
        raise UsageError(f"the server {name} is started by Tagloom, so it can't have {one_line(other, 40)!r}")
    if kinds == ["embedded"]:
        if settings["embedded"] is not True:
            raise UsageError(f"embedded of the server {name} can only be true")
        return ServerEntry(name, idle_seconds=idle_seconds)
    if not isinstance(settings["comfyui"], str) or not settings["comfyui"]:
        raise UsageError(f"comfyui of the server {name} must be a folder")
    return ServerEntry(name, comfyui=folder / Path(settings["comfyui"]).expanduser(), idle_seconds=idle_seconds)


def _with_token(name: str, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings with `token_env: NAME` written as `token: ${NAME}`, which is read from the environment."""
    if "token_env" not in settings:
        return settings
    variable = settings["token_env"]
    if "token" in settings or not isinstance(variable, str) or not re.fullmatch(r"\w+", variable):
        raise UsageError(f"token_env of the server {name} must name an environment variable, and token be left out")
    return {key: value for key, value in settings.items() if key != "token_env"} | {"token": f"${{{variable}}}"}
