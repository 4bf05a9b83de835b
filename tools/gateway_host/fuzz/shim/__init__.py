"""What the firmware's modules want of MicroPython, for CPython (guided.py): `install` is to be
called before any of them is imported, in a program of its own, as they have the names of modules
that CPython has too."""

from __future__ import annotations
import __future__

import asyncio
import binascii
import builtins
import gc
import importlib.machinery
import json
import os
import struct
import sys
import time
import types
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

_WORDS = {"ptr8": "B", "ptr16": "H", "ptr32": "i"}
_SIZES = {"B": 1, "H": 2, "i": 4}
_FOLDER, _FILE = 0x4000, 0x8000


def _words(form: str) -> Callable:
    """Gives memory as words of this form, as viper has it."""

    def cast(data: Any) -> memoryview:
        view = memoryview(data).cast("B")
        return view[: len(view) // _SIZES[form] * _SIZES[form]].cast(form)

    return cast


def _viper(function: Callable) -> Callable:
    """The function, given memory of words where it wants some."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    forms = [_WORDS.get(function.__annotations__.get(name, "")) for name in names]

    def called(*arguments: Any) -> Any:
        given = zip(arguments, forms, strict=True)
        return function(*[_words(form)(one) if form else one for one, form in given])

    return called


def _micropython() -> types.ModuleType:
    module = types.ModuleType("micropython")
    module.const = lambda value: value
    module.native = lambda function: function
    module.viper = _viper
    return module


def _struct() -> types.ModuleType:
    """Of MicroPython, which raises ValueError, and cuts off what is too large."""
    module = types.ModuleType("struct")

    def mended(function: Callable) -> Callable:
        def called(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except struct.error as error:
                raise ValueError(str(error)) from None

        return called

    for name in ("pack", "pack_into", "unpack", "unpack_from", "calcsize"):
        setattr(module, name, mended(getattr(struct, name)))
    return module


def _encodable(value: Any) -> Any:
    """What JSON has, without halves of characters, which MicroPython can encode."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_encodable(one) for one in value]
    if isinstance(value, dict):
        return {_encodable(name): _encodable(one) for name, one in value.items()}
    return value


def _json() -> types.ModuleType:
    """Of MicroPython, which has no limit of depth when it reads."""
    module = types.ModuleType("json")

    def loads(text: str | bytes) -> Any:
        try:
            return _encodable(json.loads(text))
        except RecursionError:
            raise ValueError("too deep for this interpreter") from None

    module.loads = loads
    module.dumps = json.dumps
    return module


def _binascii() -> types.ModuleType:
    """Of MicroPython, which takes texts too."""
    module = types.ModuleType("binascii")

    def of_texts(function: Callable) -> Callable:
        def called(data: Any, *more: Any) -> Any:
            return function(data.encode() if isinstance(data, str) else data, *more)

        return called

    for name in ("crc32", "hexlify", "unhexlify", "a2b_base64", "b2a_base64"):
        setattr(module, name, of_texts(getattr(binascii, name)))
    return module


class _DeflateIO:
    """deflate.DeflateIO, of raw streams alone."""

    def __init__(self, stream: Any, form: int, window: int) -> None:
        self._stream = stream
        self._window = window

    def read(self, size: int) -> bytes:
        unpacker = zlib.decompressobj(-self._window)
        try:
            return unpacker.decompress(self._stream.read(), size) if size else b""
        except zlib.error as error:
            raise OSError(22, str(error)) from None


def _deflate() -> types.ModuleType:
    module = types.ModuleType("deflate")
    module.RAW = 1
    module.DeflateIO = _DeflateIO
    return module


def _ilistdir(folder: str) -> Iterator[tuple[str, int, int, int]]:
    for entry in list(os.scandir(folder)):
        kind = _FOLDER if entry.is_dir() else _FILE
        yield entry.name, kind, 0, entry.stat().st_size


class _Loader(importlib.machinery.SourceFileLoader):
    """Of modules whose annotations are never looked at; changed: what becomes of their code."""

    changed: Callable[[types.CodeType], types.CodeType]

    def get_code(self, fullname: str) -> types.CodeType:
        path = self.get_filename(fullname)
        flags = __future__.annotations.compiler_flag
        return type(self).changed(compile(self.get_data(path), path, "exec", flags, True))


def install(
    places: Iterable[Path], changed: Callable[[types.CodeType], types.CodeType] = lambda code: code
) -> None:
    """Have modules looked for in these places first. changed: what becomes of their code."""
    _Loader.changed = staticmethod(changed)
    ours = [str(place) for place in places]
    known = set()
    for place in list(ours):
        for folder in Path(place).iterdir():
            if any(folder.glob("*.py")) and folder.name not in known:
                known.add(folder.name)
                sys.modules[folder.name] = package = types.ModuleType(folder.name)
                package.__path__ = [str(folder)]
                ours.append(str(folder))
    finder = importlib.machinery.FileFinder.path_hook((_Loader, [".py"]))

    def hook(path: str) -> Any:
        if path not in ours:
            raise ImportError(path)
        return finder(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()
    sys.path[:0] = [str(place) for place in places]
    _install()


def _install() -> None:
    for make in (_micropython, _struct, _json, _binascii, _deflate):
        module = make()
        sys.modules[module.__name__] = module
    for name in ("machine", "network", "esp32", "vfs"):
        sys.modules.setdefault(name, types.ModuleType(name))
    for name, form in _WORDS.items():
        setattr(builtins, name, _words(form))
    builtins.uint = lambda value: value & 0xFFFFFFFF
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
    asyncio.wait_for_ms = lambda what, ms: asyncio.wait_for(what, ms / 1000)
    time.ticks_ms = lambda: int(time.monotonic() * 1000) & 0x3FFFFFFF
    time.ticks_us = lambda: int(time.monotonic() * 1000000) & 0x3FFFFFFF
    time.ticks_diff = lambda a, b: (a - b + 0x20000000 & 0x3FFFFFFF) - 0x20000000
    time.ticks_add = lambda a, b: a + b & 0x3FFFFFFF
    gc.mem_free = lambda: 1 << 20
    gc.mem_alloc = lambda: 0
    os.ilistdir = _ilistdir
    sys.print_exception = lambda error: None
