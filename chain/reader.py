"""Read the files of an export that a stranger handed over.

1. Paths are derived by `chain.layout` from checked names; nothing that an export says becomes a path.
2. Only regular files are read, never through a symbolic link, and only up to a size limit.
3. Every failure is an `ExportError` that names the file.
"""

import os
import stat
from pathlib import Path

from chain import jcs
from chain.errors import ChainError, ExportError
from chain.layout import CHECKPOINT, MANIFEST, POLICY_FOLDER, VKEY, check_channel, log_path
from chain.limits import LIMITS
from chain.manifest import EXPORT_FORMAT, Manifest
from chain.text import check_name
from chain.tiles import TILE_WIDTH, entries_path, parse_entry_bundle

_MANIFEST = jcs.TypedDecoder(Manifest)


class ExportReader:
    """The files of one export folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise ExportError("no-export", "there is no such folder", str(folder))
        if not (folder / MANIFEST).is_file():
            sentence = f"this folder is no export of gridproof: it has no {MANIFEST}"
            raise ExportError("no-export", sentence, str(folder))

    def manifest(self) -> Manifest:
        """The manifest, its names checked."""
        try:
            manifest: Manifest = _MANIFEST.decode(self.read(MANIFEST), MANIFEST)
            if manifest.format != EXPORT_FORMAT:
                sentence = f"format {manifest.format!r}; this release reads {EXPORT_FORMAT!r}"
                raise ExportError("format", sentence, MANIFEST)
            check_name(manifest.network, MANIFEST)
            for channel in (*manifest.channels, *manifest.withheld):
                check_channel(channel, MANIFEST)
            for listed in (manifest.channels, manifest.withheld):
                if list(listed) != sorted(set(listed)):
                    raise ExportError("channels", "channels are not sorted, each once", MANIFEST)
        except ExportError:
            raise
        except ChainError as error:
            raise ExportError(error.code, error.sentence, error.where) from None
        return manifest

    def read(self, path: str) -> bytes:
        """Content of one file (rules 2 and 3)."""
        try:
            file = self._open(path)
        except FileNotFoundError:
            raise ExportError("missing", "the file is missing", path) from None
        except OSError as error:
            raise ExportError(
                "unreadable", f"cannot be read ({error.strerror}); links are not followed", path
            ) from None
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            os.close(file)
            raise ExportError("not-a-file", "not a regular file", path)
        with os.fdopen(file, "rb") as source:
            most = _bytes_max(path)
            if status.st_size > most:
                raise ExportError("too-large", f"{status.st_size} bytes, at most {most} are read", path)
            # Not `most`: memory is taken for as many bytes as are asked for.
            return source.read(min(most, status.st_size))

    def _open(self, path: str) -> int:
        """Open component by component, so that no part of the path may be a link."""
        *folders, name = path.split("/")
        parent = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for folder in folders:
                child = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
                os.close(parent)
                parent = child
            return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        finally:
            os.close(parent)

    def entries(self, log: str, size: int) -> list[bytes]:
        """The first `size` entries of a log, from its entry bundles."""
        found: list[bytes] = []
        while len(found) < size:
            width = min(TILE_WIDTH, size - len(found))
            path = log_path(log, entries_path(len(found) // TILE_WIDTH, width))
            try:
                found += parse_entry_bundle(self.read(path), width)
            except ExportError:
                raise
            except ChainError as error:
                raise ExportError(error.code, error.sentence, path) from None
        return found

    def files(self) -> list[str]:
        """Every file below the folder, sorted; links and special files are refused.

        A stranger chose the names: what is not printable ASCII comes back escaped, and so matches no path of ours.
        """
        found = []
        folders = [self.folder]
        while folders:
            for path in _listed(folders.pop()):
                mode = path.lstat().st_mode
                relative = path.relative_to(self.folder)
                name = ascii(relative.as_posix())[1:-1]
                if stat.S_ISREG(mode):
                    found.append(name)
                elif not stat.S_ISDIR(mode):
                    raise ExportError("not-a-file", "neither a regular file nor a folder", name)
                elif len(relative.parts) >= LIMITS.export_depth_max:
                    raise ExportError(
                        "too-deep", f"folders are nested deeper than {LIMITS.export_depth_max}", name[:80]
                    )
                else:
                    folders.append(path)
        return sorted(found)


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder; one that cannot be listed might hold anything."""
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise ExportError("unreadable", f"cannot be listed ({error.strerror})", ascii(str(folder))[1:-1]) from None


def _bytes_max(path: str) -> int:
    """How large a file of that place may be: a hostile export must not fill the reader's memory."""
    if path == MANIFEST:
        return LIMITS.entry_bytes_max
    if path.startswith(f"{POLICY_FOLDER}/"):
        return LIMITS.policy_bytes_max
    name = path.split("/", 1)[-1]
    if name in (CHECKPOINT, VKEY):
        return LIMITS.note_bytes_max
    if name.startswith("tile/"):
        return TILE_WIDTH * (LIMITS.entry_bytes_max + 2)
    return LIMITS.export_file_bytes_max


def decode_vkey(data: bytes, where: str) -> str:
    """The one line of a `vkey` file."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise ExportError("vkey", "not ASCII", where) from None
    if not text.endswith("\n") or text.count("\n") != 1:
        raise ExportError("vkey", "not exactly one line", where)
    return text[:-1]
