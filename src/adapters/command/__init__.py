"""`gatehouse-adapter`: what people of an agency type.

One file a command; each says in --help how it is used.
"""
