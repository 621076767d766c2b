"""Who recon is to Azure: one credential of Entra ID for storage, Synapse and Databricks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recon.errors import SettingsError

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential

    from recon.connections import Cloud

# What a token must be for: https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory
STORAGE: Final = "https://storage.azure.com/.default"


def credential(cloud: Cloud) -> DefaultAzureCredential:
    """Logs in as the environment says: a service principal, a managed identity, or `az login`.

    Nothing is asked before the first token is wanted. SettingsError when azure-identity is not installed, or
    when the authority is not an https address.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        raise SettingsError(
            "azure-identity is not installed, which logs in with Entra ID",
            hint="pip install -r requirements.txt",
        ) from error
    told: dict[str, Any] = {}
    if cloud.ca_file:
        told["connection_verify"] = cloud.ca_file
    if cloud.authority:
        # Otherwise login.microsoftonline.com is asked whether it knows the authority; private clouds and
        # closed networks cannot: https://learn.microsoft.com/python/api/azure-identity/azure.identity.environmentcredential
        told |= {"authority": cloud.authority, "disable_instance_discovery": True}
    try:
        return DefaultAzureCredential(**told)
    except ValueError as error:
        raise SettingsError(
            "AZURE_AUTHORITY_HOST is not an https address that Entra ID can be asked at",
            hint="Unset it for the public cloud, or give the address of your cloud's login service.",
        ) from error
