"""The hub: decides whether a sealed envelope may pass, carries it, keeps the log. It cannot read a body."""
