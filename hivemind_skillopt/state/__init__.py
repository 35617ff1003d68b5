"""The machine's own state: state.db, the inbox, session markers, and the installed skill folders."""
