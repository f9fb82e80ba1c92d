"""``adaptkit serve``: an HTTP server that predicts with one or several models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adaptkit.cli.parameters import device_option, plugin_output_on_stderr, studies_option

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor


@click.command(short_help="Serve models over HTTP.")
@click.argument("models", metavar="[NAME=]STUDY|MODEL_DIR...", nargs=-1, required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets other machines connect.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port."
)
@click.option(
    "--max-body", default=2**20, show_default=True, type=click.IntRange(1), help="Bytes of a request."
)
@click.option("--max-rows", default=256, show_default=True, type=click.IntRange(1), help="Rows of a request.")
@click.option(
    "--max-tokens", default=2**16, show_default=True, type=click.IntRange(1), help="Tokens of a request."
)
@device_option
@studies_option
def serve(
    models: Sequence[str], host: str, port: int, max_body: int, max_rows: int, max_tokens: int, device: str,
    studies_dir: Path,
) -> None:  # fmt: skip
    """Serve models over HTTP: /predict, /models/NAME/predict, /health, /metrics, /openapi.json and a page.

    The first model also answers /predict. Ctrl-C ends the server after the requests in progress.
    """
    from adaptkit.cli.predict import model_folder
    from adaptkit.report.escaping import visible
    from adaptkit.serve.running import bound, require_packages
    from adaptkit.serve.running import serve as run

    require_packages()
    places = {name: model_folder(place, studies_dir) for name, place in named(models).items()}
    from adaptkit.serve.requests import Limits  # it loads torch, and a wrong name is refused before

    listening = bound(host, port)
    with listening, plugin_output_on_stderr():
        loaded = loaded_models(places, studies_dir, device)
        limits = Limits(body=max_body, rows=max_rows, tokens=max_tokens)
        names = visible(", ".join(loaded), 1000)
        run(loaded, limits, listening, lambda where: click.echo(f"serving {names} on {where}", err=True))


def named(models: Sequence[str]) -> Mapping[str, str]:
    """Name → study or folder. Without a name, it is the last part of the path."""
    from adaptkit.errors import ConfigError
    from adaptkit.serve.running import NAME

    places: dict[str, str] = {}
    for given in models:
        before, equals, after = given.partition("=")
        has_name = bool(equals) and NAME.fullmatch(before) is not None and not Path(given).exists()
        place = after if has_name else given
        name = before if has_name else Path(place).resolve().name
        if not NAME.fullmatch(name) or name in places or not place:
            raise ConfigError(
                f"{name!r:.120} is {'given twice' if name in places else 'not a name'}",
                expected="names of letters, digits, '.', '_' and '-', each once",
                next_step="Name the model: adaptkit serve NAME=FOLDER.",
                code="model-name",
            )
        places[name] = place
    return places


def loaded_models(places: Mapping[str, Path], studies_dir: Path, device: str) -> dict[str, Predictor]:
    """Load each model."""
    from adaptkit.cli.predict import load_predictor

    return {name: load_predictor(str(place), studies_dir, device, None) for name, place in places.items()}
