"""The adapter's journal: its memory and its queue."""
