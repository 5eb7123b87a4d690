"""The script that Streamlit runs for every view.

It lies in a folder of its own for two reasons: Streamlit takes a folder `pages` beside its script for pages of its own
making until `st.navigation` has run once, so that a link to one of ours would open blank on a fresh server; and it puts
the script's folder first on the module path.
"""

from portal.app import main

main()
