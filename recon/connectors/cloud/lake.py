"""ADLS as a `Lake`: blocks in parallel, each checked by the service, each tried again on its own.

Proof of arrival has two parts. Every block carries its MD5, which storage checks before it takes the block
(https://learn.microsoft.com/rest/api/storageservices/put-block), and the size of the whole is asked for after
the commit. `recon.steps.transfer` then reads the object back and compares its SHA-256: an MD5 stored with a
blob would prove less, for storage does not check it against the blocks of a block list.
"""

from __future__ import annotations

import base64
import logging
import uuid
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceResponseError,
)
from azure.storage.blob import BlobBlock, BlobServiceClient
from requests.exceptions import RequestException

from recon.connectors.cloud.identity import credential
from recon.connectors.cloud.lake_faults import fault, retrying
from recon.errors import LakeError, SettingsError
from recon.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future
    from pathlib import Path
    from typing import BinaryIO

    from azure.storage.blob import BlobClient, ContainerClient

    from recon.connections import Adls, Cloud

log = logging.getLogger("recon")

_FOLDER = "hdi_isfolder"  # marks a directory of a hierarchical namespace in a flat listing, see `_listed`


def adls_lake(adls: Adls, cloud: Cloud, progress: Progress | None = None) -> AdlsLake:
    """The lake that the settings name; nothing is asked yet. SettingsError when they cannot be right."""
    told: dict[str, Any] = {
        "connection_timeout": adls.timeout_seconds,
        "read_timeout": adls.timeout_seconds,
        "retry_total": 0,  # `retrying` does that, with its list of what is transient
        "max_single_get_size": adls.block_bytes,
        "max_chunk_get_size": adls.block_bytes,
    }
    if adls.api_version:
        told["api_version"] = adls.api_version
    if cloud.ca_file:
        told["connection_verify"] = cloud.ca_file
    try:
        if adls.connection_string:
            service = BlobServiceClient.from_connection_string(adls.connection_string, **told)
        else:
            who: Any = adls.sas_token or credential(cloud)
            service = BlobServiceClient(adls.account_url, credential=who, **told)
    except (ValueError, AttributeError) as error:  # never their text: it may hold a key
        raise SettingsError(
            "the settings of ADLS cannot be used",
            hint="Check ADLS_ENDPOINT, ADLS_CONNECTION_STRING, ADLS_SAS_TOKEN and ADLS_API_VERSION.",
        ) from error
    return AdlsLake(adls, service.get_container_client(adls.container), progress or Progress())


