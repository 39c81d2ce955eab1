"""The common tests of the installed transformers, taken from its source distribution when the tests run.

A wheel holds no tests, the source distribution (sdist) does. It is downloaded once, its checksum is compared, and its
modules are imported as a package of their own name, so that `tests` and `utils` of other projects stay out of the way.
Helpers that even the sdist lacks are stood in for here.

`TRANSFORMERS_SOURCE` names a folder to use instead: an unpacked sdist or a checkout, whose own helpers are preferred.
"""

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import types
import unittest
import warnings
from pathlib import Path
from unittest import mock

import pytest
import transformers


PACKAGE = "transformers_common_tests"
SHA256 = {"5.24.0": "906cb8c3cb2123575e263962586a4d21a979ce97feeb95fe6aaf66fe6ae88bf3"}  # of the sdist, by version
SCRATCH = tempfile.TemporaryDirectory(prefix="transformers-tests-")

# Settings that transformers' ConfigTester passes to every configuration that has no parts.
COMMON_CONFIG_SETTINGS = {
    "return_dict": False,
    "output_hidden_states": True,
    "output_attentions": True,
    "dtype": "float16",
    "chunk_size_feed_forward": 5,
    "architectures": ["VitalModel"],
    "id2label": {0: "label"},
    "label2id": {"label": 0},
    "problem_type": "regression",
}


def common_tests(name: str) -> types.ModuleType:
    """
    A module of transformers' tests, such as "test_modeling_common"; skips the calling test module if there is none.

    Args:
        name (`str`): of a file in transformers' folder `tests`, without its ending.
    """
    pytest.importorskip("parameterized", reason="transformers' common tests need the package parameterized")
    if f"{PACKAGE}.{name}" in sys.modules:
        return sys.modules[f"{PACKAGE}.{name}"]
    try:
        folder = _tests_folder()
    except Unavailable as reason:
        pytest.skip(f"transformers' common tests are not available: {reason}", allow_module_level=True)
    _stand_in(PACKAGE, __path__=[str(folder)])
    for helper, content in _missing_helpers().items():
        if not (folder / f"{helper.replace('.', '/')}.py").is_file():
            _stand_in(f"{PACKAGE}.{helper.split('.')[0]}", __path__=[])
            _stand_in(f"{PACKAGE}.{helper}", **content)
    _stand_in("fetch_hub_objects_for_ci", url_to_local_path=drawn_instead_of)
    with (
        warnings.catch_warnings(action="ignore", category=pytest.PytestUnknownMarkWarning),
        mock.patch.object(sys, "path", list(sys.path)),  # two of the modules append to it
        # one wants to import transformers anew from its source tree, for names that the installed one has too
        mock.patch("transformers.utils.direct_transformers_import", lambda *_, **__: transformers),
        # tests of videos are marked to need torchcodec, which VITAL does without
        mock.patch("transformers.testing_utils.require_torchcodec", lambda test: test),
    ):
        return importlib.import_module(f"{PACKAGE}.{name}")


def skip(reasons: dict[str, str]):
    """
    Class decorator: skip inherited tests by name.

    Args:
        reasons (`dict[str, str]`): why, by name of the test; a parametrised one has many names, of which the common
            beginning is given.

    Raises:
        `AttributeError`: no such test, so that the table does not outlive what it speaks of.
    """

    def decorate(test_case):
        for start, reason in reasons.items():
            names = [name for name in dir(test_case) if name == start or re.fullmatch(rf"{start}_\d+(_.*)?", name)]
            if not names:
                raise AttributeError(f"{test_case.__name__} has no test {start}; take it off the table of skips.")
            for name in names:
                setattr(test_case, name, unittest.skip(reason)(lambda self: None))
        return test_case

    return decorate


class Unavailable(Exception):
    pass


@functools.cache
def _tests_folder() -> Path:
    if "TRANSFORMERS_SOURCE" in os.environ:
        folder = Path(os.environ["TRANSFORMERS_SOURCE"]) / "tests"
        if not (folder / "test_modeling_common.py").is_file():
            raise Unavailable(f"TRANSFORMERS_SOURCE is set, but {folder} has no test_modeling_common.py")
        return folder
    archive = _sdist(transformers.__version__)
    with tarfile.open(archive) as tar:
        root = archive.name.removesuffix(".tar.gz")
        members = [member for member in tar if member.name.startswith(f"{root}/tests/")]
        tar.extractall(SCRATCH.name, members, filter="data")
    return Path(SCRATCH.name) / root / "tests"


def _sdist(version: str) -> Path:
    """The checked source distribution in the user's cache folder; downloaded if it is not there."""
    if version not in SHA256:
        raise Unavailable(f"no checksum is noted for transformers {version}; add it, or set TRANSFORMERS_SOURCE")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "transformers_vital"
    archive = cache / f"transformers-{version}.tar.gz"
    if not archive.is_file() or _sha256(archive) != SHA256[version]:
        download = Path(SCRATCH.name) / "download"
        requirement = Path(SCRATCH.name) / "requirement.txt"
        requirement.write_text(f"transformers=={version} --hash=sha256:{SHA256[version]}\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--retries=1", "--timeout=20", "--require-hashes", "--no-deps"]
        pip += ["--no-binary=:all:", "--no-build-isolation", f"--dest={download}", f"--requirement={requirement}"]
        try:
            subprocess.run(pip, check=True, capture_output=True, text=True, timeout=300)
        except subprocess.CalledProcessError as error:
            last_line = (error.stderr.strip().splitlines() or ["no message"])[-1]
            raise Unavailable(f"pip could not download its source distribution ({last_line})") from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable("pip took more than five minutes to download its source distribution") from error
        cache.mkdir(parents=True, exist_ok=True)
        staged = cache / f"{archive.name}.{os.getpid()}"
        staged.write_bytes((download / archive.name).read_bytes())
        staged.replace(archive)
    return archive


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing_helpers() -> dict[str, dict]:
    """What transformers' test modules import from sub-folders that the sdist leaves out, by module name."""
    return {
        "exporters.test_export": {"ExportTesterMixin": type("ExportTesterMixin", (), {})},
        "generation.test_utils": {"GenerationTesterMixin": type("GenerationTesterMixin", (), {})},
        "utils.test_configuration_utils": {"config_common_kwargs": COMMON_CONFIG_SETTINGS},
    }


def _stand_in(name: str, **content) -> None:
    if name not in sys.modules:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(content)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, sys.modules[name])


def drawn_instead_of(url: str) -> str:
    """A drawn picture or clip in place of a file that transformers' tests fetch from the Hub."""
    path = Path(SCRATCH.name) / url.rpartition("/")[2]
    if path.suffix in (".png", ".jpg") and not path.is_file():
        from PIL import Image

        Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(path)
    elif path.suffix == ".mp4" and not path.is_file():
        _draw_clip(path)
    return str(path)


def _draw_clip(path: Path, *, frames: int = 12, rate: int = 6) -> None:
    import av
    import numpy as np

    with contextlib.closing(av.open(str(path), "w")) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            picture = np.full((48, 64, 3), 16 + 16 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
