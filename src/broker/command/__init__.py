"""The program `gatehouse`: one small file per command; parse arguments, do one thing, say so in one line."""