class AdlsLake:
    """A `Lake` (see `recon.ports`) below `adls.path` in one container. Keys are relative paths with `/`."""

    def __init__(self, adls: Adls, container: ContainerClient, progress: Progress) -> None:
        self._adls, self._container, self._progress = adls, container, progress

    def put(self, file: Path, key: str) -> str:
        """A reader sees the old object or the whole new one. LakeError when another writer came between."""
        blob = self._blob(key)
        with _ours(f"{key} cannot be written"):
            try:
                with file.open("rb") as stream:
                    blocks, size = self._stage(blob, stream, file.stat().st_size, key)
                self._commit(blob, blocks)
                arrived = self._try(blob.get_blob_properties).size
            except BaseException:
                self._discard(blob, key)
                raise
        if arrived != size:
            raise LakeError(
                f"transport fault at ADLS: {key} has {arrived:,} bytes there and {size:,} here",
                hint="Run again. If it happens again, check the network up to the storage account.",
                retryable=True,
            )
        return self._adls.url(key)

    def get(self, key: str, into: Path) -> Path:
        """Whole or not at all."""
        blob = self._blob(key)
        partial = into.with_name(f"{into.name}.{uuid.uuid4().hex}.partial")
        with _ours(f"{key} cannot be read"):
            into.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._fetch(blob, partial, key)
                partial.replace(into)
            except ResourceNotFoundError as error:
                raise LakeError(
                    f"{key}: not in the container {self._adls.container} of {self._adls.account}",
                    hint="Run the transfer again.",
                ) from error
            finally:
                partial.unlink(missing_ok=True)
        return into

    def keys(self, prefix: str) -> tuple[str, ...]:
        """A prefix is a key or a folder: `runs/1` does not cover `runs/10/x`. Empty: everything."""
        return tuple(sorted(key for key, folder in self._listed(prefix) if not folder))

    def drop(self, prefix: str) -> None:
        """Also removes the directories of a hierarchical namespace, the deepest first."""
        found = self._listed(prefix)
        found.sort(key=lambda each: (each[1], -each[0].count("/")))
        for key, _ in found:
            blob = self._blob(key)
            with _ours(f"{key} cannot be deleted"):
                self._try(lambda blob=blob: _delete(blob))

    # --- within --------------------------------------------------------------------------------

    def _try(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401
        return retrying(self._adls)(call)

    def _blob(self, key: str) -> BlobClient:
        path = PurePosixPath(key)
        if not path.parts or ".." in path.parts or path.is_absolute() or "\\" in key or ":" in key:
            raise LakeError(
                f"{key!r} is no key of the lake", hint="A key is a relative path with / and without `..`."
            )
        return self._container.get_blob_client(f"{self._adls.path}{path.as_posix()}")

    def _stage(self, blob: BlobClient, stream: BinaryIO, size: int, key: str) -> tuple[list[BlobBlock], int]:
        """Send the blocks, `parallel` at once; a cancel takes effect between two of them."""
        blocks: list[BlobBlock] = []
        sent = done = 0
        waiting: dict[Future[Any], int] = {}
        upload = uuid.uuid4().hex[:8]  # two writers of one key must not mix their blocks
        with ThreadPoolExecutor(self._adls.parallel, thread_name_prefix="upload") as pool:
            while data := stream.read(self._adls.block_bytes):
                name = base64.b64encode(f"{upload}-{len(blocks):08d}".encode()).decode()
                blocks.append(BlobBlock(block_id=name))
                waiting[pool.submit(self._try, _block(blob, name, data))] = len(data)
                sent += len(data)
                while len(waiting) >= self._adls.parallel:
                    done = self._settled(waiting, done, size, key)
            while waiting:
                done = self._settled(waiting, done, size, key)
        return blocks, sent

    def _settled(self, waiting: dict[Future[Any], int], done: int, size: int, key: str) -> int:
        """Wait until at least one block has arrived; return how many bytes have."""
        over, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for block in over:
            done += waiting.pop(block)
            block.result()
        self._progress.say(f"Uploading {key}", done=done, total=size)
        return done

    def _commit(self, blob: BlobClient, blocks: list[BlobBlock]) -> None:
        """Make the blocks the object. If there is one already, replace exactly that one."""
        try:
            self._try(lambda: blob.commit_block_list(blocks, match_condition=MatchConditions.IfMissing))
        except (ResourceExistsError, ResourceModifiedError):
            etag = self._try(blob.get_blob_properties).etag
            self._try(
                lambda: blob.commit_block_list(
                    blocks, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            )

    def _discard(self, blob: BlobClient, key: str) -> None:
        """Throw away blocks of an upload that failed, where no object is: storage keeps them for a week.

        An empty list takes their place, and goes (https://learn.microsoft.com/rest/api/storageservices/put-block-list).
        """
        try:
            blob.commit_block_list([], match_condition=MatchConditions.IfMissing)
            blob.delete_blob()
        except (ResourceExistsError, ResourceModifiedError):
            return
        except AzureError as error:
            log.warning("%s: blocks of a failed upload stay in the lake (%s)", key, type(error).__name__)

    def _fetch(self, blob: BlobClient, into: Path, key: str) -> None:
        """Read the object slice by slice, each tried again on its own; all from one version of it."""
        there = self._try(blob.get_blob_properties)
        step = self._adls.block_bytes * self._adls.parallel
        with into.open("wb") as sink:
            for start in range(0, there.size, step):
                size = min(step, there.size - start)
                sink.write(
                    self._try(lambda start=start, size=size: self._slice(blob, start, size, there.etag))
                )
                self._progress.say(f"Reading {key} back", done=start + size, total=there.size)

    def _slice(self, blob: BlobClient, start: int, size: int, etag: str) -> bytes:
        unchanged: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            stream = blob.download_blob(start, size, max_concurrency=self._adls.parallel, **unchanged)
            return stream.readall()
        except RequestException as error:  # the SDK does not translate what breaks while a body is read
            raise ServiceResponseError(type(error).__name__) from error

    def _listed(self, prefix: str) -> list[tuple[str, bool]]:
        """(key, whether it is a directory) of everything under `prefix`.

        With a hierarchical namespace a flat listing holds directories too:
        https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-known-issues#blob-storage-apis
        """
        root, folder = self._adls.path, prefix.rstrip("/")
        with _ours(f"{prefix or 'the lake'} cannot be listed"):
            found = self._try(
                lambda: list(
                    self._container.list_blobs(name_starts_with=f"{root}{folder}", include=["metadata"])
                )
            )
        pairs = [
            (b.name.removeprefix(root).rstrip("/"), (b.metadata or {}).get(_FOLDER) == "true") for b in found
        ]
        return [p for p in pairs if p[0] and (not folder or p[0] == folder or p[0].startswith(f"{folder}/"))]


def _block(blob: BlobClient, name: str, data: bytes) -> Callable[[], Any]:
    return lambda: blob.stage_block(name, data, length=len(data), validate_content="md5")


def _delete(blob: BlobClient) -> None:
    try:
        blob.delete_blob(delete_snapshots="include")
    except ResourceNotFoundError as error:
        log.debug("already gone (%s)", type(error).__name__)


@contextmanager
def _ours(what: str) -> Generator[None]:
    """The errors of storage and of the local disk as LakeError."""
    try:
        yield
    except AzureError as error:
        raise fault(error, what) from None  # its text may hold a signed address, which tracebacks would show
    except OSError as error:
        raise LakeError(
            f"{what}: {error.strerror or type(error).__name__}",
            hint="Check the folder's permissions and the disk's free space.",
            retryable=not isinstance(error, FileNotFoundError | PermissionError),
        ) from error
