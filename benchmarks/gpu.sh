#!/usr/bin/env bash
# Everything that has to be measured on a GPU, in one command of at most ten minutes. See benchmarks/gpu/README.md.
#
#     benchmarks/gpu.sh [--wheels FOLDER] [options of benchmarks/gpu/run.py]
#
# The machine needs Python with torch and transformers. What else is needed is installed from the folder of wheels.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}
if [ "${1:-}" = --wheels ]; then
    "$python" -m pip install --quiet --no-index --no-deps "$2"/*.whl
    shift 2
fi
cd "$root"
exec "$python" -m benchmarks.gpu.run "$@"
