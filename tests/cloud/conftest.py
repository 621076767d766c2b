"""The servers of the rig, for every test of the cloud."""

from tests.rig.fixtures_databricks import warehouse_spark as warehouse_spark
from tests.rig.fixtures_lake import certificates as certificates
from tests.rig.fixtures_lake import entra as entra
from tests.rig.fixtures_lake import plain_azurite as plain_azurite
from tests.rig.fixtures_lake import secure_azurite as secure_azurite
from tests.rig.fixtures_lake import shaky as shaky
from tests.rig.fixtures_synapse import tds as tds
from tests.rig.fixtures_synapse import tds_server as tds_server
from tests.rig.fixtures_walk import cloud as cloud
from tests.rig.fixtures_walk import cloud_rig as cloud_rig
from tests.rig.fixtures_walk import demo_folder as demo_folder
