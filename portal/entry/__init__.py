"""Where Streamlit starts: a folder of its own, see `portal.entry.main`."""
