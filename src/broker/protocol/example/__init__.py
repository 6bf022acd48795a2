"""The example of docs/protocol.md: one exchange, every byte of it made by the protocol's own code.

Keys, ids, salts and instants come from names, so whoever follows the document can make the same bytes. Only
sealing draws randomness of its own, so the two sealed bodies are kept in `sealed.json`. All people and
agencies are invented. Nothing but the documents and the tests uses this.
"""
