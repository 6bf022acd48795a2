"""The disclosure log: append in commit order, integrate into a tree, prove, serve, export."""
