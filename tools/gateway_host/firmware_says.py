"""What the firmware's interpreter is, and whether the firmware takes a site.json: asked of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.session import MODULE_PATH, SOURCE_HEAP

_JUDGE = Path(__file__).with_name("device") / "judge_site.py"


def version(bits: int) -> str:
    """The interpreter in words: `1.26.1 (32 bits)`. UserError when there is none."""
    code = "import sys; print('.'.join(map(str, sys.implementation[1][:3])))"
    number = interpreter.run(["-c", code], bits=bits).stdout.strip()
    return f"{number} ({interpreter.bits_of(interpreter.find(bits))} bits)"


def check_site(path: Path, bits: int) -> dict[str, Any]:
    """Reads a site.json; UserError with the reason when the firmware refuses it."""
    try:
        text = path.read_text(encoding="utf-8")
        plan = json.loads(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    answer = interpreter.run(
        [_JUDGE],
        bits=bits,
        heap=SOURCE_HEAP,
        path=MODULE_PATH,
        stdin=None,
        input=text,
        encoding="utf-8",
        cwd=path.resolve().parent,  # where profiles of meters lie, as on the gateway
    )
    reason = (answer.stdout + answer.stderr).strip()
    if answer.returncode or reason:
        raise UserError(f"{path}: {reason.splitlines()[-1] if reason else 'refused'}")
    return plan
