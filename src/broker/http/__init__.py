"""The hub's HTTP and WebSocket surface: parse, authenticate, call one use case, dump. It decides nothing."""
