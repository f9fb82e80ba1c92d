"""The routes of the server: ``/predict``, a route for each model, ``/health``, ``/metrics`` and a page."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

import adaptkit
from adaptkit.errors import AdaptkitError
from adaptkit.serve.batching import MOST_TOGETHER, Batcher
from adaptkit.serve.measures import Measures
from adaptkit.serve.requests import Limits, RequestError
from adaptkit.serve.schemas import ERROR, schemas_of

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
REFUSALS = {
    400: "The body is not UTF-8 or not JSON.",
    413: "The body or the tokens are more than allowed.",
    415: "The body is not declared as application/json.",
    422: "The body is JSON of another form, has too many rows, or the task refuses a row.",
    500: "The model failed on these rows.",
    503: "Too many rows are waiting.",
}


def make_app(
    models: Mapping[str, Predictor], limits: Limits | None = None, together: int = MOST_TOGETHER
) -> FastAPI:
    """The server's application.

    Args:
        models: the models by name. The first one also answers ``/predict``.
        limits: of one request.
        together: the most rows of different requests that are computed together.
    """
    limits, measures = limits or Limits(), Measures()
    batchers = {
        name: Batcher(predictor, limits, measures.batches.labels(name).observe, together)
        for name, predictor in models.items()
    }

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        for batcher in batchers.values():
            batcher.close()

    app = FastAPI(
        title="adaptkit", version=adaptkit.__version__, docs_url=None, redoc_url=None, lifespan=lifespan
    )
    app.add_exception_handler(Exception, _failed)
    for position, (name, batcher) in enumerate(batchers.items()):
        described = _described(name, *schemas_of(models[name], limits))
        answer = partial(_answered, name, batcher, measures)
        for path in ["/predict"] * (position == 0) + [f"/models/{name}/predict"]:
            _add(app, path, answer, {**described, "operationId": f"predict{path.replace('/', '-')}"})
    _add_others(app, models, batchers, measures)
    return app


def _add(app: FastAPI, path: str, answer: Callable[[Request], Awaitable[Response]], about: Any) -> None:
    async def endpoint(request: Request) -> Response:
        return await answer(request)

    app.add_api_route(
        path, endpoint, methods=["POST"], openapi_extra=about, response_class=JSONResponse,
        operation_id=about["operationId"],
    )  # fmt: skip


def _add_others(
    app: FastAPI, models: Mapping[str, Predictor], batchers: Mapping[str, Batcher], measures: Measures
) -> None:
    page = _page(models)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server answers, and with which models."""
        tasks = {name: predictor.description.task for name, predictor in models.items()}
        return {"status": "ok", "version": adaptkit.__version__, "models": tasks}

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Counts and times, in Prometheus' format."""
        for name, batcher in batchers.items():
            measures.waiting.labels(name).set(batcher.rows_waiting)
        return Response(measures.text(), headers={"Content-Type": measures.content_type})

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index() -> HTMLResponse:
        return HTMLResponse(page, headers=PAGE_HEADERS)


async def _answered(name: str, batcher: Batcher, measures: Measures, request: Request) -> Response:
    """The answer to a request for one model."""
    begun = time.perf_counter()
    try:
        found = await batcher.predict(await _body(request, batcher.limits.body))
        answer: Response = JSONResponse({"predictions": found})
        measures.rows.labels(name).inc(len(found))
    except RequestError as error:
        retry = {"Retry-After": "1"} if error.status == 503 else None
        answer = JSONResponse(_error(error.code, error.message), error.status, retry)
    except AdaptkitError as error:
        answer = JSONResponse(_error(error.code or "failed", str(error)), 500)
    measures.requests.labels(name, str(answer.status_code)).inc()
    measures.seconds.labels(name).observe(time.perf_counter() - begun)
    return answer


async def _body(request: Request, most: int) -> bytes:
    """The body of a request, of which no more is read than is allowed."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError(415, "not-declared-json", "the header Content-Type is not application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise RequestError(413, "body-too-large", f"the body has more than {most:,} bytes")
    return bytes(body)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse(_error("failed", f"unexpected {type(error).__name__}"), 500)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _described(name: str, request: Any, answer: Any) -> dict[str, Any]:
    """What OpenAPI says about the route of a model."""
    json = "application/json"
    refusals = {
        str(status): {"description": why, "content": {json: {"schema": ERROR}}}
        for status, why in REFUSALS.items()
    }
    found = {"200": {"description": "One prediction per row.", "content": {json: {"schema": answer}}}}
    return {
        "summary": f"Predict with {name}",
        "requestBody": {"required": True, "content": {json: {"schema": request}}},
        "responses": {**found, **refusals},
    }


def _page(models: Mapping[str, Predictor]) -> str:
    loader = PackageLoader("adaptkit.serve", "")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    tasks = {name: predictor.task for name, predictor in models.items()}
    return environment.get_template("page.html.jinja").render(models=tasks)
