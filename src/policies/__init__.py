"""Whether sharing is lawful: values in, values out. Knows no key, reads no clock, does no I/O."""
