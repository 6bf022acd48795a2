"""An agency's side: its connection to hubs, its journal, its connectors, and what its practitioners type."""
