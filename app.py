"""The frame of the dashboard. Start it with `streamlit run app.py`; recon.ui.shell lists the pages."""

from recon.ui import shell

shell.frame()
