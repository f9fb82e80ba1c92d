"""Rows as annotation tools export them: recognised by their keys, and read into the columns of tasks.

Each module knows one tool, and gives `Annotations` for a row of that tool and None for any other row. The
rows that they become have the columns that tasks read:

- the fields of the data, such as ``text``, ``premise`` or ``question``
- ``entities``: the marked spans; ``label`` and ``labels``: the chosen class or classes; ``score``: the number
"""
