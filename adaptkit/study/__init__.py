"""A study on disk: its folder, its records, and the lock that allows one writer. Does not import torch.

In reading order:

- `record.py`: what a study records, one JSON file per trial and one for the study.
- `checked.py`: the types of what is read, and the version that wrote it.
- `provenance.py`: what a study depends on, and how a later call differs from it.
- `lock.py`: one process at a time may write to a study.
- `weights.py`: the files of weights in a folder, listed in its manifest.
- `folder.py`: the study's folder: reads and writes each of its files.
- `recovery.py`: puts files that cannot be read aside.
- `removal.py`: removes a new study again if its run is refused.
- `find.py`: finds studies by name or path, and checks names for new ones.
"""
