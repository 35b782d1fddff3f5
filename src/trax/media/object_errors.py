"""What goes wrong with an object store, in our words: theirs hold keys, signatures and whole answers of servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from trax.errors import MediaAway, StoreError, StoreFull

_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_NOT_SIGNED_IN: Final = re.compile(
    r"169\.254\.169\.254|/latest/(api/token|meta-data)|computeMetadata|metadata/identity|Account must be specified"
)
_FULL: Final = frozenset(
    {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"}
)
_NO_BUCKET: Final = frozenset({"NoSuchBucket", "ContainerNotFound"})
_CREDENTIALS: Final = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; profiles in ~/.aws are not read.",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS to the path of a key file.",
    "az": "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY.",
}


@contextmanager
def explained(base: str) -> Iterator[None]:
    """Errors of obstore as ours. Raises: StoreError; MediaAway: there is no such object."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise _explain(base, error) from None  # whoever prints the cause would print the keys


def _explain(base: str, error: Exception) -> StoreError | MediaAway:
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    said = str(error)
    code = found[1] if (found := _CODE.search(said)) else ""
    status = found[1] if (found := _STATUS.search(said)) else ""
    if code in _NO_BUCKET:
        return StoreError(f"There is no {base}: no such bucket.", "Make the bucket, or correct TRAX_STORE.")
    if code in _FULL or status == "507":
        return StoreFull(f"No space is left in {base}.", "Free some there, or raise its quota.")
    if isinstance(error, FileNotFoundError):
        return MediaAway(f"A file is no longer in {base}.", "Add the media again from where it came.")
    if _NOT_SIGNED_IN.search(said):
        return StoreError(f"There are no credentials for {base}.", _CREDENTIALS.get(base[:2], "Set credentials."))
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return StoreError(
            f"{base} doesn't let us in ({code or status or 'no permission'}).",
            "Check the credentials in the environment, and that they may read and write there.",
        )
    return _passing(base, said, code or status)


def _passing(base: str, said: str, answer: str) -> StoreError:
    if "redirect without LOCATION" in said:
        return StoreError(f"{base} is in another region.", "Set AWS_REGION to that of the bucket.")
    if "BadScheme" in said:
        return StoreError(
            f"The server of {base} would be asked without encryption.",
            "Give it an https:// address, or set AWS_ALLOW_HTTP=true.",
        )
    if answer:
        return StoreError(f"{base} answers {answer}.", "Try again later.")
    return StoreError(f"{base} doesn't answer.", "Check the network and the store's address, then try again.")
