"""What Azure Storage says went wrong, as LakeError with the remedy; and what deserves another try.

Never the SDK's own words: they may hold an address with its signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from recon.errors import LakeError

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from recon.connections import Adls

# https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific (Azure Storage) and
# https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes: a later call may pass.
TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
MOST_SECONDS: Final = 30.0  # between two tries
# A 400, and yet only this one transmission was bad. The second is Azurite's word for it.
_BAD_BLOCK: Final = frozenset({"Md5Mismatch", "InvalidOperation"})

_HINTS: Final = {
    400: "If it names the API version, set ADLS_API_VERSION to one that the service knows.",
    401: "Log in again: check AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, ADLS_SAS_TOKEN or `az login`.",
    403: "Give this identity the role Storage Blob Data Contributor on the container; check its firewall.",
    404: "Check ADLS_STORAGE_ACCOUNT, ADLS_CONTAINER and ADLS_ENDPOINT; recon makes no container.",
    409: "Somebody else is writing there. Run again.",
    412: "Somebody else has just replaced it. Run again.",
}
_LATER: Final = "Run again: the storage account was busy or could not be reached for some time."


def retrying(adls: Adls) -> Retrying:
    """Tries again on what is transient, and on nothing else; the last error escapes as it is."""
    backoff = wait_exponential_jitter(
        multiplier=adls.backoff_seconds, max=MOST_SECONDS, jitter=adls.backoff_seconds
    )

    def wait(state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        return max(backoff(state), min(_asked(fault), MOST_SECONDS))

    return Retrying(
        stop=stop_after_attempt(adls.attempts), wait=wait, retry=retry_if_exception(transient), reraise=True
    )


def transient(error: BaseException) -> bool:
    """Whether the same call may pass later."""
    if isinstance(error, ServiceRequestError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)
    if isinstance(error, ServiceResponseError | DecodeError):
        return True
    if isinstance(error, HttpResponseError):
        return error.status_code in TRANSIENT or _code(error) in _BAD_BLOCK
    return False


def fault(error: AzureError, what: str) -> LakeError:
    """`what` failed (words for a reader): the error that says why and what to do."""
    later = transient(error)
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return LakeError(
            f"{what}: the server's certificate is not trusted",
            hint="Set REQUESTS_CA_BUNDLE to the file of the certificate authority that signed it.",
        )
    if isinstance(error, ClientAuthenticationError) and not hasattr(error, "error_code"):
        return LakeError(f"{what}: Entra ID gave no token", hint=_HINTS[401])
    if isinstance(error, HttpResponseError) and error.status_code:
        said = " ".join(str(part) for part in (error.status_code, _code(error)) if part)
        asked = _header(error, "x-ms-request-id")
        said += f", request {asked}" if asked else ""
        hint = (
            _LATER if later else _HINTS.get(error.status_code, "Look the code up in Azure's documentation.")
        )
        return LakeError(f"{what}: storage answered {said}", hint=hint, retryable=later)
    how = (
        "gave no whole answer"
        if isinstance(error, ServiceResponseError | DecodeError)
        else "cannot be reached"
    )
    return LakeError(
        f"{what}: the storage account {how} ({type(error).__name__})", hint=_LATER, retryable=True
    )


def _asked(error: BaseException | None) -> float:
    """The seconds that the service asks us to wait."""
    said = _header(error, "Retry-After")
    return float(said) if said.isdigit() else 0.0


def _header(error: object, name: str) -> str:
    response: Any = getattr(error, "response", None)
    headers: Any = getattr(response, "headers", None)
    return str(headers.get(name, "")) if headers else ""


def _code(error: object) -> str:
    code: Any = getattr(error, "error_code", "")
    return str(getattr(code, "value", code) or "")
