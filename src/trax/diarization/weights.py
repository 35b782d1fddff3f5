"""From a setting to a folder with the weights of community-1: a path, a cache, a package, or the package index.

The networks are pyannote's speaker-diarization-community-1, the PLDA is of Brno University of Technology; both are
licensed under CC-BY-4.0.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from trax.diarization.elf import exported
from trax.diarization.networks import EMBEDDING, SEGMENTATION
from trax.diarization.plda import FILES as PLDA_FILES
from trax.errors import ModelUnavailable, OutputError

NAME = "community-1"
LICENCE = "CC-BY-4.0, by pyannote and Brno University of Technology"
PACKAGE, MODULE = "moonshine-voice==0.0.73", "moonshine_voice"  # the last version that carries them
LIBRARY = "libmoonshine.so"
PLATFORM = "manylinux_2_34_x86_64"  # of the wheel that is fetched: on any machine, for nothing of it is run
MEGABYTES = 56
INSTALL = "pip install 'trax-transcripts[diarize]'"
NOTICE = """\
speaker-diarization-community-1: segmentation.ort and embedding.ort by pyannote (https://huggingface.co/pyannote),
the latter made from a ResNet34 of WeSpeaker; the PLDA (xvec_*.bin, plda_*.bin) by Brno University of Technology.
Licence: CC-BY-4.0, https://creativecommons.org/licenses/by/4.0/
Taken as they are from the Python package moonshine-voice 0.0.73, which carries them for ONNX Runtime.
"""
FILES = (SEGMENTATION, EMBEDDING, *PLDA_FILES)
DIGESTS = {  # SHA-256
    SEGMENTATION: "9715e3996ef181252aa1cc0c9398060f42b2c984c2fb65e3604262555e2efb1a",
    EMBEDDING: "6e4af7d49562e6e7042672e444d6394935cb2c23c3a7dd4919da45922b91735b",
    "xvec_mean1.bin": "4ff32f244658ff69c12b11c19e0f95e4ef8d33f22781f0e2821c4ac986941487",
    "xvec_lda.bin": "2cabb824db82e3276ff7b782cf17951086f6633436e03ad5b4c4e6c2b5479375",
    "xvec_mean2.bin": "48cc169ece06780fdc298a3e901f298f35e867bf20a477ccdd96aae4e87a9a02",
    "plda_mu.bin": "d67b1d54babdfd8c2547b9e5ba96abb30079b5bcc6b4aaa5985e77571537c798",
    "plda_tr.bin": "f7acd9020ace3908b7ba37c04091fe0555fff4ed0678647866ce2c67208b76f6",
    "plda_psi.bin": "72c17389945e40565bd3e07cf529dad328e4f28649b5c286dee92348f623b76b",
}

Announce = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights on this machine."""

    path: Path
    source: str  # "path", "cache", "package <name>"
    model_id: str  # with a digest of the weights, where these are not the known ones


def resolve(
    folder: Path | None, *, models_folder: Path, offline: bool = False, announce: Announce = lambda _: None
) -> Weights:
    """The weights in `folder`, or, where that is None, those that are here or can be fetched.

    Raises: ModelUnavailable: the folder is incomplete, or nothing is here and the package index can't be asked.
    OutputError: the weights can't be written.
    """
    if folder is not None:
        return _from_path(folder.expanduser().resolve())
    kept = models_folder / NAME
    if _are_whole(kept):
        return Weights(kept, "cache", NAME)
    try:
        if (library := installed_library()) is not None:
            _keep(_extracted(library), kept)
            return Weights(kept, f"package {PACKAGE}", NAME)
    except ModelUnavailable:
        if offline:
            raise
    if offline:
        raise _unavailable("and Trax is set to work offline")
    announce(f"Fetching the weights that tell speakers apart ({NAME}, {LICENCE}): {MEGABYTES} MB, once.")
    with TemporaryDirectory(prefix="trax-weights-") as place:
        _keep(_extracted(_fetched(Path(place))), kept)
    return Weights(kept, f"package {PACKAGE}", NAME)


def at_hand(folder: Path | None, models_folder: Path) -> str | None:
    """Where `resolve` takes the weights from without asking anybody; None: nothing is here."""
    if folder is not None:
        return None if missing_files(folder.expanduser()) else str(folder)
    if _are_whole(models_folder / NAME):
        return str(models_folder / NAME)
    try:
        library = installed_library()
        return None if library is None or not _extracted(library) else f"the package {PACKAGE}"
    except ModelUnavailable:  # another version of it
        return None


def missing_files(folder: Path) -> list[str]:
    """Names of the files that this folder should have and lacks."""
    return [name for name in FILES if not (folder / name).is_file()]


def _are_whole(folder: Path) -> bool:
    """Whether the weights that are known lie there, undamaged: others would hear other speakers, and say nothing."""
    try:
        return all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == DIGESTS[name] for name in FILES)
    except OSError:
        return False


