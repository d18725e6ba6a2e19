"""Watch lists as files: what other programs and Newsreel itself write, read and written.

Pure: bytes in, entries out, and back. Nothing here knows the store; `importer` alone adds watches,
through a protocol.
"""
