"""The interface to operating system, device and network. Does not depend on tasks, models or studies.

The files in reading order:

- `files`: atomic files and folders
- `manifest`: size and SHA-256 of the files in a folder
- `signals`: a clean stop on SIGINT and SIGTERM
- `devices`: the device and the precision
- `memory`: the available memory
- `allocator`: keeps freed memory in the process
- `hub`: whether the hub can be reached
- `quiet`: silences libraries
"""
