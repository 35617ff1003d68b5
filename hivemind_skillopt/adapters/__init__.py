"""One harness each: payload to event, transcript reader, installer, scorer command."""
