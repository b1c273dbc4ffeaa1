"""The fuzz of the adapters: cases, mutations, promises, and a judge that shares nothing with the parsers."""