def installed_library() -> Path | None:
    """The library of the package that carries the weights, if it is installed."""
    found = find_spec(MODULE)
    if found is None or found.origin is None:
        return None
    library = Path(found.origin).parent / LIBRARY
    return library if library.is_file() else None


def _from_path(folder: Path) -> Weights:
    if missing := missing_files(folder):
        raise ModelUnavailable(
            f"{folder} lacks {', '.join(missing[:3])}{' and more' if len(missing) > 3 else ''}.",
            f"Unset TRAX_DIARIZE_MODELS, or fill the folder with: {', '.join(FILES)}.",
        )
    digest = hashlib.sha256()
    is_known = True
    for name in FILES:
        found = hashlib.sha256((folder / name).read_bytes())
        is_known &= found.hexdigest() == DIGESTS[name]
        digest.update(found.digest())
    return Weights(folder, "path", NAME if is_known else f"{NAME}-{digest.hexdigest()[:8]}")


def symbol(file: str) -> str:
    """The name under which the library has what goes into that file."""
    name = f"{Path(file).stem}_ort_data" if file.endswith(".ort") else Path(file).stem
    return f"_ZN9cppannote19embedded_community1{len(name)}{name}E"


def _extracted(library: Path) -> dict[str, bytes]:
    """The files' contents. Raises: ModelUnavailable: the library has others."""
    try:
        objects = exported(library, map(symbol, FILES))
    except (OSError, ValueError) as error:
        raise _unavailable(f"and {library.name} can't be read: {error}") from error
    contents = {name: objects.get(symbol(name), b"") for name in FILES}
    if any(hashlib.sha256(contents[name]).hexdigest() != DIGESTS[name] for name in FILES):
        raise _unavailable(f"and the package that is here is not {PACKAGE}")
    return contents


def _keep(contents: Mapping[str, bytes], folder: Path) -> None:
    """All of them or none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{NAME}-", dir=folder.parent, ignore_cleanup_errors=True) as place:
            whole = Path(place) / NAME
            whole.mkdir()
            for name, content in contents.items():
                (whole / name).write_bytes(content)
            (whole / "NOTICE").write_text(NOTICE, "utf-8")
            if folder.exists() and not _are_whole(folder):
                shutil.rmtree(folder)
            with suppress(FileExistsError):  # another process was faster
                whole.rename(folder)
    except OSError as error:
        if not _are_whole(folder):
            raise OutputError(
                f"The weights can't be written to {folder}: {error.strerror or error}.",
                "Make room there, or set TRAX_HOME to a folder that can be written.",
            ) from error


def _fetched(place: Path) -> Path:
    """The library, out of the package's wheel for Linux, as pip gets it from wherever it gets packages."""
    options = ["--no-deps", "--only-binary=:all:", "--platform", PLATFORM, "--dest", str(place)]
    patience = ["--timeout", "15", "--retries", "1"]  # whoever waits can't interrupt it
    command = [*_pip(), "download", "--quiet", "--disable-pip-version-check", *patience, *options, PACKAGE]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unavailable(f"and pip can't fetch them: {type(error).__name__}") from error
    wheels = list(place.glob("*.whl"))
    if ran.returncode or not wheels:
        said = (ran.stderr.strip().splitlines() or ["no wheel"])[-1]
        raise _unavailable(f"and pip can't fetch them: {said[:200]}")
    try:
        with ZipFile(wheels[0]) as wheel:
            return Path(wheel.extract(f"{MODULE}/{LIBRARY}", place))
    except (BadZipFile, KeyError, OSError) as error:
        raise _unavailable("and the package that pip fetched is damaged") from error


def _pip() -> list[str]:
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise _unavailable("and there is no pip to fetch them with")
    return [found]


def _unavailable(why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The weights that tell speakers apart are not on this machine, {why}.",
        f"Run `{INSTALL}`, or set TRAX_DIARIZE_MODELS to a folder with them.",
    )
