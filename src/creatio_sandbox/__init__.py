"""A local Creatio; knows nothing of leadferry."""
